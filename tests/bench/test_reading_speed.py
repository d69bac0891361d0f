from __future__ import annotations

import os
import sys

import cv2
import pytest

from edge_bench.reading.one_core import on_one_core
from edge_bench.reading.speed import SpeedRow, speed_report, time_pages, to_json_values
from edge_bench.reading.speed_pages import make_page
from edge_infer.errors import DataError
from edge_infer.page import Page, PageReader


def row(size_px: int, digits: int, cpu_p50_ms: float) -> SpeedRow:
    megapixels = size_px**2 / 1e6
    return SpeedRow(
        size_px=size_px,
        megapixels=megapixels,
        digits=digits,
        errors=0,
        p50_ms=2 * cpu_p50_ms,
        cpu_p50_ms=cpu_p50_ms,
    )


@pytest.mark.parametrize("digits", [1, 20, 100])
@pytest.mark.parametrize("size_px", [300, 700])
def test_page_has_its_size_and_digits(size_px: int, digits: int) -> None:
    page = make_page(size_px, digits)
    assert page.image.shape == (size_px * 3 // 4, size_px, 3)
    assert len(page.text) == digits
    assert page.megapixels == pytest.approx(size_px**2 * 3 / 4 / 1e6, abs=1e-3)


def test_pages_can_be_read() -> None:
    page = make_page(600, 20)
    assert "".join(PageReader.load().read(page.image).text.split()) == page.text


def test_page_without_its_generator_says_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pages", None)
    with pytest.raises(DataError, match="tests/pages"):
        make_page(300, 1)


def test_pages_are_read_in_turns() -> None:
    sizes: list[int] = []

    class Fake:
        def read(self, image: object) -> Page:
            sizes.append(image.shape[1])
            return Page(1, 1, ())

    pages = [make_page(size_px, 1) for size_px in (200, 300)]
    rows = time_pages(Fake(), pages, rounds=2)
    assert sizes == 3 * [200, 300]
    assert [(each.size_px, each.digits, each.errors) for each in rows] == [(200, 1, 1), (300, 1, 1)]


def test_report_tells_what_each_step_costs() -> None:
    rows = (row(1000, 1, 5.0), row(1000, 21, 15.0), row(2000, 1, 20.0), row(2000, 21, 30.0))
    lines = speed_report(rows, "a CPU").splitlines()
    tables = [line for line in lines if line.startswith(("| 1,000", "| 2,000"))]
    assert tables == [
        *("| 1,000 | 10.0 (5.0) | 30.0 (15.0) |", "| 2,000 | 40.0 (20.0) | 60.0 (30.0) |"),
        *("| 1,000 | - | - |", "| 2,000 | 5.00 | 5.00 |"),
        *("| 1,000 | - | 0.50 |", "| 2,000 | - | 0.50 |"),
        *("| 1,000 | 0 | 0 |", "| 2,000 | 0 | 0 |"),
    ]
    assert to_json_values(rows, "a CPU")["pages"][1]["cpu_p50_ms"] == 15.0


def test_one_core_is_all_there_is_until_the_end() -> None:
    threads = cv2.getNumThreads()
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    with pytest.raises(ValueError, match="enough"), on_one_core():
        assert cv2.getNumThreads() == 1
        assert cores is None or len(os.sched_getaffinity(0)) == 1
        raise ValueError("enough")
    assert cv2.getNumThreads() == threads
    assert cores is None or os.sched_getaffinity(0) == cores
