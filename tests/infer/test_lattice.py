"""What may be one glyph, and what the recogniser sees of it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.page.binarize import Ink
from edge_infer.page.components import Component
from edge_infer.page.text_line import (
    MAX_GAP,
    MAX_SEGMENTS,
    MAX_WIDTH,
    Span,
    make_spans,
    make_tensor,
)

ImageU8 = NDArray[np.uint8]

HEIGHT = 40


def segment(x: int, width: int = 8, height: int = HEIGHT, y: int = 0) -> Component:
    return Component(Box(x, y, width, height), np.ones((height, width), np.uint8), width * height)


def ends(spans: list[Span]) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in spans]


def piece_of(contrast: ImageU8, box: Box) -> Component:
    """Return all ink within a box as one component."""
    mask = (contrast[box.y : box.y + box.height, box.x : box.x + box.width] > 0).astype(np.uint8)
    return Component(box, mask, int(mask.sum()))


def test_spans_are_runs_of_atoms_that_stand_close() -> None:
    segments = [segment(0), segment(8), segment(18)]
    spans = make_spans(segments, HEIGHT)
    assert ends(spans) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert spans[2].component.box == Box(0, 0, 26, HEIGHT)
    assert spans[2].component.area == sum(one.area for one in segments)
    assert spans[0].component is segments[0]


def test_spans_of_no_atoms_are_none() -> None:
    assert make_spans([], HEIGHT) == []


def test_spans_reach_over_no_wider_gap() -> None:
    limit = int(MAX_GAP * HEIGHT)
    assert (0, 2) in ends(make_spans([segment(0), segment(8 + limit)], HEIGHT))
    assert (0, 2) not in ends(make_spans([segment(0), segment(8 + limit + 1)], HEIGHT))


def test_spans_are_no_wider_than_a_glyph() -> None:
    limit = int(MAX_WIDTH * HEIGHT)
    assert (0, 2) in ends(make_spans([segment(0, 30), segment(30, limit - 30)], HEIGHT))
    assert (0, 2) not in ends(make_spans([segment(0, 30), segment(30, limit - 29)], HEIGHT))
    # A single segment is a span however wide: it must be taken for something.
    assert ends(make_spans([segment(0, 3 * limit)], HEIGHT)) == [(0, 1)]


@pytest.mark.parametrize("most", [1, 2, 3, MAX_SEGMENTS])
def test_spans_have_no_more_atoms_than_allowed(most: int) -> None:
    segments = [segment(4 * index, 4) for index in range(7)]
    spans = make_spans(segments, HEIGHT, most)
    assert max(span.end - span.start for span in spans) == most
    assert {(index, index + 1) for index in range(7)} <= set(ends(spans))


def test_span_has_gap_where_paper_parts_two_tall_atoms() -> None:
    def has_gap(*segments: Component) -> bool:
        return make_spans(segments, HEIGHT)[len(segments) - 1].has_gap

    assert has_gap(segment(0), segment(10))
    assert has_gap(segment(0, height=10), segment(3), segment(13))
    # Not a part of a digit beside the rest, nor a digit cut in two, nor any single segment.
    assert not has_gap(segment(0), segment(10, height=HEIGHT // 2))
    assert not has_gap(segment(0, height=HEIGHT // 2), segment(10))
    assert not has_gap(segment(0), segment(6))
    assert not has_gap(segment(0))


def test_tensor_is_of_the_models_geometry() -> None:
    contrast = np.zeros((100, 120), np.uint8)
    contrast[20:80, 40:52] = 150
    tensor = make_tensor(piece_of(contrast, Box(40, 20, 12, 60)), Ink(contrast, 10, is_dark=True))
    assert tensor.shape == (28, 28)
    assert tensor.dtype == np.uint8
    rows, columns = np.nonzero(tensor)
    assert np.ptp(rows) + 1 == 20
    assert tensor.max() == 255
    assert abs(rows.mean() - 14) <= 1
    assert abs(columns.mean() - 14) <= 1


def test_tensor_shows_nothing_of_the_neighbours() -> None:
    alone = np.zeros((100, 120), np.uint8)
    alone[20:80, 40:52] = 150
    box = Box(40, 20, 12, 60)
    crowded = alone.copy()
    crowded[20:80, 56:68] = 150
    crowded[10:15, 30:60] = 200
    component = piece_of(alone, box)
    expected = make_tensor(component, Ink(alone, 10, is_dark=True))
    assert np.array_equal(make_tensor(component, Ink(crowded, 10, is_dark=True)), expected)


def test_tensor_shows_only_the_piece_within_its_box() -> None:
    # A hook, and in its box a dot that belongs to something else.
    contrast = np.zeros((80, 80), np.uint8)
    contrast[10:70, 10:18] = contrast[62:70, 10:60] = 150
    box = Box(10, 10, 50, 60)
    hook = piece_of(contrast, box)
    before = make_tensor(hook, Ink(contrast, 10, is_dark=True))
    contrast[20:30, 40:50] = 150
    assert np.array_equal(make_tensor(hook, Ink(contrast, 10, is_dark=True)), before)


@pytest.mark.parametrize("level", [12, 60, 255])
def test_tensor_does_not_depend_on_how_deep_the_ink_is(level: int) -> None:
    contrast = np.zeros((60, 60), np.uint8)
    contrast[10:50, 20:30] = level
    box = Box(20, 10, 10, 40)
    tensor = make_tensor(piece_of(contrast, box), Ink(contrast, 5, is_dark=True))
    assert tensor.max() == 255
    full = np.where(contrast > 0, 255, 0).astype(np.uint8)
    assert np.array_equal(
        tensor > 0, make_tensor(piece_of(full, box), Ink(full, 5, is_dark=True)) > 0
    )


@pytest.mark.parametrize("shape", [(40, 20), (1, 1), (3, 200)])
def test_tensor_of_ink_that_fills_the_picture(shape: tuple[int, int]) -> None:
    contrast = np.full(shape, 90, np.uint8)
    box = Box(0, 0, shape[1], shape[0])
    assert make_tensor(piece_of(contrast, box), Ink(contrast, 10, is_dark=True)).any()


def test_tensor_is_the_same_in_each_corner_and_in_the_middle() -> None:
    shape, size = (70, 60), (30, 16)
    pictures: list[ImageU8] = []
    for y, x in ((0, 0), (0, 44), (40, 0), (40, 44), (20, 20)):
        contrast = np.zeros(shape, np.uint8)
        contrast[y : y + size[0], x : x + size[1]] = 120
        component = piece_of(contrast, Box(x, y, size[1], size[0]))
        pictures.append(make_tensor(component, Ink(contrast, 10, is_dark=True)))
    assert all(np.array_equal(picture, pictures[-1]) for picture in pictures)
