"""Items to pages: in order, one ahead, one bad file one error."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest

from edge_infer import ImageError, UsageError
from edge_infer.io.batch import Failure
from edge_infer.page import Page, items
from edge_infer.page.items import ReadPage, read_items


@dataclass(frozen=True)
class MadeItem:
    """An item that the test makes; it notes when it is decoded."""

    name: str
    decoded: list[str] = field(default_factory=list)
    size: tuple[int, int] = (4, 5)

    def image(self) -> np.ndarray:
        self.decoded.append(self.name)
        if self.name.startswith("bad"):
            raise ImageError(f"{self.name} is bad", code="damaged")
        if self.name.startswith("huge"):
            raise MemoryError
        return np.zeros(self.size, np.uint8)


class MadeReader:
    """A reader that the test makes; ``work`` is done for each picture."""

    def __init__(self, work: Callable[[], None] = lambda: None) -> None:
        self.work = work
        self.options: list[dict[str, object]] = []

    def read(self, image: np.ndarray, **options: object) -> Page:
        self.options.append(options)
        self.work()
        return Page(image.shape[1], image.shape[0], ())


def test_results_come_in_order_and_bad_items_cost_their_own() -> None:
    names = ["a", "bad one", "b", "huge", "c"]
    results = list(read_items(MadeReader(), [MadeItem(name) for name in names]))
    assert [result.source for result in results] == names
    assert results[1].outcome == Failure("damaged", "bad one is bad")
    assert results[3].outcome == Failure("too_large", "huge does not fit into memory")
    good = results[4].outcome
    assert isinstance(good, ReadPage)
    assert (good.page.width, good.page.height) == (5, 4)
    assert good.image.shape == (4, 5)


def test_time_is_that_of_the_reading() -> None:
    (result,) = read_items(MadeReader(lambda: time.sleep(0.02)), [MadeItem("a")])
    assert 20 <= result.outcome.elapsed_ms < 2000


def test_options_reach_the_reader() -> None:
    reader = MadeReader()
    list(read_items(reader, [MadeItem("a")], expect="pattern", rotate="90"))
    assert reader.options == [{"expect": "pattern", "rotate": "90"}]


def test_next_item_is_decoded_beside_the_reading_and_no_more() -> None:
    decoded = list[str]()
    seen = list[int]()

    def work() -> None:
        deadline_s = time.monotonic() + 10
        while len(decoded) < min(len(seen) + 2, 4) and time.monotonic() < deadline_s:
            time.sleep(0.001)
        seen.append(len(decoded))

    names = [MadeItem(name, decoded) for name in "abcd"]
    list(read_items(MadeReader(work), names))
    assert seen == [2, 3, 4, 4]


def test_nothing_is_decoded_beside_a_large_page(monkeypatch) -> None:
    monkeypatch.setattr(items, "LARGE_PIXELS", 10)
    decoded = list[str]()
    results = read_items(MadeReader(lambda: time.sleep(0.01)), [MadeItem(n, decoded) for n in "ab"])
    assert next(results).source == "a"
    assert decoded == ["a"]
    assert next(results).source == "b"


def test_usage_errors_end_it_and_own_bugs_too() -> None:
    for error in (UsageError("no such pattern"), ZeroDivisionError()):

        def fail(error: Exception = error) -> None:
            raise error

        with pytest.raises(type(error)):
            list(read_items(MadeReader(fail), [MadeItem("a"), MadeItem("b")]))


def test_memory_that_opencv_does_not_get_is_a_failure() -> None:
    def fail() -> None:
        cv2.resize(np.zeros((9, 9), np.uint8), (2**20, 2**20))

    (result,) = read_items(MadeReader(fail), [MadeItem("a")])
    assert result.outcome == Failure("too_large", "a does not fit into memory")
    with pytest.raises(cv2.error):
        list(read_items(MadeReader(lambda: cv2.blur(None, (1, 1))), [MadeItem("a")]))


def test_closing_stops_the_thread() -> None:
    before = threading.active_count()
    results = read_items(MadeReader(), (MadeItem(str(number)) for number in range(1000)))
    next(results)
    results.close()
    assert threading.active_count() == before
