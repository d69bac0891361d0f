"""The best path through a row's candidates."""

from __future__ import annotations

import itertools
import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_infer.page.decode import Candidate, Choice, decode, decode_as

LABELS = ["0", "1", "2"]


def candidate(start: int, end: int, *probabilities: float, other: float = 0.01) -> Candidate:
    logs = np.log(np.array(probabilities, np.float64))
    return Candidate(start, end, logs, float(np.log(other)), negative_cost=2.0 * (end - start))


def text(path: list[Choice] | None) -> str | None:
    if path is None:
        return None
    return "".join("" if c.class_id is None else LABELS[c.class_id] for c in path)


# Two halves that look like a 1 and a 2 with little conviction, together a sure 0.
ZERO = [
    candidate(0, 1, 0.01, 0.6, 0.1, other=0.3),
    candidate(1, 2, 0.01, 0.1, 0.5, other=0.4),
    candidate(0, 2, 0.97, 0.01, 0.01, other=0.01),
]
# The other way round: two sure digits that touch.
PAIR = [
    candidate(0, 1, 0.01, 0.97, 0.01),
    candidate(1, 2, 0.01, 0.01, 0.97),
    candidate(0, 2, 0.3, 0.01, 0.01, other=0.68),
]


def test_decode_takes_a_glyph_whole_or_apart_as_is_likelier() -> None:
    assert text(decode(ZERO, 2)) == "0"
    assert text(decode(PAIR, 2)) == "12"


def test_decode_leaves_out_what_is_no_glyph() -> None:
    plus = candidate(0, 1, 0.01, 0.02, 0.01, other=0.96)
    path = decode([plus, candidate(1, 2, 0.9, 0.05, 0.05)], 2)
    assert [choice.class_id for choice in path] == [None, 0]


def test_decode_keeps_a_doubtful_digit() -> None:
    # Writing is mostly digits: to be left out something must be a good deal likelier no digit.
    assert text(decode([candidate(0, 1, 0.35, 0.01, 0.01, other=0.6)], 1)) == "0"


def test_decode_as_finds_the_likeliest_text_of_a_form() -> None:
    assert text(decode_as(PAIR, 2, LABELS, re.compile(r"\d{2}"))) == "12"
    assert text(decode_as(PAIR, 2, LABELS, re.compile(r"\d"))) == "0"
    assert text(decode_as(PAIR, 2, LABELS, re.compile("2."))) == "22"
    assert text(decode_as(ZERO, 2, LABELS, re.compile(r"\d{2}"))) == "12"


def test_decode_as_has_no_answer_where_nothing_fits() -> None:
    assert decode_as(PAIR, 2, LABELS, re.compile(r"\d{7}")) is None
    assert decode_as(PAIR, 2, LABELS, re.compile("[a-z]+")) is None


@st.composite
def lattices(draw: st.DrawFn) -> tuple[list[Candidate], int]:
    atoms = draw(st.integers(1, 5))
    share = st.floats(0.001, 1.0)
    candidates: list[Candidate] = []
    for start in range(atoms):
        for end in range(start + 1, atoms + 1):
            if end == start + 1 or draw(st.booleans()):
                values = np.array(draw(st.lists(share, min_size=4, max_size=4)))
                values /= values.sum()
                candidates.append(candidate(start, end, *values[:3], other=float(values[3])))
    return candidates, atoms


@settings(derandomize=True, max_examples=60, deadline=None)
@given(lattices())
def test_decode_covers_every_atom_once_and_agrees_with_any_form(
    lattice: tuple[list[Candidate], int],
) -> None:
    candidates, atoms = lattice
    path = decode(candidates, atoms)
    covered = [(candidates[c.candidate].start, candidates[c.candidate].end) for c in path]
    assert covered[0][0] == 0
    assert covered[-1][1] == atoms
    assert all(left[1] == right[0] for left, right in itertools.pairwise(covered))
    # Both searches look for the same thing where any text will do.
    assert text(decode_as(candidates, atoms, LABELS, re.compile(".*"))) == text(path)
