"""The best path through the candidates of a line."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_infer.page.decode import Candidate, Choice, decode, decode_as

LABELS = ["0", "1", "2"]


def candidate(start: int, end: int, *probabilities: float, negative: float = 0.01) -> Candidate:
    logs = np.log(np.array(probabilities, np.float64))
    return Candidate(start, end, logs, float(np.log(negative)), negative_cost=2.0 * (end - start))


def text(path: list[Choice] | None) -> str | None:
    if path is None:
        return None
    return "".join("" if c.class_id is None else LABELS[c.class_id] for c in path)


# Two halves that look a little like a 1 and a 2, and together like a 0.
ZERO = [
    candidate(0, 1, 0.01, 0.6, 0.1, negative=0.3),
    candidate(1, 2, 0.01, 0.1, 0.5, negative=0.4),
    candidate(0, 2, 0.97, 0.01, 0.01, negative=0.01),
]
# Two sure digits that touch.
PAIR = [
    candidate(0, 1, 0.01, 0.97, 0.01),
    candidate(1, 2, 0.01, 0.01, 0.97),
    candidate(0, 2, 0.3, 0.01, 0.01, negative=0.68),
]


def test_decode_takes_the_likelier_of_one_glyph_and_two() -> None:
    assert text(decode(ZERO, 2)) == "0"
    assert text(decode(PAIR, 2)) == "12"


def test_decode_leaves_out_negatives_and_keeps_doubtful_digits() -> None:
    plus = candidate(0, 1, 0.01, 0.02, 0.01, negative=0.96)
    path = decode([plus, candidate(1, 2, 0.9, 0.05, 0.05)], 2)
    assert [choice.class_id for choice in path] == [None, 0]
    assert text(decode([candidate(0, 1, 0.35, 0.01, 0.01, negative=0.6)], 1)) == "0"


@pytest.mark.parametrize(
    ("candidates", "pattern", "expected"),
    [
        (PAIR, r"\d{2}", "12"),
        (PAIR, r"\d", "0"),
        (PAIR, "2.", "22"),
        (ZERO, r"\d{2}", "12"),
        (PAIR, r"\d{7}", None),
        (PAIR, "[a-z]+", None),
    ],
)
def test_decode_as_finds_the_likeliest_matching_text(candidates, pattern, expected) -> None:
    assert text(decode_as(candidates, 2, LABELS, re.compile(pattern))) == expected


@st.composite
def lattices(draw: st.DrawFn) -> tuple[list[Candidate], int]:
    segments = draw(st.integers(1, 5))
    share = st.floats(0.001, 1.0)
    candidates: list[Candidate] = []
    for start in range(segments):
        for end in range(start + 1, segments + 1):
            if end == start + 1 or draw(st.booleans()):
                values = np.array(draw(st.lists(share, min_size=4, max_size=4)))
                values /= values.sum()
                candidates.append(candidate(start, end, *values[:3], negative=float(values[3])))
    return candidates, segments


@settings(derandomize=True, max_examples=60, deadline=None)
@given(lattices())
def test_path_covers_every_segment_once_and_any_form_gives_the_same_text(
    lattice: tuple[list[Candidate], int],
) -> None:
    candidates, segments = lattice
    path = decode(candidates, segments)
    covered = [(candidates[c.candidate].start, candidates[c.candidate].end) for c in path]
    assert (covered[0][0], covered[-1][1]) == (0, segments)
    assert all(left[1] == right[0] for left, right in itertools.pairwise(covered))
    assert text(decode_as(candidates, segments, LABELS, re.compile(".*"))) == text(path)
