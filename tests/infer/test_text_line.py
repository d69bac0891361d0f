"""A row on its way from components to glyphs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.page.components import Component
from edge_infer.page.text_line import GAP_COST, TextLine

# Columns of the probabilities: three glyphs, and one for what is none.
GLYPHS = np.array([0, 1, 2])
SURE = np.array([0.98, 0.01, 0.005, 0.005], np.float32)
UNSURE = np.array([0.4, 0.3, 0.1, 0.2], np.float32)
OTHER = np.array([0.005, 0.005, 0.01, 0.98], np.float32)
LOG_OTHER = float(np.log(0.01))


def rings(x: int, *centres: int) -> Component:
    """Return rings as one component of 54 rows; those 36 columns apart touch."""
    mask = np.zeros((60, max(centres) + 21), np.uint8)
    for centre in centres:
        cv2.ellipse(mask, (centre, 30), (18, 27), 0, 0, 360, 1, 4)
    left, top, width, height = cv2.boundingRect(mask)
    inner = np.ascontiguousarray(mask[top : top + height, left : left + width])
    return Component(Box(x + left, top, width, height), inner, int(inner.sum()))


def bar(x: int, width: int = 8, height: int = 58) -> Component:
    return Component(Box(x, 0, width, height), np.ones((height, width), np.uint8), width * height)


def look(row: TextLine, scores: NDArray[np.float32]) -> None:
    """Say the same of every span that is new."""
    for span in row.new_spans():
        row.scores[span.start, span.end] = scores


def test_row_shows_each_piece_and_its_near_neighbours_first() -> None:
    row = TextLine([bar(0), bar(10), bar(200)])
    assert [(span.start, span.end) for span in row.spans] == [(0, 1), (0, 2), (1, 2), (2, 3)]
    assert row.length == 3
    assert len(row.new_spans()) == 4


def test_row_has_nothing_new_once_all_is_looked_at() -> None:
    row = TextLine([bar(0), bar(10)])
    look(row, UNSURE)
    assert row.new_spans() == []


def test_sure_pieces_are_not_cut() -> None:
    row = TextLine([rings(0, 20), rings(100, 20)])
    look(row, SURE)
    row.split(GLYPHS)
    assert row.length == 2
    assert row.new_spans() == []


@pytest.mark.parametrize("scores", [UNSURE, OTHER])
def test_doubtful_pieces_are_cut(scores: NDArray[np.float32]) -> None:
    # What is surely no glyph is cut as well: it may be two.
    row = TextLine([rings(0, 20, 56)])
    look(row, scores)
    row.split(GLYPHS)
    assert row.length > 1
    assert row.new_spans()


def test_a_sure_piece_that_is_too_wide_for_a_digit_is_cut() -> None:
    row = TextLine([rings(0, 20, 56), rings(150, 20)])
    look(row, SURE)
    row.split(GLYPHS)
    singles = [span.component.box for span in row.spans if span.end - span.start == 1]
    assert len(singles) > 2
    assert singles[-1] == rings(150, 20).box


def test_only_what_is_in_doubt_is_cut() -> None:
    sure, doubtful = rings(0, 20), rings(100, 20, 56)
    row = TextLine([sure, doubtful])
    for span in row.new_spans():
        row.scores[span.start, span.end] = SURE if span.component is sure else UNSURE
    row.split(GLYPHS)
    singles = [span.component for span in row.spans if span.end - span.start == 1]
    assert singles[0] is sure
    assert len(singles) > 2


def test_scores_are_kept_over_the_cut() -> None:
    components = [rings(0, 20, 56), rings(150, 20)]
    row = TextLine(components)
    for index, span in enumerate(row.new_spans()):
        row.scores[span.start, span.end] = np.float32(0.1 * (index + 1)) * UNSURE
    before = {
        component.box: row.scores[index, index + 1] for index, component in enumerate(components)
    }
    row.split(GLYPHS)
    after = {
        span.component.box: row.scores[span.start, span.end]
        for span in row.spans
        if (span.start, span.end) in row.scores
    }
    assert row.length > 2
    for box, scores in before.items():
        if box in {span.component.box for span in row.spans}:
            assert np.array_equal(after[box], scores)
    # The whole components are still there, and known; the parts are new.
    assert components[1].box in after
    assert all(span.component.box not in before for span in row.new_spans())


def candidate_scores(row: TextLine, index: int = 0) -> NDArray[np.float64]:
    return row.candidate(row.spans[index], GLYPHS, LOG_OTHER).log_probabilities


def test_candidate_gives_what_the_recogniser_said_of_glyphs() -> None:
    row = TextLine([bar(0)])
    look(row, SURE)
    candidate = row.candidate(row.spans[0], GLYPHS, LOG_OTHER)
    assert (candidate.start, candidate.end) == (0, 1)
    assert np.allclose(np.exp(candidate.log_probabilities), SURE[:3])
    assert candidate.log_negative == LOG_OTHER


def test_a_probability_of_nothing_is_no_infinite_cost() -> None:
    row = TextLine([bar(0)])
    look(row, np.array([1, 0, 0, 0], np.float32))
    assert np.isfinite(candidate_scores(row)).all()


def test_low_pieces_cost_the_more_the_lower_they_are() -> None:
    costs: list[float] = []
    for height in (58, 50, 20, 8):
        row = TextLine([bar(0), bar(100), bar(200, height=height)])
        look(row, SURE)
        costs.append(-float(candidate_scores(row, 2).max()))
    assert costs[0] == costs[1] < costs[2] < costs[3]


def test_what_stands_apart_costs_as_one_glyph() -> None:
    row = TextLine([bar(0), bar(10)])
    look(row, SURE)
    one, both, _ = (candidate_scores(row, index) for index in range(3))
    assert np.allclose(one - both, GAP_COST)


def test_what_stands_apart_is_never_sure_together() -> None:
    # Two touching pairs, which a careless recogniser takes for one glyph.
    row = TextLine([rings(0, 20, 56), rings(81, 20, 56)])
    for span in row.new_spans():
        row.scores[span.start, span.end] = SURE if span.end - span.start > 1 else UNSURE
    row.split(GLYPHS)
    assert row.length > 2
