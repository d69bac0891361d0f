"""From a row's candidates to its best reading: a path through a lattice.

The row is a sequence of atoms, the smallest parts that its ink was cut into. A candidate
spans some atoms in a row, and the recogniser has said what it takes them for, together, as
one glyph. A reading is a path of candidates from the first atom to the last. Its score is
the sum of the candidates' log probabilities, less what each glyph and what is left out cost.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Nats that each glyph costs: of readings that are as likely, that of fewer glyphs is right,
# since a part of a digit is often like another (the flag of a 1 like a 1).
GLYPH_COST: Final = 0.5
# Readings kept at each atom for each number of glyphs, where an expected form decides, and
# labels tried for a candidate.
KEPT: Final = 48
LABELS: Final = 4


@dataclass(frozen=True, eq=False)
class Candidate:
    """Atoms taken for one glyph.

    Attributes:
        start: First atom.
        end: Atom after the last.
        log_probabilities: float (classes,), of the labels.
        log_other: That it is no glyph.
        other_cost: Nats that it costs to leave it out: writing is mostly digits.
    """

    start: int
    end: int
    log_probabilities: NDArray[np.float64]
    log_other: float
    other_cost: float


@dataclass(frozen=True)
class Choice:
    """A candidate on the path: its index, and its class; None for what is left out."""

    candidate: int
    class_id: int | None


@dataclass(frozen=True)
class _State:
    score: float
    text: str
    choices: tuple[Choice, ...]


def decode(candidates: Sequence[Candidate], atoms: int) -> list[Choice]:
    """Return the best reading (Viterbi 1967).

    Args:
        candidates: With one for each single atom at least.
        atoms: Number of atoms in the row.
    """
    scores = np.full(atoms + 1, -np.inf)
    scores[0] = 0.0
    steps: list[Choice | None] = [None] * (atoms + 1)
    for index in sorted(range(len(candidates)), key=lambda index: candidates[index].end):
        candidate = candidates[index]
        class_id, score = _best_label(candidate)
        total = scores[candidate.start] + score
        if total > scores[candidate.end]:
            scores[candidate.end] = total
            steps[candidate.end] = Choice(index, class_id)
    path: list[Choice] = []
    at = atoms
    while at:
        step = steps[at]
        assert step is not None
        path.append(step)
        at = candidates[step.candidate].start
    return path[::-1]


def _best_label(candidate: Candidate) -> tuple[int | None, float]:
    class_id = int(candidate.log_probabilities.argmax())
    score = float(candidate.log_probabilities[class_id]) - GLYPH_COST
    other = candidate.log_other - candidate.other_cost
    return (class_id, score) if score >= other else (None, other)


def decode_as(
    candidates: Sequence[Candidate],
    atoms: int,
    labels: Sequence[str],
    pattern: re.Pattern[str],
) -> list[Choice] | None:
    """Return the best reading whose whole text matches a pattern, or None.

    Args:
        candidates: As for :func:`decode`.
        atoms: Number of atoms in the row.
        labels: Of the classes.
        pattern: The whole text must match it.
    """
    states: list[dict[int, list[_State]]] = [{} for _ in range(atoms + 1)]
    states[0][0] = [_State(0.0, "", ())]
    for index in sorted(range(len(candidates)), key=lambda index: candidates[index].start):
        candidate = candidates[index]
        for count, before in states[candidate.start].items():
            for class_id, score in _labels_of(candidate):
                label = "" if class_id is None else labels[class_id]
                after = states[candidate.end].setdefault(count + bool(label), [])
                after += [
                    _State(s.score + score, s.text + label, (*s.choices, Choice(index, class_id)))
                    for s in before
                ]
        _prune(states[candidate.end])
    final = [state for group in states[atoms].values() for state in group]
    matching = [state for state in final if pattern.fullmatch(state.text)]
    if not matching:
        return None
    return list(max(matching, key=lambda state: state.score).choices)


def _labels_of(candidate: Candidate) -> list[tuple[int | None, float]]:
    best = nlargest(
        LABELS, range(len(candidate.log_probabilities)), key=candidate.log_probabilities.__getitem__
    )
    scored: list[tuple[int | None, float]] = [
        (class_id, float(candidate.log_probabilities[class_id]) - GLYPH_COST) for class_id in best
    ]
    return [*scored, (None, candidate.log_other - candidate.other_cost)]


def _prune(groups: dict[int, list[_State]]) -> None:
    for count, group in groups.items():
        if len(group) > KEPT:
            groups[count] = nlargest(KEPT, group, key=lambda state: state.score)
