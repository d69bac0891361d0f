from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from edge_infer.boxes import Box
from edge_infer.camera.frame_log import FrameLog, frame_log
from edge_infer.camera.live import FrameResult, SeenDigit
from edge_infer.camera.newest import Frame
from edge_infer.errors import OutputError

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


def test_frame_log_writes_each_line_at_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "frames.jsonl"
    with frame_log(str(path), overwrite=False) as log:
        assert log.write(RESULT)
        assert json.loads(path.read_text()) == DOCUMENT
        log.write(RESULT)
    assert [json.loads(line) for line in path.read_text().splitlines()] == [DOCUMENT] * 2


def test_frame_log_writes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    with frame_log("-", overwrite=False) as log:
        log.write(RESULT)
    assert json.loads(capsys.readouterr().out) == DOCUMENT


def test_frame_log_keeps_an_existing_file_unless_told(tmp_path: Path) -> None:
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


def test_frame_log_says_what_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(OutputError, match="cannot write"),
        frame_log(str(tmp_path / "file" / "x.jsonl"), overwrite=False),
    ):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_frame_log_reports_a_full_disk() -> None:
    with Path("/dev/full").open("w") as full:
        with pytest.raises(OutputError, match="cannot write there: No space"):
            FrameLog(full, "there").write(RESULT)
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())


def test_frame_log_ends_when_its_reader_has_gone() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        assert not FrameLog(stream, "pipe").write(RESULT)
