"""Read pages from items, in order, while a thread decodes the next picture.

One thread is enough: a photograph takes about as long to decode as to read. More decoded pictures
would take more memory, and during the reading of a large page none is decoded at all.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from time import perf_counter
from typing import Final

from edge_infer.io.batch import Failure, value_or_failure
from edge_infer.io.sources import Item
from edge_infer.page.binarize import ImageU8
from edge_infer.page.page import Page
from edge_infer.page.reader import PageReader, Rotation

# The next picture is not decoded during the reading of one with more pixels.
LARGE_PIXELS: Final = 16_000_000


@dataclass(frozen=True, eq=False)
class ReadPage:
    """A page and its picture.

    Attributes:
        page: The result.
        image: uint8 (h, w) grey, (h, w, 3) BGR or (h, w, 4) BGRA, with the rotation of the file
            applied.
        elapsed_ms: Time to read the page, without decoding the file.
    """

    page: Page
    image: ImageU8
    elapsed_ms: float


@dataclass(frozen=True)
class PageResult:
    """The result of one item: its page, or the reason why there is none."""

    source: str
    outcome: ReadPage | Failure


def read_items(
    reader: PageReader,
    items: Iterable[Item],
    *,
    expect: re.Pattern[str] | None = None,
    rotate: Rotation = "auto",
) -> Generator[PageResult]:
    """Read items one after the other.

    Args:
        reader: The page reader.
        items: Any number. They are consumed as results are taken, one in advance.
        expect: As for :meth:`PageReader.read`.
        rotate: As for :meth:`PageReader.read`.

    Yields:
        One result for each item, in order. An item that cannot be read has a failure as its
        result. Closing the iterator stops the thread.

    Raises:
        UsageError: ``expect`` is invalid.
    """

    def read(image: ImageU8) -> ReadPage:
        begun_s = perf_counter()
        page = reader.read(image, expect=expect, rotate=rotate)
        return ReadPage(page, image, 1000 * (perf_counter() - begun_s))

    for item, image in _decoded(iter(items)):
        if isinstance(image, Failure):
            yield PageResult(item.name, image)
        else:
            yield PageResult(item.name, value_or_failure(item.name, partial(read, image)))


def _decoded(items: Iterator[Item]) -> Generator[tuple[Item, ImageU8 | Failure]]:
    thread = ThreadPoolExecutor(1, thread_name_prefix="decode")

    def begin() -> list[tuple[Item, Future[ImageU8 | Failure]]]:
        """Start to decode the next picture, if there is one."""
        return [
            (item, thread.submit(value_or_failure, item.name, item.load))
            for item in islice(items, 1)
        ]

    try:
        begun = begin()
        while begun:
            ((item, future),) = begun
            image = future.result()
            is_large = not isinstance(image, Failure) and _pixels(image) > LARGE_PIXELS
            begun = [] if is_large else begin()
            yield item, image
            begun = begun or begin()
    finally:
        thread.shutdown(cancel_futures=True)


def _pixels(image: ImageU8) -> int:
    height, width = image.shape[:2]
    return int(height) * int(width)
