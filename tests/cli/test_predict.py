"""`edge-mnist predict`, as a person runs it."""

from __future__ import annotations

import csv
import io
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from processes import EDGE_MNIST, interrupt, json_lines, peak_kib, run_on_terminal
from rich.console import Console

RAMP = np.add.outer(np.arange(40), np.arange(50)).astype(np.uint8)
Predict = Callable[..., Any]


@pytest.fixture
def predict(edge_mnist, tiny_model_path: Path, tmp_path: Path, monkeypatch) -> Predict:
    """Call the command in the folder of the test."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: edge_mnist("predict", "--model", tiny_model_path, *words)


@pytest.fixture
def program(tiny_model_path: Path) -> list[str]:
    """The command for a process of its own."""
    return [*EDGE_MNIST, "predict", "--model", str(tiny_model_path)]


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


def test_table_is_plain_when_piped(predict: Predict, digits: Path) -> None:
    ran = predict("digits/7.png")
    header, row = ran.out.splitlines()
    assert header.split() == ["label", "confidence", "source"]
    assert (row.split()[0], row.split()[-1]) == ("7", "digits/7.png")
    assert (ran.code, ran.err) == (0, "")


def test_json_lines_of_a_folder(predict: Predict, digits: Path) -> None:
    ran = predict("digits", "--format", "jsonl")
    results = json_lines(ran.out)
    assert [result["label"] for result in results] == list("0123456789")
    assert [result["source"] for result in results] == [f"digits/{n}.png" for n in range(10)]
    assert set(results[0]) == {"source", "label", "confidence", "probabilities", "rejected"}
    assert ran.err.startswith("10 recognised, 0 ")
    assert ran.code == 0


def test_bad_files_cost_their_own_line_and_the_exit_code(predict: Predict, zoo) -> None:
    ran = predict("zoo", "--format", "jsonl")
    results = json_lines(ran.out)
    assert [result["source"] for result in results] == [f"zoo/{name}" for name in zoo]
    found = [result.get("error", {}).get("code", "") for result in results]
    assert found == list(zoo.values())
    assert ran.code == 1
    # Messages of libpng and OpenCV are discarded.
    assert len(ran.err.splitlines()) == 1
    by_name = dict(zip(zoo, results, strict=True))
    assert by_name["größe 数字.png"]["label"] == "7"
    assert by_name["black.png"]["label"] is None
    assert by_name["black.png"]["rejected"] is True


def test_csv_goes_to_a_file_by_its_suffix(predict: Predict, digits: Path, tmp_path: Path) -> None:
    ran = predict("digits", "none.png", "--output", "out/digits.csv")
    with (tmp_path / "out/digits.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == [*"0123456789", ""]
    assert rows[-1]["error"] == "not_found"
    assert (ran.code, ran.out) == (1, "")
    assert os.listdir(tmp_path / "out") == ["digits.csv"]


def test_glob_and_archive_are_sources(predict: Predict, digits: Path, tmp_path: Path) -> None:
    images = np.stack([cv2.imread(str(digits / "4.png"), 0)[:28, :28]] * 2)
    np.savez(tmp_path / "a.npz", x_test=images)
    results = json_lines(predict("digits/[12].png", "a.npz", "-f", "jsonl").out)
    assert [result["source"] for result in results] == [
        *("digits/1.png", "digits/2.png"),
        *("a.npz[0]", "a.npz[1]"),
    ]
    assert [result["label"] for result in results[:2]] == ["1", "2"]


def test_standard_input_is_a_source(program: list[str], digits: Path) -> None:
    picture = (digits / "3.png").read_bytes()
    ran = subprocess.run(
        [*program, "-", "-f", "csv"], input=picture, capture_output=True, check=True
    )
    assert ran.stdout.splitlines()[1].startswith(b"-,3,")


def test_recursion_and_pixel_limit_are_options(predict: Predict, digits: Path) -> None:
    ran = predict(".", "-r", "-f", "jsonl", "--max-pixels", "1000")
    codes = [result["error"]["code"] for result in json_lines(ran.out)]
    assert codes == ["too_large"] * 10
    assert json_lines(predict(".", "-f", "jsonl").out)[0]["error"]["code"] == "empty"


def test_progress_is_shown_on_a_terminal_when_results_go_elsewhere(
    predict: Predict, digits: Path, monkeypatch
) -> None:
    stderr = Console(file=io.StringIO(), force_terminal=True, width=80)
    monkeypatch.setattr("edge_mnist.terminal.ERR", stderr)
    monkeypatch.setattr("edge_mnist.results.PROGRESS_AFTER_S", 0.0)
    assert predict("digits", "--output", "digits.csv").code == 0
    assert "recognising" in stderr.file.getvalue()


def test_closed_pipe_ends_quietly(program: list[str], digits: Path) -> None:
    command = [*program, *[str(digits)] * 2000, "-f", "jsonl"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.parametrize("to_file", [False, True])
def test_interruption_ends_cleanly(program, digits: Path, tmp_path: Path, to_file: bool) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    command = [*program, *[str(digits)] * 20_000, "-f", "jsonl"]
    command += ["--output", str(folder / "x.jsonl")] if to_file else []
    interrupt(command, lambda process: os.listdir(folder) if to_file else process.stdout.readline())
    assert os.listdir(folder) == []


def test_terminal_gets_colours(program: list[str], digits: Path, tmp_path: Path) -> None:
    code, seen = run_on_terminal([*program, "digits/7.png", "none.png"], tmp_path)
    assert code == 1
    assert b"\x1b[31m" in seen  # The failure, in red.
    assert b"none.png" in seen
    assert b"1 recognised" in seen


def test_verbose_shows_messages_of_libraries(program, zoo, tmp_path: Path) -> None:
    command = [*EDGE_MNIST, "--verbose", *program[len(EDGE_MNIST) :], "zoo/corrupt.png"]
    ran = subprocess.run(command, capture_output=True, check=False, cwd=tmp_path)
    assert b"libpng" in ran.stderr


def test_many_files_need_no_more_memory_than_few(program: list[str], digits: Path) -> None:
    few, many = (
        peak_kib([*program, "-f", "jsonl", *[str(digits)] * times]) for times in (20, 1000)
    )
    assert many - few < 8 * 1024
