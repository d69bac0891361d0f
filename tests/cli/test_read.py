"""`edge-mnist read`, as a person runs it."""

import csv
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]
PROGRAM = [sys.executable, "-m", "edge_mnist", "read"]
ENVIRONMENT = {**os.environ, "COLUMNS": "120", "TERM": "xterm-256color"}
ENVIRONMENT.pop("NO_COLOR", None)


@pytest.fixture
def read(tiny_model_path: Path, tmp_path: Path) -> Run:
    """Return ``read(*arguments) -> finished process``, run in the test's folder."""

    def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[bytes]:
        command = [*PROGRAM, "--model", str(tiny_model_path), *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, check=False, cwd=tmp_path, env=ENVIRONMENT, **options
        )

    return run


@pytest.fixture
def pages(tmp_path: Path, draw_digit) -> Path:
    """A folder of two pages, 7345 over 602 and 41, and an empty one."""
    folder = tmp_path / "pages"
    folder.mkdir()
    for name, rows in (("a", ("7345", "602")), ("b", ("41",)), ("c", ())):
        picture = np.full((300, 500), 240, np.uint8)
        for row, labels in enumerate(rows):
            for column, label in enumerate(labels):
                digit = draw_digit(label, 90, margin=6)
                top, left = 30 + 130 * row, 40 + 100 * column
                picture[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
        cv2.imwrite(str(folder / f"{name}.png"), picture)
    return folder


def json_lines(data: bytes) -> list[dict]:
    return [json.loads(line) for line in data.decode("utf-8").splitlines()]


def test_one_page_gives_its_numbers_and_nothing_else(read: Run, pages: Path) -> None:
    ran = read("pages/a.png")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"7345\n602\n", b"")


def test_several_pages_have_headings_and_a_line_at_the_end(read: Run, pages: Path) -> None:
    ran = read("pages", "none.png")
    assert ran.stdout.decode() == (
        "==> pages/a.png <==\n7345\n602\n\n==> pages/b.png <==\n41\n\n==> pages/c.png <==\n\n"
    )
    error, summary = ran.stderr.decode().splitlines()
    assert error == "error: there is no file none.png"
    assert re.fullmatch(r"2 read, 1 without digits, 1 failed, in \d+\.\d s", summary)
    assert ran.returncode == 1


def test_empty_page_says_so_beside_its_empty_text(read: Run, pages: Path) -> None:
    ran = read("pages/c.png")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"no digits on pages/c.png\n")


def test_json_line_has_the_promised_form(read: Run, pages: Path) -> None:
    (document,) = json_lines(read("pages/a.png", "-f", "jsonl").stdout)
    assert list(document) == ["source", "width", "height", "text", "lines", "elapsed_ms"]
    assert document["source"] == "pages/a.png"
    assert (document["width"], document["height"]) == (500, 300)
    assert document["text"] == "7345\n602"
    assert document["elapsed_ms"] > 0
    line = document["lines"][0]
    assert list(line) == ["text", "confidence", "box", "digits"]
    assert [list(digit) for digit in line["digits"]] == [["label", "confidence", "box"]] * 4
    x, y, width, height = line["digits"][1]["box"]
    assert 140 <= x < x + width <= 212
    assert 30 <= y < y + height <= 120


