from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_infer.camera.sources import FrameSource
from edge_infer.camera.webcam import WebcamConfig, WebcamSummary, run_webcam, watch
from edge_infer.errors import CameraError, OutputError, UsageError
from edge_infer.page import PageReader


class EndlessPaper:
    """A camera over an empty page; it is unplugged after so many frames."""

    def __init__(self, frames: int = 100_000) -> None:
        self.released = False
        self.left = frames

    def get(self, prop: int) -> float:
        return 20.0 if prop == cv2.CAP_PROP_FPS else 0.0

    def read(self) -> tuple[bool, Any]:
        threading.Event().wait(0.005)
        self.left -= 1
        return self.left >= 0, np.full((48, 64, 3), 200, np.uint8)

    def release(self) -> None:
        self.released = True


@pytest.fixture
def camera() -> Iterator[EndlessPaper]:
    paper = EndlessPaper()
    yield paper
    assert paper.released


def frames_in(path: Path) -> int:
    capture = cv2.VideoCapture(str(path))
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
    capture.release()
    return count


def test_run_webcam_reads_records_and_reports(
    digit_video: Path, tiny_model_path: Path, tmp_path: Path
) -> None:
    record, jsonl = tmp_path / "out.mp4", tmp_path / "out.jsonl"
    summary = run_webcam(
        WebcamConfig(
            source=str(digit_video),
            model=str(tiny_model_path),
            headless=True,
            record=record,
            jsonl=str(jsonl),
        )
    )
    lines = [json.loads(line) for line in jsonl.read_text().splitlines()]
    assert [line["frame"] for line in lines] == list(range(12))
    assert [[digit["label"] for digit in line["digits"]] for line in lines] == [["3", "5"]] * 12
    assert frames_in(record) == 12
    assert (summary.frames, summary.digits, summary.snapshots) == (12, 24, ())
    assert summary.fps > 0
    assert summary.latency_ms > 0
    assert sorted(tmp_path.iterdir()) == [jsonl, record]


def test_run_webcam_stops_at_max_frames(digit_video: Path, tiny_model_path: Path) -> None:
    config = WebcamConfig(
        source=str(digit_video), model=str(tiny_model_path), headless=True, max_frames=5
    )
    assert run_webcam(config).frames == 5


def test_run_webcam_keeps_existing_files(
    digit_video: Path, tiny_model_path: Path, tmp_path: Path
) -> None:
    record = tmp_path / "out.mp4"
    record.write_bytes(b"old")
    settings: dict[str, Any] = {
        "source": str(digit_video),
        "model": str(tiny_model_path),
        "headless": True,
        "record": record,
    }
    with pytest.raises(OutputError, match="exists already"):
        run_webcam(WebcamConfig(**settings))
    assert record.read_bytes() == b"old"
    run_webcam(WebcamConfig(**settings, overwrite=True))
    assert frames_in(record) == 12


def test_watch_keeps_the_recording_when_the_camera_is_unplugged(
    tiny_model_path: Path, tmp_path: Path
) -> None:
    record = tmp_path / "out.mp4"
    config = WebcamConfig(headless=True, record=record)
    with (
        pytest.raises(CameraError, match="camera 0 delivers no more pictures"),
        FrameSource(EndlessPaper(frames=30), "camera 0", live=True) as source,
    ):
        watch(config, PageReader.load(tiny_model_path), source)
    assert frames_in(record) > 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_watch_ends_tidily_by_a_signal(
    number: signal.Signals, camera: EndlessPaper, tiny_model_path: Path, tmp_path: Path
) -> None:
    before = signal.getsignal(number)
    record = tmp_path / "out.mp4"
    timer = threading.Timer(0.4, os.kill, (os.getpid(), number))
    with FrameSource(camera, "camera 0", live=True) as source:
        timer.start()
        summary = watch(
            WebcamConfig(headless=True, record=record), PageReader.load(tiny_model_path), source
        )
    timer.join()
    assert summary.frames > 1
    assert frames_in(record) > 1
    assert signal.getsignal(number) is before


def test_watch_runs_outside_the_main_thread(camera: EndlessPaper, tiny_model_path: Path) -> None:
    summaries: list[WebcamSummary] = []
    config = WebcamConfig(headless=True, max_frames=3)

    def run() -> None:
        with FrameSource(camera, "camera 0", live=True) as source:
            summaries.append(watch(config, PageReader.load(tiny_model_path), source))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert [summary.frames for summary in summaries] == [3]


@pytest.mark.parametrize("wrong", [{"camera": -1}, {"max_frames": 0}])
def test_config_refuses_what_makes_no_sense(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="must be at least"):
        WebcamConfig(**wrong)  # type: ignore[arg-type]


def test_summary_is_one_line_for_people() -> None:
    summary = WebcamSummary(
        frames=1200, fps=29.97, latency_ms=4.25, digits=1, rejected=0, snapshots=()
    )
    assert str(summary) == (
        "1,200 frames, 30.0 fps, median latency 4.2 ms, 1 digit seen (0 rejected)"
    )
