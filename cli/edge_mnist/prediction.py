"""What `edge-mnist predict` does once its options are read; imports the runtime."""

from __future__ import annotations

from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from time import monotonic

import cv2

from edge_infer.glyph.classifier import Classifier
from edge_infer.io.batch import Failure, Result, predict_items
from edge_infer.io.formats import Format, FormatName, make_format
from edge_infer.io.sources import open_sources
from edge_mnist.console import ERR, OUT
from edge_mnist.results_view import (
    format_by_suffix,
    open_sink,
    quiet_libraries,
    with_progress,
)


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
    format_name = format_name or format_by_suffix(output) or "table"
    to_write = make_format(format_name, classifier.metadata.class_names)
    # The pictures are shared out among threads; none is worth sharing within.
    cv2.setNumThreads(1)
    items = open_sources(sources, recursive=recursive, max_pixels=max_pixels)
    with ExitStack() as stack:
        show = partial(_show, to_write) if format_name == "table" else None
        write = stack.enter_context(open_sink(to_write, output, show))
        stack.enter_context(quiet_libraries())
        results = stack.enter_context(closing(predict_items(classifier, items)))
        tally = _Tally()
        hidden = output is None and OUT.is_terminal
        for result in with_progress(results, "recognising", hidden=hidden):
            tally.count(result)
            write(result)
    tally.print()
    return tally.failed > 0


def _show(to_write: Format[Result], result: Result) -> None:
    OUT.print(to_write.line(result), style=_style(result), markup=False)


def _style(result: Result) -> str:
    if isinstance(result.outcome, Failure):
        return "red"
    return "yellow" if result.outcome.rejected else "none"


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