def test_bad_files_cost_their_own_line(read: Run, pages: Path, bad_files, tmp_path: Path) -> None:
    zoo = tmp_path / "zoo"
    zoo.mkdir()
    page = (pages / "a.png").read_bytes()
    jpeg = bad_files.encoded(".jpg", cv2.imread(str(pages / "a.png")))
    files = {
        "bomb.png": (bad_files.png_claiming(60_000, 60_000), "too_large"),
        "cut.jpg": (jpeg[: len(jpeg) // 2], "damaged"),
        "empty.png": (b"", "empty_file"),
        "größe 数字.png": (page, ""),
        "text.png": (b"hello", "not_an_image"),
        os.fsdecode(b"\xff.png"): (page, ""),
    }
    for name, (data, _) in files.items():
        (zoo / name).write_bytes(data)
    np.savez(tmp_path / "digits.npz", x_test=np.zeros((5, 28, 28), np.uint8))
    ran = read("zoo", "digits.npz", "-f", "jsonl")
    *documents, archive = json_lines(ran.stdout)
    assert [document["source"] for document in documents] == [f"zoo/{name}" for name in files]
    found = [document.get("error", {}).get("code", "") for document in documents]
    assert found == [code for _, code in files.values()]
    assert documents[3]["text"] == documents[5]["text"] == "7345\n602"
    assert list(archive) == ["source", "error"]
    assert "edge-mnist predict" in archive["error"]["message"]
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1


def test_csv_goes_to_a_file_by_its_suffix(read: Run, pages: Path, tmp_path: Path) -> None:
    ran = read("pages", "none.png", "--output", "out/numbers.csv")
    with (tmp_path / "out/numbers.csv").open(newline="", encoding="utf-8") as file:
        rows = [
            (row["source"], row["line"], row["text"], row["error"]) for row in csv.DictReader(file)
        ]
    assert rows == [
        ("pages/a.png", "1", "7345", ""),
        ("pages/a.png", "2", "602", ""),
        ("pages/b.png", "1", "41", ""),
        ("pages/c.png", "", "", ""),
        ("none.png", "", "", "not_found"),
    ]
    assert (ran.returncode, ran.stdout) == (1, b"")
    assert os.listdir(tmp_path / "out") == ["numbers.csv"]


def test_standard_input_and_globs_are_sources(read: Run, pages: Path) -> None:
    picture = (pages / "b.png").read_bytes()
    ran = read("-", "pages/[c].png", "-f", "jsonl", input=picture)
    documents = json_lines(ran.stdout)
    assert [document["source"] for document in documents] == ["-", "pages/c.png"]
    assert documents[0]["text"] == "41"


def test_options_reach_the_reader(read: Run, pages: Path, tmp_path: Path) -> None:
    turned = np.rot90(cv2.imread(str(pages / "b.png"), cv2.IMREAD_GRAYSCALE))
    cv2.imwrite(str(tmp_path / "turned.png"), turned)
    (document,) = json_lines(read("turned.png", "--rotate", "90", "-f", "jsonl").stdout)
    assert (document["text"], document["width"], document["height"]) == ("41", 300, 500)
    (document,) = json_lines(read("pages/a.png", "--max-pixels", "1000", "-f", "jsonl").stdout)
    assert document["error"]["code"] == "too_large"
    assert read("pages/a.png", "--expect", r"9\d*|602").stdout.splitlines()[1] == b"602"


def test_all_gives_what_was_rejected_too(read: Run, pages: Path) -> None:
    (document,) = json_lines(read("pages/a.png", "--all", "-f", "jsonl").stdout)
    assert list(document)[-1] == "rejected"
    assert b",rejected,error,message" in read("pages/a.png", "--all", "-f", "csv").stdout


def test_annotated_pages_and_crops_are_written(read: Run, pages: Path, tmp_path: Path) -> None:
    other = tmp_path / "größe"
    other.mkdir()
    (other / "b.png").write_bytes((pages / "b.png").read_bytes())
    (other / "damaged.png").write_bytes(b"no picture")
    ran = read("pages", "größe", "--annotate", "out/seen", "--crops", "out/digits")
    assert ran.returncode == 1
    assert sorted(os.listdir(tmp_path / "out/seen")) == [
        "a.read.jpg",
        "b-2.read.jpg",
        "b.read.jpg",
        "c.read.jpg",
    ]
    crops = sorted(os.listdir(tmp_path / "out/digits"))
    assert len(crops) == 7 + 2 + 2
    assert crops[:2] == ["a.line01.digit01.7.png", "a.line01.digit02.3.png"]
    assert crops[-1] == "b.line01.digit02.1.png"
    # The page is grey, and its labels are not.
    blue, green, red = cv2.split(cv2.imread(str(tmp_path / "out/seen/a.read.jpg")).astype(int))
    assert (np.abs(green - red) > 60).sum() > 1000
    assert (np.abs(blue - green) < 20).mean() > 0.8


def test_sources_are_never_written_to(read: Run, pages: Path) -> None:
    before = {name: (pages / name).read_bytes() for name in os.listdir(pages)}
    for arguments in (
        ("pages/a.png", "--annotate", "pages"),
        ("pages", "--crops", "pages/../pages"),
        (".", "--recursive", "--annotate", "pages/new"),
    ):
        ran = read(*arguments)
        assert ran.returncode == 2
        assert b"give another folder" in ran.stderr
        assert ran.stdout == b""
    assert {name: (pages / name).read_bytes() for name in os.listdir(pages)} == before


@pytest.mark.parametrize("to_file", [False, True])
def test_interruption_leaves_nothing_half_written(
    tiny_model_path, pages, tmp_path, to_file: bool
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    command = [*PROGRAM, "--model", str(tiny_model_path), *[str(pages)] * 5000, "-f", "jsonl"]
    command += ["--annotate", str(out / "seen"), "--crops", str(out / "digits")]
    command += ["--output", str(out / "x.jsonl")] if to_file else []
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell that started the tests in the background has interrupts ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        _wait_for(lambda: (out / "digits").exists() and len(os.listdir(out / "digits")) > 12)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=10)
    assert b"Traceback" not in stderr
    assert process.returncode == 130
    assert sorted(os.listdir(out)) == ["digits", "seen"]
    left = [*(out / "seen").iterdir(), *(out / "digits").iterdir()]
    assert all(cv2.imread(str(path)) is not None for path in left)
    assert not [path.name for path in left if path.name.startswith(".")]


def _wait_for(condition: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def _seen_on_terminal(command: list[str], folder: Path) -> bytes:
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        command, stdout=terminal, stderr=terminal, cwd=folder, env=ENVIRONMENT
    )
    os.close(terminal)
    seen = b""
    with suppress(OSError):  # The other end was closed.
        while part := os.read(controller, 4096):
            seen += part
    os.close(controller)
    process.wait(10)
    return seen


def test_terminal_gets_colours(tiny_model_path: Path, pages: Path, tmp_path: Path) -> None:
    command = [*PROGRAM, "--model", str(tiny_model_path), "pages/b.png", "none.png"]
    seen = _seen_on_terminal(command, tmp_path)
    assert b"\x1b[1m==> pages/b.png <==" in seen
    assert b"\r\n41\r\n" in seen
    assert b"\x1b[31merror: there is no file none.png" in seen


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["--expect", "(", "x.png"], 2, "--expect '(' is no regular expression"),
        (["--rotate", "45", "x.png"], 2, "rotate"),
        (["--model", "none.onnx", "x.png"], 1, "there is no model file none.onnx"),
        (["--annotate", "/dev/null", "x.png"], 1, "cannot write into /dev/null"),
        (["--crops", "/dev/null/below", "x.png"], 1, "cannot write into"),
        (["x.png", "--output", "/dev/null"], 1, "not a regular file"),
        ([], 2, "SOURCE"),
    ],
)
def test_wrong_use_is_one_clear_word(read: Run, arguments, exit_code, message) -> None:
    ran = read(*arguments)
    assert ran.returncode == exit_code
    assert message in ran.stderr.decode()
    assert b"Traceback" not in ran.stderr
    assert ran.stdout == b""


def test_many_pages_need_no_more_memory_than_few(tiny_model_path: Path, pages: Path) -> None:
    few, many = (_peak_kib(tiny_model_path, pages, times=times) for times in (4, 40))
    assert many - few < 8 * 1024


def _peak_kib(model: Path, folder: Path, times: int) -> int:
    program = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=-3, stderr=-3); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    command = [*PROGRAM, "--model", str(model), "-f", "jsonl", *[str(folder)] * times]
    ran = subprocess.run([sys.executable, "-c", program, *command], capture_output=True, check=True)
    return int(ran.stdout)
