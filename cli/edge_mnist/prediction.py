"""What `edge-mnist predict` does once its options are read; imports the runtime."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, nullcontext
from pathlib import Path
from time import monotonic
from typing import BinaryIO, Final, Protocol

import cv2

from edge_infer.atomic import atomic_path
from edge_infer.classifier import Classifier
from edge_infer.formats import Format, FormatName, encode, make_format
from edge_infer.pipeline import Failure, Result, predict_items
from edge_infer.quiet import native_chatter_discarded
from edge_infer.sources import open_sources
from edge_mnist.console import ERR, OUT, progress_bar

_PROGRESS_AFTER_S: Final = 2.0
_PROGRESS_EVERY_S: Final = 0.1
_FORMAT_OF_SUFFIX: Final[dict[str, FormatName]] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
}


def predict(
    sources: list[str],
    *,
    recursive: bool,
    model: str | None,
    format_name: FormatName | None,
    output: Path | None,
    threads: int,
    max_pixels: int,
) -> bool:
    """Recognise all sources and write the results; return whether any of them failed."""
    classifier = Classifier.load(model, threads=threads)
    suffix = output.suffix.lower() if output else ""
    format_name = format_name or _FORMAT_OF_SUFFIX.get(suffix, "table")
    to_write = make_format(format_name, classifier.metadata.class_names)
    # The pictures are shared out among threads; none is worth sharing within.
    cv2.setNumThreads(1)
    verbose = bool(os.environ.get("EDGE_MNIST_VERBOSE"))
    items = open_sources(sources, recursive=recursive, max_pixels=max_pixels)
    with ExitStack() as stack:
        sink = stack.enter_context(_open_sink(to_write, output, plain=format_name != "table"))
        stack.enter_context(nullcontext() if verbose else native_chatter_discarded())
        results = stack.enter_context(closing(predict_items(classifier, items)))
        tally = _Tally()
        for result in _with_progress(results, hidden=output is None and OUT.is_terminal):
            tally.count(result)
            sink.write(result)
    tally.print()
    return tally.failed > 0


class _Sink(Protocol):
    def write(self, result: Result) -> None: ...


class _Lines:
    """Results as lines of bytes, handed on twice a second at least."""

    def __init__(self, to_write: Format, file: BinaryIO) -> None:
        self._line = to_write.line
        self._file = file
        self._flushed_s = 0.0
        if to_write.header is not None:
            file.write(encode(to_write.header) + b"\n")

    def write(self, result: Result) -> None:
        self._file.write(encode(self._line(result)) + b"\n")
        now_s = monotonic()
        if now_s - self._flushed_s > 0.5:
            self._file.flush()
            self._flushed_s = now_s


class _Terminal:
    """Results as lines in colour."""

    def __init__(self, to_write: Format) -> None:
        self._line = to_write.line
        OUT.print(to_write.header, style="dim", markup=False)

    def write(self, result: Result) -> None:
        OUT.print(self._line(result), style=_style(result), markup=False)


def _style(result: Result) -> str:
    if isinstance(result.outcome, Failure):
        return "red"
    return "yellow" if result.outcome.rejected else "none"


@contextmanager
def _open_sink(to_write: Format, output: Path | None, *, plain: bool) -> Generator[_Sink]:
    if output is not None:
        with atomic_path(output) as temporary, temporary.open("wb") as file:
            yield _Lines(to_write, file)
    elif OUT.is_terminal and not plain:
        yield _Terminal(to_write)
    else:
        yield _Lines(to_write, sys.stdout.buffer)
        sys.stdout.buffer.flush()


class _Tally:
    """Counts results for the line at the end."""

    def __init__(self) -> None:
        self._begun_s = monotonic()
        self.recognised = self.rejected = self.failed = 0

    def count(self, result: Result) -> None:
        if isinstance(result.outcome, Failure):
            self.failed += 1
        elif result.outcome.rejected:
            self.rejected += 1
        else:
            self.recognised += 1

    def print(self) -> None:
        """Say what came of many pictures; of one, its own line says it."""
        total = self.recognised + self.rejected + self.failed
        if total < 2:
            return
        elapsed_s = max(monotonic() - self._begun_s, 1e-6)
        ERR.print(
            f"{self.recognised:,} recognised, {self.rejected:,} in doubt or without ink, "
            f"{self.failed:,} failed, in {elapsed_s:.1f} s ({total / elapsed_s:,.0f} a second)"
        )


def _with_progress(results: Iterable[Result], *, hidden: bool) -> Iterator[Result]:
    """Show how many are done on stderr when it takes long."""
    if hidden:
        yield from results
        return
    show_at_s = monotonic() + _PROGRESS_AFTER_S
    with ExitStack() as stack:
        show: Callable[[int], None] | None = None
        for done, result in enumerate(results, 1):
            yield result
            if monotonic() >= show_at_s:
                show = show or stack.enter_context(_progress())
                show(done)
                show_at_s = monotonic() + _PROGRESS_EVERY_S


@contextmanager
def _progress() -> Generator[Callable[[int], None]]:
    with progress_bar() as bar:
        task = bar.add_task("recognising", total=None, note="")
        yield lambda done: bar.update(task, completed=done)
