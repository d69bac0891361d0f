"""The frame log, the recording and snapshots."""

from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_infer.boxes import Box
from edge_infer.camera import Frame, FrameResult, SeenDigit
from edge_infer.camera.outputs import FrameLog, frame_log, recording, save_snapshot
from edge_infer.errors import OutputError, UsageError

PICTURE = np.full((48, 64, 3), 90, np.uint8)
RESULT = FrameResult(
    Frame(np.zeros((4, 4, 3), np.uint8), 3, 0.12345),
    (SeenDigit("7", 0.987654, Box(1, 2, 3, 4), rejected=False),),
    4.56789,
    30.0,
)
DOCUMENT = {
    "frame": 3,
    "time_s": 0.123,
    "latency_ms": 4.568,
    "digits": [{"label": "7", "confidence": 0.9877, "box": [1, 2, 3, 4], "rejected": False}],
}


def grey_levels(path: Path) -> list[int]:
    """Return the mean grey level of each frame of a video."""
    capture = cv2.VideoCapture(str(path))
    levels = []
    while (got := capture.read())[0]:
        levels.append(round(float(np.asarray(got[1]).mean())))
    capture.release()
    return levels


def record(target: Path, times_s: list[float]) -> None:
    with recording(target, 20.0, overwrite=False) as video:
        for time_s in times_s:
            video.write(PICTURE, time_s)


def test_log_writes_each_line_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new" / "frames.jsonl"
    with frame_log(str(path), overwrite=False) as log:
        assert log.write(RESULT)
        assert json.loads(path.read_text()) == DOCUMENT
        log.write(RESULT)
    assert [json.loads(line) for line in path.read_text().splitlines()] == [DOCUMENT] * 2
    with frame_log("-", overwrite=False) as log:
        log.write(RESULT)
    assert json.loads(capsys.readouterr().out) == DOCUMENT


def test_log_replaces_a_file_only_if_allowed(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    path.write_text("dear\n")
    with (
        pytest.raises(OutputError, match="exists already; give --force"),
        frame_log(str(path), overwrite=False),
    ):
        pass
    assert path.read_text() == "dear\n"
    with frame_log(str(path), overwrite=True):
        pass
    assert path.read_text() == ""
    with (
        pytest.raises(OutputError, match="cannot write"),
        frame_log(str(path / "x.jsonl"), overwrite=False),
    ):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_log_reports_a_full_disk() -> None:
    with Path("/dev/full").open("w") as full:
        with pytest.raises(OutputError, match="cannot write there: No space"):
            FrameLog(full, "there").write(RESULT)
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())


def test_log_ends_if_the_pipe_is_closed() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        assert not FrameLog(stream, "pipe").write(RESULT)


def test_recording_replaces_its_target_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "new" / "out.mp4"
    with recording(target, 20.0, overwrite=False) as video:
        for number in range(10):
            video.write(np.full_like(PICTURE, 20 * number), number / 20)
        video.write(np.full((100, 30, 3), 200, np.uint8), 0.5)  # Of another size.
        assert not target.exists()
    assert grey_levels(target) == pytest.approx([20 * number for number in range(11)], abs=4)
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize(
    ("times_s", "frames", "within"),
    [
        # Twice too fast for half a second, then twice too slow for another.
        ([*np.arange(0, 0.5, 0.025), *np.arange(0.5, 1.0, 0.1)], 20, 2),
        # A pause is left out.
        ([0.0, 0.05, 3600.0, 3600.05], 4, 0),
    ],
)
def test_recording_plays_at_the_speed_of_its_source(
    tmp_path: Path, times_s: list[float], frames: int, within: int
) -> None:
    record(tmp_path / "out.mp4", times_s)
    assert len(grey_levels(tmp_path / "out.mp4")) == pytest.approx(frames, abs=within)


def test_recording_leaves_no_file_if_the_body_fails_or_nothing_comes(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    record(target, [])
    assert list(tmp_path.iterdir()) == []
    target.write_bytes(b"old")

    def interrupted() -> None:
        with recording(target, 20.0, overwrite=True) as video:
            video.write(PICTURE, 0.0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with pytest.raises(OutputError, match="exists already"):
        record(target, [0.0])
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]
    with pytest.raises(UsageError, match=r"an \.mp4 file, found .*out\.gif"):
        record(tmp_path / "out.gif", [0.0])


def test_recording_that_lost_frames_is_refused(tmp_path: Path) -> None:
    # OpenCV's writer does not report a full disk.
    def record_on_a_full_disk() -> None:
        with recording(tmp_path / "out.mp4", 20.0, overwrite=False) as video:
            for number in range(5):
                video.write(PICTURE, number / 20)
            video.close()
            (temporary,) = tmp_path.iterdir()
            temporary.write_bytes(temporary.read_bytes()[: temporary.stat().st_size // 2])

    with pytest.raises(OutputError, match="is the disk full"):
        record_on_a_full_disk()
    assert list(tmp_path.iterdir()) == []


def test_snapshots_have_names_of_their_own(tmp_path: Path) -> None:
    paths = [save_snapshot(PICTURE, tmp_path / "shots") for _ in range(3)]
    assert len(set(paths)) == 3
    assert sorted(paths) == sorted((tmp_path / "shots").iterdir())
    assert np.array_equal(np.asarray(cv2.imread(str(paths[2]))), PICTURE)
    with pytest.raises(OutputError, match="cannot write"):
        save_snapshot(PICTURE, paths[0])
