"""Decode a text line: find the best path through a lattice of candidates.

A line is a sequence of segments, the parts that its ink was cut into. A candidate covers
consecutive segments, with the probabilities of the classifier that together they are one glyph. A
reading is a path of candidates from the first segment to the last. Its score is the sum of the
log probabilities, minus costs for each glyph and for each candidate that is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Cost of each glyph, in nats. Of readings with the same probability the one with fewer glyphs is
# right, since parts of a digit often look like another digit (the flag of a 1 like a 1).
GLYPH_COST: Final = 0.5
# Beam search for an expected form: readings kept at each segment for each number of glyphs, and
# classes tried for each candidate.
BEAM_WIDTH: Final = 48
BEAM_CLASSES: Final = 4


@dataclass(frozen=True, eq=False)
class Candidate:
    """Consecutive segments that may be one glyph.

    Attributes:
        start: Index of the first segment.
        end: Index after the last segment.
        log_probabilities: float64 (classes,), of the glyph classes.
        log_negative: Log probability that it is no glyph.
        negative_cost: Cost of leaving it out, in nats, since most ink is digits.
    """

    start: int
    end: int
    log_probabilities: NDArray[np.float64]
    log_negative: float
    negative_cost: float


class Choice(NamedTuple):
    """The index of a candidate of a path, and its glyph class; None if it is left out."""

    candidate: int
    class_id: int | None


class _State(NamedTuple):
    score: float
    text: str
    choices: tuple[Choice, ...]


def decode(candidates: Sequence[Candidate], segments: int) -> list[Choice]:
    """Return the reading with the best score (Viterbi 1967).

    Args:
        candidates: Candidates of the line, at least one for each single segment.
        segments: Number of segments of the line.
    """
    scores = np.full(segments + 1, -np.inf)
    scores[0] = 0.0
    steps: list[Choice | None] = [None] * (segments + 1)
    for index in sorted(range(len(candidates)), key=lambda index: candidates[index].end):
        candidate = candidates[index]
        class_id, score = _best_class(candidate)
        total = scores[candidate.start] + score
        if total > scores[candidate.end]:
            scores[candidate.end] = total
            steps[candidate.end] = Choice(index, class_id)
    path: list[Choice] = []
    at = segments
    while at:
        step = steps[at]
        assert step is not None
        path.append(step)
        at = candidates[step.candidate].start
    return path[::-1]


def _best_class(candidate: Candidate) -> tuple[int | None, float]:
    class_id = int(candidate.log_probabilities.argmax())
    score = float(candidate.log_probabilities[class_id]) - GLYPH_COST
    negative = candidate.log_negative - candidate.negative_cost
    return (class_id, score) if score >= negative else (None, negative)


def decode_as(
    candidates: Sequence[Candidate],
    segments: int,
    labels: Sequence[str],
    pattern: re.Pattern[str],
) -> list[Choice] | None:
    """Return the best reading found whose text matches a pattern, or None (beam search).

    Args:
        candidates: As for :func:`decode`.
        segments: Number of segments of the line.
        labels: Labels of the glyph classes.
        pattern: Must match the whole text.
    """
    states: list[dict[int, list[_State]]] = [{} for _ in range(segments + 1)]
    states[0][0] = [_State(0.0, "", ())]
    for index in sorted(range(len(candidates)), key=lambda index: candidates[index].start):
        candidate = candidates[index]
        for count, before in states[candidate.start].items():
            for class_id, score in _likely_classes(candidate):
                label = "" if class_id is None else labels[class_id]
                after = states[candidate.end].setdefault(count + bool(label), [])
                after += [
                    _State(s.score + score, s.text + label, (*s.choices, Choice(index, class_id)))
                    for s in before
                ]
        _prune(states[candidate.end])
    final = [state for group in states[segments].values() for state in group]
    matching = [state for state in final if pattern.fullmatch(state.text)]
    best = max(matching, key=lambda state: state.score, default=None)
    return None if best is None else list(best.choices)


def _likely_classes(candidate: Candidate) -> list[tuple[int | None, float]]:
    scores = candidate.log_probabilities
    best = nlargest(BEAM_CLASSES, range(len(scores)), key=scores.__getitem__)
    return [
        *((class_id, float(scores[class_id]) - GLYPH_COST) for class_id in best),
        (None, candidate.log_negative - candidate.negative_cost),
    ]


def _prune(groups: dict[int, list[_State]]) -> None:
    for count, group in groups.items():
        if len(group) > BEAM_WIDTH:
            groups[count] = nlargest(BEAM_WIDTH, group, key=lambda state: state.score)
