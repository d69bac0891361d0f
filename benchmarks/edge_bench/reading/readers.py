"""Reading the pages of a folder with several programs, page by page in turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from edge_bench.reading.results import PageResult, ReaderResult, Reading, judge
from edge_bench.reading.truth import TruePage
from edge_infer.errors import EdgeMnistError
from edge_infer.io.images import read_image
from edge_infer.page import PageReader
from edge_infer.page.items import ReadPage

Notify = Callable[[str], None]


class Reader(Protocol):
    """A program that reads pages."""

    @property
    def name(self) -> str:
        """What to call it."""
        ...

    @property
    def how(self) -> str:
        """Version and settings, and what its time contains."""
        ...

    def read(self, path: Path) -> Reading:
        """Read a picture file.

        Raises:
            EdgeMnistError: It cannot.
        """
        ...


class OwnReader:
    """The reader of this project."""

    name = "edge-mnist"

    def __init__(self, model: str | None = None) -> None:
        """Load a shipped model or a file; None for the one made for pages.

        Raises:
            ModelError: Missing or damaged.
        """
        self._reader = PageReader.load(model)
        label = self._reader.classifier.metadata.preset if model is None else Path(model).name
        self.how = f"model {label}; time from the picture's file, decoding included"

    def read(self, path: Path) -> Reading:
        """Read a picture file."""
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        page = self._reader.read(read_image(path))
        return Reading(
            rows=tuple(line.text for line in page.lines),
            elapsed_ms=1e3 * (time.perf_counter() - began_s),
            cpu_ms=1e3 * (time.process_time() - began_cpu_s),
        )

    def look(self, path: Path) -> ReadPage:
        """Read a picture file and keep the picture and where everything stands."""
        image = read_image(path)
        began_s = time.perf_counter()
        page = self._reader.read(image)
        return ReadPage(page, image, 1e3 * (time.perf_counter() - began_s))


def read_pages(
    pages: Sequence[TruePage], pictures: Sequence[Path], readers: Sequence[Reader], notify: Notify
) -> tuple[ReaderResult, ...]:
    """Read every page with every reader, one after the other, before the next page.

    What slows the machine for a while slows all of them so.

    Args:
        pages: The truth.
        pictures: The file of each.
        readers: Each reads each page once.
        notify: Told of every page in a line.
    """
    found: dict[str, list[PageResult]] = {reader.name: [] for reader in readers}
    for number, (page, picture) in enumerate(zip(pages, pictures, strict=True), 1):
        for reader in readers:
            found[reader.name].append(judge(page, _attempt(reader, picture)))
        errors = ", ".join(f"{name} {results[-1].errors}" for name, results in found.items())
        notify(f"page {number} of {len(pages)}, {page.file}: errors {errors}")
    return tuple(
        ReaderResult(name=reader.name, how=reader.how, pages=tuple(found[reader.name]))
        for reader in readers
    )


def _attempt(reader: Reader, picture: Path) -> Reading:
    began_s = time.perf_counter()
    try:
        return reader.read(picture)
    except EdgeMnistError as error:
        elapsed_ms = 1e3 * (time.perf_counter() - began_s)
        return Reading(rows=(), elapsed_ms=elapsed_ms, cpu_ms=0.0, error=error.message)
