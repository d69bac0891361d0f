"""What `edge-mnist read` does once its options are read; imports the runtime."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from edge_infer.errors import UsageError
from edge_infer.io.batch import Failure
from edge_infer.io.documents import PageFormatName, make_page_format
from edge_infer.io.picture_folder import PictureFolder
from edge_infer.io.sources import Item, open_sources, reads_from
from edge_infer.page.annotate import cut_digits, draw_page
from edge_infer.page.items import PageResult, read_items
from edge_infer.page.reader import PageReader, Rotation
from edge_mnist.console import OUT
from edge_mnist.reading_view import ReadingView
from edge_mnist.results_view import (
    format_by_suffix,
    open_sink,
    quiet_libraries,
    with_progress,
)


@dataclass(frozen=True)
class ReadConfig:
    """The options of the verb, which says what they mean."""

    sources: tuple[str, ...]
    recursive: bool
    model: str | None
    format_name: PageFormatName | None
    output: Path | None
    annotate: Path | None
    crops: Path | None
    expect: str | None
    rotate: Rotation
    with_rejected: bool
    threads: int
    max_pixels: int


def read(config: ReadConfig) -> bool:
    """Read all sources and write the results; return whether any of them failed.

    Raises:
        EdgeMnistError: What is asked for can be done for none of them.
    """
    expect = _compiled(config.expect)
    annotations = _folder(config, "--annotate", config.annotate)
    crops = _folder(config, "--crops", config.crops)
    reader = PageReader.load(config.model, threads=config.threads)
    doubtful_below = reader.classifier.metadata.reject_threshold
    pictures = _Pictures(annotations, crops, doubtful_below, config.with_rejected)
    items, several = _items(config)
    to_write = make_page_format(
        config.format_name or format_by_suffix(config.output) or "text",
        with_rejected=config.with_rejected,
        with_headings=several,
        doubtful_below=doubtful_below,
    )
    view = ReadingView(to_write, several=several)
    with ExitStack() as stack:
        write = stack.enter_context(open_sink(to_write, config.output, view.show))
        stack.enter_context(quiet_libraries())
        results = read_items(reader, items, expect=expect, rotate=config.rotate)
        stack.enter_context(closing(results))
        hidden = config.output is None and OUT.is_terminal
        for result in with_progress(results, "reading", hidden=hidden):
            pictures.write(result)
            write(result)
            view.tell(result)
    view.finish()
    return view.failed > 0


def _compiled(expect: str | None) -> re.Pattern[str] | None:
    try:
        return None if expect is None else re.compile(expect)
    except re.error as error:
        raise UsageError(f"--expect {expect!r} is no regular expression: {error}") from error


def _folder(config: ReadConfig, option: str, folder: Path | None) -> PictureFolder | None:
    if folder is None:
        return None
    source = reads_from(config.sources, folder, recursive=config.recursive)
    if source is not None:
        raise UsageError(
            f"{option} {folder}: pictures there are read ({source}), and what is written "
            "could replace them or be read as well; give another folder"
        )
    return PictureFolder(folder)


def _items(config: ReadConfig) -> tuple[Iterator[Item], bool]:
    """Return the items, and whether there are several."""
    items = open_sources(
        config.sources, recursive=config.recursive, max_pixels=config.max_pixels, archives=False
    )
    first = list(islice(items, 2))
    return chain(first, items), len(first) > 1


@dataclass(frozen=True)
class _Pictures:
    """Writes the pictures that were asked for."""

    annotations: PictureFolder | None
    crops: PictureFolder | None
    doubtful_below: float
    with_rejected: bool

    def write(self, result: PageResult) -> None:
        read = result.outcome
        if isinstance(read, Failure):
            return
        if self.annotations is not None:
            name = self.annotations.page_name(result.source)
            drawn = draw_page(
                read, doubtful_below=self.doubtful_below, with_rejected=self.with_rejected
            )
            self.annotations.write_jpeg(f"{name}.read", drawn)
        if self.crops is not None:
            name = self.crops.page_name(result.source)
            for part, digit in cut_digits(read, with_rejected=self.with_rejected):
                self.crops.write_png(f"{name}.{part}", digit)
