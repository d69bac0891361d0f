"""What may be one glyph, and what the recogniser sees of it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.page.ink import Ink
from edge_infer.page.lattice import MAX_ATOMS, MAX_GAP, MAX_WIDTH, Span, make_spans, make_tensor
from edge_infer.page.strokes import Piece

ImageU8 = NDArray[np.uint8]

HEIGHT = 40


def atom(x: int, width: int = 8, height: int = HEIGHT, y: int = 0) -> Piece:
    return Piece(Box(x, y, width, height), np.ones((height, width), np.uint8), width * height)


def ends(spans: list[Span]) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in spans]


def piece_of(depth: ImageU8, box: Box) -> Piece:
    """Return all ink within a box as one piece."""
    mask = (depth[box.y : box.y + box.height, box.x : box.x + box.width] > 0).astype(np.uint8)
    return Piece(box, mask, int(mask.sum()))


def test_spans_are_runs_of_atoms_that_stand_close() -> None:
    atoms = [atom(0), atom(8), atom(18)]
    spans = make_spans(atoms, HEIGHT)
    assert ends(spans) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert spans[2].piece.box == Box(0, 0, 26, HEIGHT)
    assert spans[2].piece.area == sum(one.area for one in atoms)
    assert spans[0].piece is atoms[0]


def test_spans_of_no_atoms_are_none() -> None:
    assert make_spans([], HEIGHT) == []


def test_spans_reach_over_no_wider_gap() -> None:
    limit = int(MAX_GAP * HEIGHT)
    assert (0, 2) in ends(make_spans([atom(0), atom(8 + limit)], HEIGHT))
    assert (0, 2) not in ends(make_spans([atom(0), atom(8 + limit + 1)], HEIGHT))


def test_spans_are_no_wider_than_a_glyph() -> None:
    limit = int(MAX_WIDTH * HEIGHT)
    assert (0, 2) in ends(make_spans([atom(0, 30), atom(30, limit - 30)], HEIGHT))
    assert (0, 2) not in ends(make_spans([atom(0, 30), atom(30, limit - 29)], HEIGHT))
    # A single atom is a span however wide: it must be taken for something.
    assert ends(make_spans([atom(0, 3 * limit)], HEIGHT)) == [(0, 1)]


@pytest.mark.parametrize("most", [1, 2, 3, MAX_ATOMS])
def test_spans_have_no_more_atoms_than_allowed(most: int) -> None:
    atoms = [atom(4 * index, 4) for index in range(7)]
    spans = make_spans(atoms, HEIGHT, most)
    assert max(span.end - span.start for span in spans) == most
    assert {(index, index + 1) for index in range(7)} <= set(ends(spans))


def test_span_is_apart_where_paper_parts_two_tall_atoms() -> None:
    def is_apart(*atoms: Piece) -> bool:
        return make_spans(atoms, HEIGHT)[len(atoms) - 1].is_apart

    assert is_apart(atom(0), atom(10))
    assert is_apart(atom(0, height=10), atom(3), atom(13))
    # Not a part of a digit beside the rest, nor a digit cut in two, nor any single atom.
    assert not is_apart(atom(0), atom(10, height=HEIGHT // 2))
    assert not is_apart(atom(0, height=HEIGHT // 2), atom(10))
    assert not is_apart(atom(0), atom(6))
    assert not is_apart(atom(0))


def test_tensor_is_of_the_models_geometry() -> None:
    depth = np.zeros((100, 120), np.uint8)
    depth[20:80, 40:52] = 150
    tensor = make_tensor(piece_of(depth, Box(40, 20, 12, 60)), Ink(depth, 10, is_dark=True))
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
    piece = piece_of(alone, box)
    expected = make_tensor(piece, Ink(alone, 10, is_dark=True))
    assert np.array_equal(make_tensor(piece, Ink(crowded, 10, is_dark=True)), expected)


def test_tensor_shows_only_the_piece_within_its_box() -> None:
    # A hook, and in its box a dot that belongs to something else.
    depth = np.zeros((80, 80), np.uint8)
    depth[10:70, 10:18] = depth[62:70, 10:60] = 150
    box = Box(10, 10, 50, 60)
    hook = piece_of(depth, box)
    before = make_tensor(hook, Ink(depth, 10, is_dark=True))
    depth[20:30, 40:50] = 150
    assert np.array_equal(make_tensor(hook, Ink(depth, 10, is_dark=True)), before)


@pytest.mark.parametrize("level", [12, 60, 255])
def test_tensor_does_not_depend_on_how_deep_the_ink_is(level: int) -> None:
    depth = np.zeros((60, 60), np.uint8)
    depth[10:50, 20:30] = level
    box = Box(20, 10, 10, 40)
    tensor = make_tensor(piece_of(depth, box), Ink(depth, 5, is_dark=True))
    assert tensor.max() == 255
    full = np.where(depth > 0, 255, 0).astype(np.uint8)
    assert np.array_equal(
        tensor > 0, make_tensor(piece_of(full, box), Ink(full, 5, is_dark=True)) > 0
    )


@pytest.mark.parametrize("shape", [(40, 20), (1, 1), (3, 200)])
def test_tensor_of_ink_that_fills_the_picture(shape: tuple[int, int]) -> None:
    depth = np.full(shape, 90, np.uint8)
    box = Box(0, 0, shape[1], shape[0])
    assert make_tensor(piece_of(depth, box), Ink(depth, 10, is_dark=True)).any()


def test_tensor_is_the_same_in_each_corner_and_in_the_middle() -> None:
    shape, size = (70, 60), (30, 16)
    pictures: list[ImageU8] = []
    for y, x in ((0, 0), (0, 44), (40, 0), (40, 44), (20, 20)):
        depth = np.zeros(shape, np.uint8)
        depth[y : y + size[0], x : x + size[1]] = 120
        piece = piece_of(depth, Box(x, y, size[1], size[0]))
        pictures.append(make_tensor(piece, Ink(depth, 10, is_dark=True)))
    assert all(np.array_equal(picture, pictures[-1]) for picture in pictures)
