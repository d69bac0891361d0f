from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_infer.camera import recorder
from edge_infer.camera.recorder import recording, save_snapshot
from edge_infer.errors import OutputError, UsageError

PICTURE = np.full((48, 64, 3), 90, np.uint8)


def read(path: Path) -> list[int]:
    """Return the mean grey level of each frame in a video."""
    capture = cv2.VideoCapture(str(path))
    levels = []
    while (got := capture.read())[0]:
        levels.append(round(float(np.asarray(got[1]).mean())))
    capture.release()
    return levels


def test_recording_takes_its_place_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "new" / "out.mp4"
    with recording(target, 20.0, overwrite=False) as video:
        for number in range(10):
            video.write(np.full_like(PICTURE, 20 * number), number / 20)
        assert not target.exists()
    assert read(target) == pytest.approx([20 * number for number in range(10)], abs=4)
    assert list(target.parent.iterdir()) == [target]


def test_recording_lasts_as_long_as_what_it_shows(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    with recording(target, 20.0, overwrite=False) as video:
        # Twice too fast for half a second, then twice too slow for another.
        for time_s in [*np.arange(0, 0.5, 0.025), *np.arange(0.5, 1.0, 0.1)]:
            video.write(PICTURE, float(time_s))
    assert len(read(target)) == pytest.approx(20, abs=2)


def test_recording_cuts_pauses_out(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    with recording(target, 20.0, overwrite=False) as video:
        for time_s in (0.0, 0.05, 3600.0, 3600.05):
            video.write(PICTURE, time_s)
    assert len(read(target)) == 4


def test_recording_scales_frames_of_another_size(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    with recording(target, 20.0, overwrite=False) as video:
        video.write(PICTURE, 0.0)
        video.write(np.full((100, 30, 3), 90, np.uint8), 0.05)
    assert len(read(target)) == 2


def test_recording_leaves_nothing_when_the_body_fails(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    target.write_bytes(b"old")

    def interrupted() -> None:
        with recording(target, 20.0, overwrite=True) as video:
            video.write(PICTURE, 0.0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_recording_of_no_frame_is_no_file(tmp_path: Path) -> None:
    with recording(tmp_path / "out.mp4", 20.0, overwrite=False):
        pass
    assert list(tmp_path.iterdir()) == []


def test_recording_replaces_nothing_unless_told(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    target.write_bytes(b"old")
    with (
        pytest.raises(OutputError, match="exists already"),
        recording(target, 20.0, overwrite=False),
    ):
        pass


def test_recording_wants_mp4(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match=r"an \.mp4 file, found .*out\.gif"),
        recording(tmp_path / "out.gif", 20.0, overwrite=False),
    ):
        pass


def test_recording_that_lost_frames_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # OpenCV's writer keeps silent when the disk is full.
    class FullDisk(recorder.Recorder):
        def close(self) -> None:
            super().close()
            whole = self._path.read_bytes()
            self._path.write_bytes(whole[: len(whole) // 2])

    def record() -> None:
        with recording(tmp_path / "out.mp4", 20.0, overwrite=False) as video:
            for number in range(5):
                video.write(PICTURE, number / 20)

    monkeypatch.setattr(recorder, "Recorder", FullDisk)
    with pytest.raises(OutputError, match="is the disk full"):
        record()
    assert list(tmp_path.iterdir()) == []


def test_snapshots_never_replace_one_another(tmp_path: Path) -> None:
    paths = [save_snapshot(PICTURE, tmp_path / "shots") for _ in range(3)]
    assert len(set(paths)) == 3
    assert sorted(paths) == sorted((tmp_path / "shots").iterdir())
    image = cv2.imread(str(paths[2]))
    assert np.array_equal(np.asarray(image), PICTURE)


def test_snapshot_says_what_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write"):
        save_snapshot(PICTURE, tmp_path / "file")
