"""`edge-mnist predict`, as a person runs it."""

import csv
import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]
PROGRAM = [sys.executable, "-m", "edge_mnist", "predict"]
RAMP = np.add.outer(np.arange(40), np.arange(50)).astype(np.uint8)
ENVIRONMENT = {**os.environ, "NO_COLOR": "", "COLUMNS": "120", "TERM": "xterm-256color"}
del ENVIRONMENT["NO_COLOR"]


@pytest.fixture
def predict(tiny_model_path: Path, tmp_path: Path) -> Run:
    """Return ``predict(*arguments) -> finished process``, run in the test's folder."""

    def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[bytes]:
        command = [*PROGRAM, "--model", str(tiny_model_path), *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, check=False, cwd=tmp_path, env=ENVIRONMENT, **options
        )

    return run


@pytest.fixture
def digits(tmp_path: Path, draw_digit) -> Path:
    """A folder of ten digits."""
    folder = tmp_path / "digits"
    folder.mkdir()
    for label in range(10):
        cv2.imwrite(str(folder / f"{label}.png"), draw_digit(label))
    return folder


@pytest.fixture
def zoo(tmp_path: Path, digits: Path, bad_files, draw_digit) -> dict[str, str]:
    """A folder of unfortunate files; each name with the code that it should get."""
    folder = tmp_path / "zoo"
    folder.mkdir()
    jpeg = bad_files.encoded(".jpg", draw_digit(3))
    files = {
        "animated.gif": (bad_files.by_pillow("L", RAMP, format="GIF", save_all=True), ""),
        "black.png": (bad_files.encoded(".png", np.zeros((60, 60), np.uint8)), ""),
        "bomb.png": (bad_files.png_claiming(60_000, 60_000), "too_large"),
        "corrupt.png": (bad_files.png_claiming(28, 28, b"\0" * 50), "damaged"),
        "cut.jpg": (jpeg[: len(jpeg) // 2], "damaged"),
        "cut.png": (bad_files.encoded(".png", draw_digit(3))[:-20], "damaged"),
        "empty.png": (b"", "empty_file"),
        "long.png": (bad_files.encoded(".png", np.full((2, 30_000), 9, np.uint8)), ""),
        "one.png": (bad_files.encoded(".png", np.zeros((1, 1), np.uint8)), ""),
        "text.png": (b"hello", "not_an_image"),
        "white.jpg": (bad_files.encoded(".jpg", np.full((60, 60), 255, np.uint8)), ""),
        "größe 数字.png": ((digits / "7.png").read_bytes(), ""),
        os.fsdecode(b"\xff.png"): ((digits / "7.png").read_bytes(), ""),
    }
    for name, (data, _) in files.items():
        (folder / name).write_bytes(data)
    return {name: code for name, (_, code) in sorted(files.items())}


def json_lines(data: bytes) -> list[dict]:
    return [json.loads(line) for line in data.decode("utf-8").splitlines()]


def test_table_is_plain_when_piped(predict: Run, digits: Path) -> None:
    ran = predict("digits/7.png")
    header, row = ran.stdout.decode().splitlines()
    assert header.split() == ["label", "confidence", "source"]
    assert row.split()[0] == "7"
    assert row.split()[-1] == "digits/7.png"
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_json_lines_of_a_folder(predict: Run, digits: Path) -> None:
    ran = predict("digits", "--format", "jsonl")
    results = json_lines(ran.stdout)
    assert [result["label"] for result in results] == list("0123456789")
    assert [result["source"] for result in results] == [f"digits/{n}.png" for n in range(10)]
    assert set(results[0]) == {"source", "label", "confidence", "probabilities", "rejected"}
    assert b"10 recognised, 0 in doubt or without ink, 0 failed" in ran.stderr
    assert ran.returncode == 0


def test_bad_files_cost_their_own_line_and_the_exit_code(predict: Run, zoo) -> None:
    ran = predict("zoo", "--format", "jsonl")
    results = json_lines(ran.stdout)
    assert [result["source"] for result in results] == [f"zoo/{name}" for name in zoo]
    found = [result.get("error", {}).get("code", "") for result in results]
    assert found == list(zoo.values())
    assert ran.returncode == 1
    # What libpng and OpenCV have to say about them stays off the terminal.
    assert len(ran.stderr.splitlines()) == 1
    by_name = dict(zip(zoo, results, strict=True))
    assert by_name["größe 数字.png"]["label"] == "7"
    assert by_name["black.png"]["label"] is None
    assert by_name["black.png"]["rejected"] is True


def test_csv_goes_to_a_file_by_its_suffix(predict: Run, digits: Path, tmp_path: Path) -> None:
    ran = predict("digits", "none.png", "--output", "out/digits.csv")
    with (tmp_path / "out/digits.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == [*"0123456789", ""]
    assert rows[-1]["error"] == "not_found"
    assert (ran.returncode, ran.stdout) == (1, b"")
    assert os.listdir(tmp_path / "out") == ["digits.csv"]


def test_standard_input_glob_and_archive_are_sources(predict: Run, digits: Path, tmp_path) -> None:
    images = np.stack([cv2.imread(str(digits / "4.png"), 0)[:28, :28]] * 2)
    np.savez(tmp_path / "a.npz", x_test=images)
    picture = (digits / "3.png").read_bytes()
    ran = predict("-", "digits/[12].png", "a.npz", "-f", "jsonl", input=picture)
    assert [(result["source"], result["label"]) for result in json_lines(ran.stdout)[:3]] == [
        ("-", "3"),
        ("digits/1.png", "1"),
        ("digits/2.png", "2"),
    ]
    assert [result["source"] for result in json_lines(ran.stdout)[3:]] == ["a.npz[0]", "a.npz[1]"]


def test_recursion_and_pixel_limit_are_options(predict: Run, digits: Path) -> None:
    ran = predict(".", "-r", "-f", "jsonl", "--max-pixels", "1000")
    codes = [result["error"]["code"] for result in json_lines(ran.stdout)]
    assert codes == ["too_large"] * 10
    assert json_lines(predict(".", "-f", "jsonl").stdout)[0]["error"]["code"] == "empty"


def test_closed_pipe_ends_quietly(tiny_model_path: Path, digits: Path) -> None:
    command = [*PROGRAM, "--model", str(tiny_model_path), *[str(digits)] * 2000, "-f", "jsonl"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.parametrize("to_file", [False, True])
def test_interruption_ends_cleanly(tiny_model_path, digits, tmp_path, to_file: bool) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    command = [*PROGRAM, "--model", str(tiny_model_path), *[str(digits)] * 20_000, "-f", "jsonl"]
    command += ["--output", str(folder / "x.jsonl")] if to_file else []
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell that started the tests in the background has interrupts ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        if to_file:
            _wait_for(lambda: os.listdir(folder))
        else:
            process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=10)
    assert b"Traceback" not in stderr
    assert process.returncode == 130
    assert os.listdir(folder) == []


def _wait_for(condition: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_terminal_gets_colours_and_no_progress_bar(tiny_model_path, digits, tmp_path) -> None:
    command = [*PROGRAM, "--model", str(tiny_model_path), "digits/7.png", "none.png"]
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        command, stdout=terminal, stderr=terminal, cwd=tmp_path, env=ENVIRONMENT
    )
    os.close(terminal)
    seen = b""
    try:
        while part := os.read(controller, 4096):
            seen += part
    except OSError:  # The other end was closed.
        pass
    os.close(controller)
    assert process.wait(10) == 1
    assert b"\x1b[31m" in seen  # The failure, in red.
    assert b"there is no file none.png" in seen
    assert b"1 recognised" in seen


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["--model", "none.onnx", "x.png"], 1, "there is no model file none.onnx"),
        (["--format", "xml", "x.png"], 2, "xml"),
        (["--threads", "0", "x.png"], 2, "threads"),
        ([], 2, "SOURCE"),
        (["x.png", "--output", "/dev/null"], 1, "not a regular file"),
    ],
)
def test_wrong_use_is_one_clear_word(predict: Run, arguments, exit_code, message) -> None:
    ran = predict(*arguments)
    assert ran.returncode == exit_code
    assert message in ran.stderr.decode()
    assert b"Traceback" not in ran.stderr
    assert ran.stdout == b""


def test_verbose_lets_the_libraries_speak(tiny_model_path: Path, zoo, tmp_path: Path) -> None:
    command = [*PROGRAM[:-1], "--verbose", "predict", "--model", str(tiny_model_path)]
    ran = subprocess.run(
        [*command, "zoo/corrupt.png"], capture_output=True, check=False, cwd=tmp_path
    )
    assert b"libpng" in ran.stderr


def test_many_files_need_no_more_memory_than_few(tiny_model_path: Path, digits: Path) -> None:
    few = _peak_kib(tiny_model_path, digits, times=20)
    many = _peak_kib(tiny_model_path, digits, times=1000)
    assert many - few < 8 * 1024


def _peak_kib(model: Path, folder: Path, times: int) -> int:
    program = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=-3, stderr=-3); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    command = [*PROGRAM, "--model", str(model), "-f", "jsonl", *[str(folder)] * times]
    ran = subprocess.run([sys.executable, "-c", program, *command], capture_output=True, check=True)
    return int(ran.stdout)
