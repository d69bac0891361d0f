"""Pages of items: in order, decoded one in advance, failures as results."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from edge_infer import ImageError, UsageError
from edge_infer.io.batch import Failure
from edge_infer.page import Page, items
from edge_infer.page.items import ReadPage, read_items


@dataclass(frozen=True)
class FakeItem:
    """An item that records when it is decoded."""

    name: str
    decoded: list[str] = field(default_factory=list)
    size: tuple[int, int] = (4, 5)

    def load(self) -> np.ndarray:
        self.decoded.append(self.name)
        if self.name.startswith("bad"):
            raise ImageError(f"{self.name} is bad", code="damaged")
        if self.name.startswith("huge"):
            raise MemoryError
        return np.zeros(self.size, np.uint8)


class FakeReader:
    """A reader that calls ``work`` for each picture."""

    def __init__(self, work: Callable[[], None] = lambda: None) -> None:
        self.work = work
        self.options: list[dict[str, object]] = []

    def read(self, image: np.ndarray, **options: object) -> Page:
        self.options.append(options)
        self.work()
        return Page(image.shape[1], image.shape[0], ())


def test_results_are_in_order_and_bad_items_are_failures() -> None:
    names = ["a", "bad one", "b", "huge", "c"]
    reader = FakeReader(lambda: time.sleep(0.02))
    items = [FakeItem(name) for name in names]
    results = list(read_items(reader, items, expect="pattern", rotate="90"))
    assert [result.source for result in results] == names
    assert results[1].outcome == Failure("damaged", "bad one is bad")
    assert results[3].outcome == Failure("too_large", "huge does not fit into memory")
    good = results[4].outcome
    assert isinstance(good, ReadPage)
    assert (good.page.width, good.page.height, good.image.shape) == (5, 4, (4, 5))
    assert 20 <= good.elapsed_ms < 2000
    assert reader.options == [{"expect": "pattern", "rotate": "90"}] * 3


def test_next_item_is_decoded_beside_the_reading_and_no_more() -> None:
    decoded = list[str]()
    seen = list[int]()

    def work() -> None:
        deadline_s = time.monotonic() + 10
        while len(decoded) < min(len(seen) + 2, 4) and time.monotonic() < deadline_s:
            time.sleep(0.001)
        seen.append(len(decoded))

    names = [FakeItem(name, decoded) for name in "abcd"]
    list(read_items(FakeReader(work), names))
    assert seen == [2, 3, 4, 4]


def test_nothing_is_decoded_beside_a_large_page(monkeypatch) -> None:
    monkeypatch.setattr(items, "LARGE_PIXELS", 10)
    decoded = list[str]()
    results = read_items(FakeReader(lambda: time.sleep(0.01)), [FakeItem(n, decoded) for n in "ab"])
    assert next(results).source == "a"
    assert decoded == ["a"]
    assert next(results).source == "b"


def test_usage_errors_end_it_and_own_bugs_too() -> None:
    for error in (UsageError("no such pattern"), ZeroDivisionError()):

        def fail(error: Exception = error) -> None:
            raise error

        with pytest.raises(type(error)):
            list(read_items(FakeReader(fail), [FakeItem("a"), FakeItem("b")]))


def test_closing_stops_the_thread() -> None:
    before = threading.active_count()
    results = read_items(FakeReader(), (FakeItem(str(number)) for number in range(1000)))
    next(results)
    results.close()
    assert threading.active_count() == before
