"""The text of drawn pages: invariances, and error rates by the kind of page."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pages.measure import edit_distance
from pages.strategies import clean_pages, hard_pages, seeds

from edge_infer.boxes import Box
from edge_infer.page import PageReader
from edge_synth import DrawnPage, PageSpec, draw_page, random_spec

ImageU8 = NDArray[np.uint8]
FEW = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

# Pages of each kind, and the largest height of their digits, to be quick.
PAGES, TALLEST_PX = 16, 110
# Largest edit distance, as a fraction of the digits, by the kind of page.
WORST_RATE = {
    "scan": 0.03,
    "photo": 0.03,
    "mouse": 0.03,
    "webcam": 0.05,
    "ruled": 0.05,
    "squared": 0.03,
    "vertical": 0.03,
    "dotted": 0.09,
    "shadow": 0.05,
    "pencil": 0.06,
    "hairline": 0.05,
    "marker": 0.05,
    "touching": 0.27,
    "show_through": 0.03,
    "two_pens": 0.03,
    "clutter": 0.10,
    "room": 0.03,
    "columns": 0.05,
    "scattered": 0.07,
    "listed": 0.05,
    "turned": 0.05,
    "skewed": 0.05,
    "dark": 0.05,
    "retraced": 0.05,
}


@pytest.fixture(scope="module")
def reader() -> PageReader:
    return PageReader.load()


@FEW
@given(clean_pages(), seeds)
def test_clean_page_has_its_text_and_boxes(reader: PageReader, spec: PageSpec, seed: int) -> None:
    drawn = draw_page(spec, seed)
    page = reader.read(drawn.image)
    assert page.text == spec.text
    for line, boxes in zip(page.lines, drawn.boxes, strict=True):
        for digit, box in zip(line.digits, boxes, strict=True):
            assert _overlap(digit.box, box) > 0.7


@FEW
@given(hard_pages(), seeds)
def test_polarity_changes_no_text(reader: PageReader, spec: PageSpec, seed: int) -> None:
    image = draw_page(spec, seed).image
    assert reader.read(255 - image).text == reader.read(image).text


@FEW
@given(clean_pages(), seeds, st.sampled_from((2.0, 1.5, 0.7, 0.5)))
def test_scale_changes_no_text(reader: PageReader, spec: PageSpec, seed: int, scale: float) -> None:
    image = draw_page(spec, seed).image
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(image, None, fx=scale, fy=scale, interpolation=method).astype(np.uint8)
    assert reader.read(scaled).text == spec.text


@FEW
@given(clean_pages(), seeds, st.tuples(*[st.integers(0, 150)] * 4))
def test_margin_and_shift_change_no_text(
    reader: PageReader, spec: PageSpec, seed: int, margins: tuple[int, int, int, int]
) -> None:
    image = draw_page(spec, seed).image
    wide = cv2.copyMakeBorder(image, *margins, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    assert reader.read(wide.astype(np.uint8)).text == spec.text


@pytest.mark.parametrize("kind", WORST_RATE)
def test_hard_pages_keep_to_an_error_rate(reader: PageReader, kind: str) -> None:
    errors, digits, misses = 0, 0, []
    for seed in range(PAGES):
        drawn = _draw_small(kind, seed)
        truth = "".join(drawn.rows)
        text = reader.read(drawn.image).text.replace("\n", "")
        missed = min(edit_distance(truth, text), len(truth))
        errors, digits = errors + missed, digits + len(truth)
        misses += [f"{seed}: {truth} read {text}"] if missed else []
    assert errors <= WORST_RATE[kind] * digits, "\n".join(misses)


def _draw_small(kind: str, seed: int) -> DrawnPage:
    spec = random_spec(kind, seed)
    return draw_page(replace(spec, digit_height_px=min(spec.digit_height_px, TALLEST_PX)), seed)


def _overlap(one: Box, other: Box) -> float:
    """Return the boxes' intersection over their union."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    both = max(width, 0) * max(height, 0)
    return both / (one.width * one.height + other.width * other.height - both)
