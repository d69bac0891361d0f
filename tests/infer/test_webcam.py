"""The webcam loop: outputs, limits, signals and failures."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest
from mjpeg import FakeCapture

from edge_infer.camera import FrameSource, WebcamConfig, WebcamSummary, run_webcam
from edge_infer.camera.webcam import watch
from edge_infer.errors import CameraError, UsageError
from edge_infer.page import PageReader


@pytest.fixture
def camera() -> Iterator[FakeCapture]:
    """A camera above an empty page."""
    capture = FakeCapture(frames=100_000, interval_s=0.005, fps=20)
    yield capture
    assert capture.released


def frames_in(path: Path) -> int:
    capture = cv2.VideoCapture(str(path))
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
    capture.release()
    return count


def config_for(video: Path, model: Path, **options: Any) -> WebcamConfig:
    return WebcamConfig(source=str(video), model=str(model), headless=True, **options)


def test_video_is_recognised_recorded_and_logged(
    digit_video: Path, tiny_model_path: Path, tmp_path: Path
) -> None:
    record, jsonl = tmp_path / "out.mp4", tmp_path / "out.jsonl"
    config = config_for(digit_video, tiny_model_path, record=record, jsonl=str(jsonl))
    summary = run_webcam(config)
    lines = [json.loads(line) for line in jsonl.read_text().splitlines()]
    assert [line["frame"] for line in lines] == list(range(12))
    assert [[digit["label"] for digit in line["digits"]] for line in lines] == [["3", "5"]] * 12
    assert frames_in(record) == 12
    assert (summary.frames, summary.digits, summary.snapshots) == (12, 24, [])
    assert summary.fps > 0
    assert summary.latency_ms > 0
    assert sorted(tmp_path.iterdir()) == [jsonl, record]


def test_recording_is_kept_when_the_camera_is_unplugged(
    tiny_model_path: Path, tmp_path: Path
) -> None:
    record = tmp_path / "out.mp4"
    with (
        pytest.raises(CameraError) as ended,
        FrameSource(
            FakeCapture(frames=30, interval_s=0.005, fps=20), "camera 0", live=True
        ) as source,
    ):
        config = WebcamConfig(headless=True, record=record)
        watch(config, PageReader.load(tiny_model_path), source)
    assert ended.value.code == "ended"
    assert frames_in(record) > 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_the_run_and_keeps_the_recording(
    number: signal.Signals, camera: FakeCapture, tiny_model_path: Path, tmp_path: Path
) -> None:
    before = signal.getsignal(number)
    config = WebcamConfig(headless=True, record=tmp_path / "out.mp4")
    timer = threading.Timer(0.4, os.kill, (os.getpid(), number))
    with FrameSource(camera, "camera 0", live=True) as source:
        timer.start()
        summary = watch(config, PageReader.load(tiny_model_path), source)
    timer.join()
    assert summary.frames > 1
    assert frames_in(tmp_path / "out.mp4") > 1
    assert signal.getsignal(number) is before


def test_loop_runs_outside_the_main_thread(camera: FakeCapture, tiny_model_path: Path) -> None:
    summaries: list[WebcamSummary] = []

    def run() -> None:
        config = WebcamConfig(headless=True, max_frames=3)
        with FrameSource(camera, "camera 0", live=True) as source:
            summaries.append(watch(config, PageReader.load(tiny_model_path), source))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert [summary.frames for summary in summaries] == [3]


def test_invalid_config_is_refused_and_summary_is_one_line() -> None:
    with pytest.raises(UsageError, match="camera must be at least 0"):
        WebcamConfig(camera=-1)
    with pytest.raises(UsageError, match="max_frames must be at least 1"):
        WebcamConfig(max_frames=0)
    summary = WebcamSummary(frames=1200, digits=1)
    assert "\n" not in str(summary)
    assert "1,200 frames" in str(summary)
    assert "1 digit " in str(summary)
