"""The loop of `edge-mnist webcam`: recognise, log, record and show each frame."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from types import FrameType
from typing import Final

from edge_infer.camera.live import FrameResult, recognise_frames
from edge_infer.camera.outputs import frame_log, recording
from edge_infer.camera.overlay import Viewer, draw_overlay
from edge_infer.camera.sources import FrameSource
from edge_infer.camera.window import FrameWindow, ensure_display
from edge_infer.errors import CameraError, OutputError, UsageError
from edge_infer.page.reader import PageReader
from edge_infer.quiet import discard_native_stderr

TITLE: Final = "edge-mnist"
# The median latency is that of this many frames at most, since a camera may run for weeks.
_KEPT_LATENCIES: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class WebcamConfig:
    """The source and the outputs of a run.

    Attributes:
        camera: Index of a camera, used if ``source`` is None.
        source: Video file, or HTTP or RTSP address.
        model: Name of a shipped model or path of a model file; None for the page model.
        threads: Number of threads for inference.
        headless: Whether to open no window.
        record: Video file to write, ``.mp4``.
        jsonl: File for one JSON object for each frame; ``"-"`` for standard output.
        max_frames: Number of frames after which the run stops; None for no limit.
        snapshots: Folder for the pictures that the key ``s`` saves.
        overwrite: Whether existing files may be replaced.
        verbose: Whether messages of OpenCV and FFmpeg are shown.
    """

    camera: int = 0
    source: str | None = None
    model: str | None = None
    threads: int = 1
    headless: bool = False
    record: Path | None = None
    jsonl: str | None = None
    max_frames: int | None = None
    snapshots: Path = field(default_factory=Path)
    overwrite: bool = False
    verbose: bool = False

    def __post_init__(self) -> None:
        if self.camera < 0:
            raise UsageError(f"camera must be at least 0, found {self.camera}")
        if self.max_frames is not None and self.max_frames < 1:
            raise UsageError(f"max_frames must be at least 1, found {self.max_frames}")


@dataclass
class WebcamSummary:
    """Figures of a run.

    Attributes:
        frames: Number of frames.
        digits: Number of digits in all frames, including rejected ones.
        rejected: Number of rejected digits.
        snapshots: Paths of the snapshots.
    """

    frames: int = 0
    digits: int = 0
    rejected: int = 0
    snapshots: list[Path] = field(default_factory=list)
    _first_s: float = 0.0
    _last_s: float = 0.0
    _latencies_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT_LATENCIES))

    def add(self, result: FrameResult) -> None:
        """Count a frame."""
        self._last_s = time.perf_counter()
        if not self.frames:
            self._first_s = self._last_s
        self.frames += 1
        self.digits += len(result.digits)
        self.rejected += sum(digit.rejected for digit in result.digits)
        self._latencies_ms.append(result.latency_ms)

    @property
    def fps(self) -> float:
        """Mean frames per second, from the first frame to the last."""
        elapsed_s = self._last_s - self._first_s
        return (self.frames - 1) / elapsed_s if elapsed_s else 0.0

    @property
    def latency_ms(self) -> float:
        """Median time to find and recognise the digits of a frame."""
        return median(self._latencies_ms or [0.0])

    def __str__(self) -> str:
        """Return the figures in one line."""
        return (
            f"{_counted(self.frames, 'frame')}, {self.fps:.1f} fps, "
            f"median latency {self.latency_ms:.1f} ms, "
            f"{_counted(self.digits, 'digit')} seen ({self.rejected} rejected)"
        )


def run_webcam(config: WebcamConfig) -> WebcamSummary:
    """Read a source until it ends, a key or signal stops it, or ``max_frames`` is reached.

    Ctrl-C and SIGTERM end the run like the key ``q``, and the recording is kept.

    Raises:
        CameraError: The source cannot be opened or fails, or no window can be opened.
        ModelError: The model cannot be loaded.
        OutputError: A file exists already or cannot be written.
        UsageError: An invalid value.
    """
    if not config.headless:
        ensure_display()
    reader = PageReader.load(config.model, threads=config.threads)
    with ExitStack() as stack:
        if not config.verbose:
            os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
            stack.enter_context(discard_native_stderr())
        if config.source is None:
            source = FrameSource.camera(config.camera)
        else:
            source = FrameSource.open(config.source)
        return watch(config, reader, stack.enter_context(source))


def watch(config: WebcamConfig, reader: PageReader, source: FrameSource) -> WebcamSummary:
    """Run the loop on an open source, see :func:`run_webcam`."""
    failure: CameraError | OutputError | None = None
    summary = WebcamSummary()
    with ExitStack() as stack:
        stack.enter_context(_stopped_by_signals(source.stop))
        outputs = _open_outputs(config, source, stack)
        if not config.headless:
            window = stack.enter_context(FrameWindow(TITLE))
            viewer = Viewer(window, source, config.snapshots)
            summary.snapshots = viewer.snapshots
            outputs.append(viewer.show)
        try:
            for result in recognise_frames(reader, source):
                summary.add(result)
                answers = [output(result) for output in outputs]
                if not all(answers) or summary.frames == config.max_frames:
                    break
        except (CameraError, OutputError) as error:
            # Raised after the recording was completed: it is valid up to here.
            failure = error
    if failure is not None:
        raise failure
    return summary


def _open_outputs(
    config: WebcamConfig, source: FrameSource, stack: ExitStack
) -> list[Callable[[FrameResult], bool]]:
    """Return functions that take each result and return False to end the run."""
    outputs: list[Callable[[FrameResult], bool]] = []
    if config.jsonl is not None:
        log = stack.enter_context(frame_log(config.jsonl, overwrite=config.overwrite))
        outputs.append(log.write)
    if config.record is not None:
        recorder = stack.enter_context(
            recording(config.record, source.fps, overwrite=config.overwrite)
        )

        def record(result: FrameResult) -> bool:
            recorder.write(draw_overlay(result), result.frame.time_s)
            return True

        outputs.append(record)
    return outputs


@contextmanager
def _stopped_by_signals(stop: Callable[[], None]) -> Generator[None]:
    """Call ``stop`` on the first Ctrl-C or SIGTERM; the second interrupts as usual."""
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread may set signal handlers.
        yield
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()
        for handled in before:
            signal.signal(handled, signal.default_int_handler)

    before = {it: signal.signal(it, handle) for it in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for handled, handler in before.items():
            signal.signal(handled, handler)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
