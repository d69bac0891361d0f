"""The loop of `edge-mnist webcam`: recognise, draw, show, record, report, stop tidily."""

from __future__ import annotations

import os
import time
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from edge_infer.camera.frame_log import FrameLog, frame_log
from edge_infer.camera.live import FrameResult, recognise_frames
from edge_infer.camera.overlay import draw_overlay
from edge_infer.camera.recorder import Recorder, recording
from edge_infer.camera.stopping import stopped_by_signals
from edge_infer.camera.video import FrameSource
from edge_infer.camera.viewer import Viewer
from edge_infer.camera.window import FrameWindow, ensure_display
from edge_infer.errors import CameraError, OutputError, UsageError
from edge_infer.page.reader import PageReader
from edge_infer.quiet import native_chatter_discarded

TITLE: Final = "edge-mnist"
# The median latency is taken over so many frames at most: a camera may run for weeks.
_KEPT_LATENCIES: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class WebcamConfig:
    """What to watch and what to do with it.

    Attributes:
        camera: Index of a camera, unless ``source`` is given.
        source: Video file, or HTTP or RTSP address.
        model: Shipped model's name or model file; None for the one made for pages.
        threads: Threads for inference.
        headless: Whether to open no window.
        record: Video file to write, ``.mp4``.
        jsonl: File for one JSON object a frame; ``"-"`` for standard output.
        max_frames: Stop after so many frames; None for no limit.
        snapshots: Folder for the pictures that the key ``s`` takes.
        overwrite: Whether existing files may be replaced.
        verbose: Whether to let OpenCV and FFmpeg print what they will.
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


@dataclass(frozen=True, kw_only=True)
class WebcamSummary:
    """What a run has seen.

    Attributes:
        frames: Recognised frames.
        fps: Their mean rate from the first to the last.
        latency_ms: Median of finding and recognising.
        digits: Digits in all frames, the rejected ones included.
        rejected: Those that the model is not sure of.
        snapshots: Pictures taken.
    """

    frames: int
    fps: float
    latency_ms: float
    digits: int
    rejected: int
    snapshots: tuple[Path, ...]

    def __str__(self) -> str:
        """Return one line for people."""
        return (
            f"{_counted(self.frames, 'frame')}, {self.fps:.1f} fps, "
            f"median latency {self.latency_ms:.1f} ms, "
            f"{_counted(self.digits, 'digit')} seen ({self.rejected} rejected)"
        )


def run_webcam(config: WebcamConfig) -> WebcamSummary:
    """Watch a source until it ends, a key or signal stops it, or ``max_frames`` is reached.

    Ctrl-C and SIGTERM end the run like the key ``q``; what was recorded is kept.

    Raises:
        CameraError: The source cannot be opened or fails, or no window can be opened.
        ModelError: The model cannot be loaded.
        OutputError: A file exists already or cannot be written.
        UsageError: A value that makes no sense.
    """
    if not config.headless:
        ensure_display()
    reader = PageReader.load(config.model, threads=config.threads)
    with ExitStack() as stack:
        if not config.verbose:
            os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
            stack.enter_context(native_chatter_discarded())
        source = stack.enter_context(open_source(config))
        return watch(config, reader, source)


def open_source(config: WebcamConfig) -> FrameSource:
    """Open what the configuration names; errors as :class:`FrameSource`."""
    if config.source is None:
        return FrameSource.camera(config.camera)
    return FrameSource.open(config.source)


def watch(config: WebcamConfig, reader: PageReader, source: FrameSource) -> WebcamSummary:
    """Run the loop on an open source; see :func:`run_webcam`."""
    failure: CameraError | OutputError | None = None
    with ExitStack() as stack:
        stack.enter_context(stopped_by_signals(source.stop))
        watcher = _Watcher(config, source, stack)
        try:
            for result in recognise_frames(reader, source):
                if not watcher.take(result):
                    break
        except (CameraError, OutputError) as error:
            # Raised once the recording is in its place: it is good up to here.
            failure = error
    if failure is not None:
        raise failure
    return watcher.summary()


class _Watcher:
    """What happens with each result, and the figures about all of them."""

    def __init__(self, config: WebcamConfig, source: FrameSource, stack: ExitStack) -> None:
        self._config = config
        self._log: FrameLog | None = None
        self._recorder: Recorder | None = None
        self._viewer: Viewer | None = None
        if config.jsonl is not None:
            self._log = stack.enter_context(frame_log(config.jsonl, overwrite=config.overwrite))
        if config.record is not None:
            self._recorder = stack.enter_context(
                recording(config.record, source.fps, overwrite=config.overwrite)
            )
        if not config.headless:
            window = stack.enter_context(FrameWindow(TITLE))
            self._viewer = Viewer(window, source, config.snapshots)
        self._frames = self._digits = self._rejected = 0
        self._first_s = self._last_s = 0.0
        self._latencies: deque[float] = deque(maxlen=_KEPT_LATENCIES)

    def take(self, result: FrameResult) -> bool:
        """Report, record and show one result; return whether to go on."""
        self._count(result)
        going_on = True
        if self._log is not None:
            going_on = self._log.write(result)
        if self._recorder is not None:
            self._recorder.write(draw_overlay(result), result.frame.time_s)
        if self._viewer is not None:
            going_on = self._viewer.show(result) and going_on
        return going_on and self._frames != self._config.max_frames

    def summary(self) -> WebcamSummary:
        """Return the figures so far."""
        elapsed_s = self._last_s - self._first_s
        return WebcamSummary(
            frames=self._frames,
            fps=(self._frames - 1) / elapsed_s if elapsed_s else 0.0,
            latency_ms=median(self._latencies) if self._latencies else 0.0,
            digits=self._digits,
            rejected=self._rejected,
            snapshots=tuple(self._viewer.snapshots) if self._viewer else (),
        )

    def _count(self, result: FrameResult) -> None:
        self._last_s = time.perf_counter()
        if not self._frames:
            self._first_s = self._last_s
        self._frames += 1
        self._digits += len(result.digits)
        self._rejected += sum(digit.rejected for digit in result.digits)
        self._latencies.append(result.latency_ms)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
