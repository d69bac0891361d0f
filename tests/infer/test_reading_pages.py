"""The text of drawn pages: invariances, and error rates by the kind of page."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pages.strategies import clean_pages, hard_pages, seeds

from edge_infer.boxes import Box
from edge_infer.page import PageReader
from edge_synth import PageSpec, draw_page, random_spec

ImageU8 = NDArray[np.uint8]
FEW = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

# Pages of each kind, and the largest height of their digits, to be quick.
PAGES, TALLEST_PX = 16, 110
# Largest edit distance, as a fraction of the digits, and the kinds of pages.
WORST_RATES = {
    0.03: "scan photo mouse squared vertical show_through two_pens room",
    0.05: "webcam ruled shadow hairline marker columns listed turned skewed dark retraced",
    0.06: "pencil",
    0.07: "scattered",
    0.09: "dotted",
    0.10: "clutter",
    0.27: "touching",
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


@pytest.mark.parametrize(
    ("kind", "rate"), [(kind, rate) for rate, row in WORST_RATES.items() for kind in row.split()]
)
def test_hard_pages_keep_to_an_error_rate(reader: PageReader, kind: str, rate: float) -> None:
    errors, digits, misses = 0, 0, []
    for seed in range(PAGES):
        spec = random_spec(kind, seed)
        spec = replace(spec, digit_height_px=min(spec.digit_height_px, TALLEST_PX))
        truth = "".join(spec.rows)
        text = reader.read(draw_page(spec, seed).image).text.replace("\n", "")
        missed = min(_edit_distance(truth, text), len(truth))
        errors, digits = errors + missed, digits + len(truth)
        misses += [f"{seed}: {truth} read {text}"] if missed else []
    assert errors <= rate * digits, "\n".join(misses)


def _edit_distance(truth: str, text: str) -> int:
    """Return the least number of insertions, deletions and substitutions (Levenshtein 1965)."""
    row = list(range(len(text) + 1))
    for i, wanted in enumerate(truth, 1):
        diagonal, row[0] = row[0], i
        for j, found in enumerate(text, 1):
            changed = diagonal + (wanted != found)
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, changed)
    return row[-1]


def _overlap(one: Box, other: Box) -> float:
    """Return the boxes' intersection over their union."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    both = max(width, 0) * max(height, 0)
    return both / (one.width * one.height + other.width * other.height - both)
