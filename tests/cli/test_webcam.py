"""`edge-mnist webcam`, headless and in a real window."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path
from shutil import which

import cv2
import numpy as np
import pytest
from mjpeg import mjpeg_stream
from numpy.typing import NDArray
from processes import EDGE_MNIST, wait_for

BUILT_WITH_WINDOWS = "GUI:                           NONE" not in cv2.getBuildInformation()


@pytest.fixture
def address(draw_frame: Callable[..., NDArray[np.uint8]]) -> Iterator[str]:
    """An endless stream of a frame with a 3 and a 5."""
    frame = draw_frame([("3", 60, 70), ("5", 180, 70)], height=90)
    colour = cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR)
    with mjpeg_stream(lambda: repeat(colour), interval_s=0.02) as address:
        yield address


@pytest.fixture
def start(address: str, tiny_model_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return ``start(*options)``, which starts the command on the stream."""
    processes: list[subprocess.Popen[str]] = []

    def start(*options: object, **environment: str) -> subprocess.Popen[str]:
        words = ["--source", address, "--model", tiny_model_path, *options]
        processes.append(
            subprocess.Popen(
                [*EDGE_MNIST, "webcam", *map(str, words)],
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def has_lines(jsonl: Path) -> bool:
    return jsonl.exists() and jsonl.read_text().count("\n") >= 10


def test_webcam_reads_a_video_and_prints_one_line(
    edge_mnist, digit_video: Path, tiny_model_path: Path
) -> None:
    fixed = ("--source", digit_video, "--model", tiny_model_path, "--headless")
    ran = edge_mnist("webcam", *fixed, "--max-frames", "7")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("7 frames, ")
    assert ran.out.count("\n") == 1
    assert "14 digits seen" in ran.out


def test_webcam_writes_only_json_on_standard_output(
    edge_mnist, digit_video: Path, tiny_model_path: Path
) -> None:
    fixed = ("--source", digit_video, "--model", tiny_model_path, "--headless")
    ran = edge_mnist("webcam", *fixed, "--max-frames", "3", "--jsonl", "-")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line["frame"] for line in lines] == [0, 1, 2]
    assert [digit["label"] for digit in lines[0]["digits"]] == ["3", "5"]
    assert ran.err.startswith("3 frames, ")


def test_webcam_ends_quietly_when_its_reader_goes(start) -> None:
    process = start("--headless", "--jsonl", "-")
    process.stdout.readline()
    process.stdout.close()
    error = process.stderr.read()
    assert process.wait(60) == 0, error
    assert "Broken" not in error


def test_webcam_ends_tidily_on_sigterm(start, tmp_path: Path) -> None:
    record, jsonl = tmp_path / "out.mp4", tmp_path / "out.jsonl"
    process = start("--headless", "--record", record, "--jsonl", jsonl)
    wait_for(lambda: has_lines(jsonl))
    process.send_signal(signal.SIGTERM)
    out, error = process.communicate(timeout=30)
    assert (process.returncode, error) == (0, "")
    assert "digits seen" in out
    assert sorted(tmp_path.iterdir()) == [jsonl, record]
    capture = cv2.VideoCapture(str(record))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) >= 2
    capture.release()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere is always a display")
def test_webcam_without_a_display_offers_headless(
    edge_mnist, digit_video: Path, tiny_model_path: Path, monkeypatch
) -> None:
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    ran = edge_mnist("webcam", "--source", digit_video, "--model", tiny_model_path)
    assert ran.code == 1
    assert "--headless" in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.skipif(not BUILT_WITH_WINDOWS, reason="this OpenCV is built without windows")
@pytest.mark.skipif(which("xdotool") is None, reason="xdotool is not installed: no keys to press")
def test_webcam_obeys_keys_in_a_real_window(start, display: str, tmp_path: Path) -> None:
    def tool(*arguments: str) -> str:
        environment = {**os.environ, "DISPLAY": display}
        command = ["xdotool", *arguments]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=20, check=False
        ).stdout.strip()

    jsonl, shots = tmp_path / "out.jsonl", tmp_path / "shots"
    process = start("--jsonl", jsonl, "--snapshots", shots, DISPLAY=display)
    wait_for(lambda: has_lines(jsonl))
    window = tool("search", "--name", "^edge-mnist$").splitlines()[-1]
    tool("windowfocus", "--sync", window, "key", "s")
    wait_for(lambda: any(shots.glob("*.png")))
    tool("windowfocus", "--sync", window, "key", "q")
    out, error = process.communicate(timeout=30)
    assert process.returncode == 0, error
    (shot,) = shots.glob("*.png")
    assert f"snapshot {shot}" in out
    picture = cv2.imread(str(shot))
    assert picture is not None
    assert picture.shape == (240, 320, 3)
