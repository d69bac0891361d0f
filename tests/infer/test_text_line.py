"""A text line: rotation, cuts, spans of segments, their tensors, and costs of candidates."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.page.binarize import Ink
from edge_infer.page.components import Component
from edge_infer.page.cut_paths import split
from edge_infer.page.orientation import MIN_GAIN, likeliest_rotation, rotated_tensors
from edge_infer.page.text_line import (
    GAP_COST,
    MAX_GAP,
    MAX_WIDTH,
    TextLine,
    make_spans,
    make_tensor,
)

ImageU8 = NDArray[np.uint8]

HEIGHT = 40
# Columns of the probabilities: three glyphs and the negatives.
GLYPHS = np.array([0, 1, 2])
SURE = np.array([0.98, 0.01, 0.005, 0.005], np.float32)
UNSURE = np.array([0.4, 0.3, 0.1, 0.2], np.float32)
NEGATIVE = np.array([0.005, 0.005, 0.01, 0.98], np.float32)


def component_of(mask: np.ndarray, x: int = 0, y: int = 0) -> Component:
    return Component(Box(x, y, mask.shape[1], mask.shape[0]), mask, int(mask.sum()))


def bar(x: int, width: int = 8, height: int = HEIGHT) -> Component:
    return component_of(np.ones((height, width), np.uint8), x)


def rings(x: int, *centres: int) -> Component:
    """Return rings of 54 rows as one component; rings 36 columns apart touch."""
    mask = np.zeros((60, max(centres) + 21), np.uint8)
    for centre in centres:
        cv2.ellipse(mask, (centre, 30), (18, 27), 0, 0, 360, 1, 4)
    left, top, width, height = cv2.boundingRect(mask)
    return component_of(mask[top : top + height, left : left + width].copy(), x + left, top)


def line_of(*components: Component, scores: NDArray[np.float32] = SURE) -> TextLine:
    """Return a line whose spans are all classified alike."""
    line = TextLine(components, GLYPHS)
    for span in line.new_spans():
        line.scores[span.start, span.end] = scores
    return line


def ends(*segments: Component, most: int = 5) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in make_spans(segments, HEIGHT, most)]


def test_spans_are_close_segments_no_wider_than_a_glyph() -> None:
    segments = [bar(0), bar(8), bar(18)]
    spans = make_spans(segments, HEIGHT)
    assert ends(*segments) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert spans[2].component.box == Box(0, 0, 26, HEIGHT)
    assert spans[2].component.area == sum(one.area for one in segments)
    assert max(end - start for start, end in ends(*segments, most=2)) == 2
    gap, width = int(MAX_GAP * HEIGHT), int(MAX_WIDTH * HEIGHT)
    assert (0, 2) in ends(bar(0), bar(8 + gap))
    assert (0, 2) not in ends(bar(0), bar(8 + gap + 1))
    assert (0, 2) in ends(bar(0, 30), bar(30, width - 30))
    assert (0, 2) not in ends(bar(0, 30), bar(30, width - 29))
    assert ends(bar(0, 3 * width)) == [(0, 1)]


def test_span_has_a_gap_where_background_separates_two_tall_segments() -> None:
    def has_gap(*segments: Component) -> bool:
        return make_spans(segments, HEIGHT)[len(segments) - 1].has_gap

    assert has_gap(bar(0), bar(10))
    assert has_gap(bar(0, height=10), bar(3), bar(13))
    assert not has_gap(bar(0), bar(10, height=HEIGHT // 2))
    assert not has_gap(bar(0), bar(6))
    assert not has_gap(bar(0))


def tensor_of(contrast: ImageU8, box: Box) -> ImageU8:
    """Return the tensor of all ink inside a box."""
    mask = (contrast[box.y : box.bottom, box.x : box.right] > 0).astype(np.uint8)
    return make_tensor(component_of(mask, box.x, box.y), Ink(contrast, 10, is_dark=True))


@pytest.mark.parametrize("place", [(0, 0), (0, 44), (40, 0), (40, 44), (20, 20)])
@pytest.mark.parametrize("level", [12, 120, 255])
def test_tensor_depends_neither_on_the_place_nor_on_the_contrast(place, level: int) -> None:
    y, x = place
    contrast = np.zeros((70, 60), np.uint8)
    contrast[y : y + 30, x : x + 16] = level
    tensor = tensor_of(contrast, Box(x, y, 16, 30))
    assert (tensor.shape, tensor.dtype, tensor.max()) == ((28, 28), np.uint8, 255)
    rows, columns = np.nonzero(tensor)
    assert np.ptp(rows) + 1 == 20
    assert abs(rows.mean() - 14) <= 1
    assert abs(columns.mean() - 14) <= 1


def test_tensor_shows_no_other_ink_inside_or_around_the_box() -> None:
    contrast = np.zeros((90, 80), np.uint8)
    contrast[10:70, 10:18] = contrast[62:70, 10:60] = 150
    hook = component_of((contrast[10:70, 10:60] > 0).astype(np.uint8), 10, 10)
    before = make_tensor(hook, Ink(contrast, 10, is_dark=True))
    contrast[20:30, 40:50] = contrast[10:70, 64:70] = contrast[74:80, 10:60] = 200
    assert np.array_equal(make_tensor(hook, Ink(contrast, 10, is_dark=True)), before)


@pytest.mark.parametrize(
    ("components", "scores", "is_split"),
    [
        ((rings(0, 20), rings(100, 20)), SURE, False),
        ((rings(0, 20, 56),), UNSURE, True),
        # A negative may be two digits.
        ((rings(0, 20, 56),), NEGATIVE, True),
        # Too wide for one digit.
        ((rings(0, 20, 56), rings(150, 20)), SURE, True),
    ],
)
def test_only_doubtful_components_are_split(components, scores, is_split: bool) -> None:
    line = line_of(*components, scores=scores)
    line.split()
    assert (line.length > len(components)) == is_split
    assert bool(line.new_spans()) == is_split


def test_scores_survive_splitting() -> None:
    sure, doubtful = rings(0, 20), rings(100, 20, 56)
    line = TextLine([sure, doubtful], GLYPHS)
    for span in line.new_spans():
        line.scores[span.start, span.end] = SURE if span.component is sure else UNSURE
    line.split()
    assert line.length > 2
    classified = [span for span in line.spans if (span.start, span.end) in line.scores]
    assert classified[0].component is sure
    assert line.scores[0, 1] is SURE
    assert all(span.component is not sure for span in line.new_spans())


def test_candidate_has_the_probabilities_with_the_costs_of_its_shape() -> None:
    def scores(line: TextLine, index: int = 0) -> NDArray[np.float64]:
        return line.candidates(3)[index].log_probabilities

    (candidate,) = line_of(bar(0)).candidates(3)
    assert (candidate.start, candidate.end) == (0, 1)
    assert np.exp(candidate.log_negative) == pytest.approx(SURE[3])
    (without_negatives,) = line_of(bar(0)).candidates(None)
    assert np.exp(without_negatives.log_negative) == pytest.approx(0.1)
    assert np.allclose(np.exp(candidate.log_probabilities), SURE[:3])
    assert np.isfinite(scores(line_of(bar(0), scores=np.array([1, 0, 0, 0], np.float32)))).all()
    one, both, _ = (scores(line_of(bar(0), bar(10)), index) for index in range(3))
    assert np.allclose(one - both, GAP_COST)
    costs = [
        -scores(line_of(bar(0), bar(100), bar(200, height=height)), 2).max()
        for height in (40, 34, 14, 6)
    ]
    assert costs[0] == costs[1] < costs[2] < costs[3]


def test_rings_are_split_where_they_touch_and_no_ink_is_lost() -> None:
    mask = np.zeros((60, 113), np.uint8)
    for centre in (20, 56, 92):
        cv2.ellipse(mask, (centre, 30), (18, 27), 0, 0, 360, 1, 4)
    parts = split(component_of(mask, x=100, y=50), 60)
    assert len(parts) > 3
    rebuilt = np.zeros_like(mask)
    for part in parts:
        assert part.area == int(part.mask.sum()) > 0
        top, left = part.box.y - 50, part.box.x - 100
        rebuilt[top : top + part.box.height, left : left + part.box.width] += part.mask
    assert np.array_equal(rebuilt, mask)
    assert [part.box.x for part in parts] == sorted(part.box.x for part in parts)
    edges = np.array([part.box.x + part.box.width for part in parts[:-1]])
    assert all(abs(edges - touching).min() <= 4 for touching in (138, 174))


@pytest.mark.parametrize("shape", [(60, 8), (1, 1), (1, 40), (40, 1), (2, 3)])
def test_small_components_lose_no_ink(shape: tuple[int, int]) -> None:
    whole = component_of(np.ones(shape, np.uint8))
    parts = split(whole, 60)
    assert sum(part.area for part in parts) == whole.area
    if shape == (60, 8):  # A 1.
        assert parts == [whole]


@settings(derandomize=True, max_examples=50, deadline=None)
@given(
    st.integers(0, 9), st.integers(0, 9), st.integers(1, 9), st.integers(1, 9), st.integers(0, 3)
)
def test_component_rotates_with_its_picture(x: int, y: int, w: int, h: int, quarters: int) -> None:
    picture = np.zeros((20, 25), np.uint8)
    mask = np.arange(1, h * w + 1, dtype=np.uint8).reshape(h, w)
    picture[y : y + h, x : x + w] = mask
    component = Component(Box(x, y, w, h), mask, w * h)
    rotated = component.rotated(quarters, *picture.shape)
    expected = np.rot90(picture, -quarters)
    np.testing.assert_array_equal(rotated.crop(expected), rotated.mask)
    assert np.count_nonzero(rotated.mask) == rotated.area == np.count_nonzero(expected)
    assert rotated.rotated(4 - quarters, *expected.shape).box == component.box


def test_tensors_are_rotated_clockwise_and_grouped_by_rotation() -> None:
    tensors = np.zeros((2, 28, 28), np.uint8)
    tensors[0, 0, 27] = tensors[1, 0, 26] = 9
    corners = [tuple(np.argwhere(one)[0]) for one in rotated_tensors(tensors)]
    assert corners == [(27, 27), (26, 27), (27, 0), (27, 1), (0, 0), (1, 0)]
    assert rotated_tensors(tensors[:0]).shape == (0, 28, 28)


def test_rotation_needs_a_clear_gain_and_two_components() -> None:
    logs = np.full((4, 3), -3.0)
    logs[1] = -0.1
    assert likeliest_rotation(logs) == 1
    assert likeliest_rotation(logs[:, :1]) == 0
    logs[1] = -3.0 + MIN_GAIN / 2
    assert likeliest_rotation(logs) == 0
