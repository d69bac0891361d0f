"""`edge-mnist webcam`, headless and in a real window."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from processes import EDGE_MNIST, wait_for

ImageU8 = NDArray[np.uint8]
BUILT_WITH_WINDOWS = "GUI:                           NONE" not in cv2.getBuildInformation()
WEBCAM = [*EDGE_MNIST, "webcam"]


@pytest.fixture(scope="module")
def page(draw_digit: Callable[..., ImageU8]) -> ImageU8:
    """A frame on which a 3 and a 5 stand."""
    frame = np.full((240, 320, 3), 220, np.uint8)
    for label, x in (("3", 60), ("5", 180)):
        picture = draw_digit(label, 90, ink=30, ground=220, margin=8)
        frame[70:160, x : x + picture.shape[1]] = picture[..., None]
    return frame


@pytest.fixture(scope="module")
def video(page: ImageU8, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds of the page."""
    path = tmp_path_factory.mktemp("video") / "page.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 20, (320, 240))
    for _ in range(200):
        writer.write(page)
    writer.release()
    return path


@contextmanager
def endless_stream(page: ImageU8) -> Iterator[str]:
    """Serve the page as MJPEG on loopback until the block ends."""
    over = threading.Event()
    jpeg = cv2.imencode(".jpg", page)[1].tobytes()
    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            while not over.wait(0.02):
                try:
                    self.wfile.write(head.encode() + jpeg + b"\r\n")
                except OSError:
                    return

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def test_webcam_reads_a_video_and_prints_one_line(
    edge_mnist, video: Path, tiny_model_path: Path
) -> None:
    fixed = ("--source", video, "--model", tiny_model_path, "--headless")
    ran = edge_mnist("webcam", *fixed, "--max-frames", "7")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("7 frames, ")
    assert ran.out.count("\n") == 1
    assert "14 digits seen" in ran.out


def test_webcam_writes_only_json_on_standard_output(
    edge_mnist, video: Path, tiny_model_path: Path
) -> None:
    fixed = ("--source", video, "--model", tiny_model_path, "--headless")
    ran = edge_mnist("webcam", *fixed, "--max-frames", "3", "--jsonl", "-")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line["frame"] for line in lines] == [0, 1, 2]
    assert [digit["label"] for digit in lines[0]["digits"]] == ["3", "5"]
    assert ran.err.startswith("3 frames, ")


def test_webcam_ends_quietly_when_its_reader_goes(video: Path, tiny_model_path: Path) -> None:
    options = ["--source", str(video), "--model", str(tiny_model_path), "--headless"]
    with subprocess.Popen(
        [*WEBCAM, *options, "--jsonl", "-"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        complaint = process.stderr.read()
        assert process.wait(60) == 0, complaint
    assert "Broken" not in complaint


def test_webcam_ends_tidily_on_sigterm(
    page: ImageU8, tiny_model_path: Path, tmp_path: Path
) -> None:
    record, jsonl = tmp_path / "out.mp4", tmp_path / "out.jsonl"
    with endless_stream(page) as address:
        process = subprocess.Popen(
            [
                *WEBCAM, "--source", address, "--model", str(tiny_model_path), "--headless",
                "--record", str(record), "--jsonl", str(jsonl),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        try:
            wait_for(lambda: jsonl.exists() and jsonl.read_text().count("\n") >= 10)
            process.send_signal(signal.SIGTERM)
            out, complaint = process.communicate(timeout=30)
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 0, complaint
    assert "digits seen" in out
    assert complaint == ""
    assert sorted(tmp_path.iterdir()) == [jsonl, record]
    capture = cv2.VideoCapture(str(record))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) >= 2
    capture.release()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--camera", "63", "--headless"], 1, "there is no camera 63; cameras found: "),
        (["--source", "gone.mp4", "--headless"], 1, "gone.mp4"),
        (["--source", "ftp://x/y", "--headless"], 2, "ftp://"),
        (["--camera", "0", "--source", "x.mp4"], 2, "--source"),
        (["--max-frames", "0"], 2, "--max-frames"),
    ],
)
def test_mistakes_are_named(
    edge_mnist, options: list[str], code: int, message: str, tiny_model_path: Path
) -> None:
    ran = edge_mnist("webcam", *options, "--model", tiny_model_path)
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere is always a display")
def test_webcam_without_a_display_offers_headless(
    edge_mnist, video: Path, tiny_model_path: Path, monkeypatch
) -> None:
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    ran = edge_mnist("webcam", "--source", video, "--model", tiny_model_path)
    assert ran.code == 1
    assert "--headless" in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.skipif(not BUILT_WITH_WINDOWS, reason="this OpenCV is built without windows")
@pytest.mark.skipif(which("xdotool") is None, reason="xdotool is not installed: no keys to press")
def test_webcam_obeys_keys_in_a_real_window(
    display: str, video: Path, tiny_model_path: Path, tmp_path: Path
) -> None:
    def tool(*arguments: str) -> str:
        done = subprocess.run(
            ["xdotool", *arguments],
            env={**os.environ, "DISPLAY": display},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        return done.stdout.strip()

    jsonl = tmp_path / "out.jsonl"
    process = subprocess.Popen(
        [
            *WEBCAM, "--source", str(video), "--model", str(tiny_model_path),
            "--jsonl", str(jsonl), "--snapshots", str(tmp_path / "shots"),
        ],
        env={**os.environ, "DISPLAY": display},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        wait_for(lambda: jsonl.exists() and jsonl.read_text().count("\n") >= 10)
        window = tool("search", "--name", "^edge-mnist$").splitlines()[-1]
        tool("windowfocus", "--sync", window, "key", "s")
        wait_for(lambda: (tmp_path / "shots").exists() and any((tmp_path / "shots").glob("*.png")))
        tool("windowfocus", "--sync", window, "key", "q")
        out, complaint = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, complaint
    (shot,) = (tmp_path / "shots").glob("*.png")
    assert f"snapshot {shot}" in out
    picture = cv2.imread(str(shot))
    assert picture is not None
    assert picture.shape == (240, 320, 3)
