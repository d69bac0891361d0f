"""What differs between the answers of two CPUs, and whether it may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_bench.cpus.answers import (
    FLOAT,
    INT8,
    PAGE_TENSORS,
    PAGES,
    STACKED_TENSORS,
    TENSORS,
    Answers,
)

FLOAT_LIMIT: Final = 5e-5


@dataclass(frozen=True, kw_only=True)
class Differences:
    """How one CPU's answers differ from the reference's.

    Attributes:
        tensors: Pictures of a digit that became another 28x28 tensor.
        int8: Pictures, and glyphs on pages, with other int8 probabilities, over all models.
        int8_delta: The largest difference of an int8 file's probability.
        float_delta: Of a float file's.
        page_tensors: Glyphs on pages with another tensor; all where their number differs.
        pages: Places of the pages that read otherwise: a text, a box, how it was turned.
    """

    tensors: int
    int8: int
    int8_delta: float
    float_delta: float
    page_tensors: int
    pages: tuple[int, ...]

    @property
    def is_same(self) -> bool:
        """Whether every answer is the same, floats within :data:`FLOAT_LIMIT`."""
        changed = self.tensors + self.int8 + self.page_tensors + len(self.pages)
        return not changed and self.float_delta <= FLOAT_LIMIT


def compare(reference: Answers, answers: Answers) -> Differences:
    """Compare all arrays.

    Args:
        reference: As of :func:`edge_bench.cpus.answers.answer`.
        answers: Of another CPU on the same inputs.
    """
    assert reference.keys() == answers.keys(), "answers to other questions"
    int8 = [name for name in reference if name.startswith(INT8)]
    floats = [name for name in reference if name.startswith(FLOAT)]
    same_pages = reference[PAGES] == answers[PAGES]
    return Differences(
        tensors=sum(
            _changed_rows(reference[name], answers[name]) for name in (TENSORS, STACKED_TENSORS)
        ),
        int8=sum(_changed_rows(reference[name], answers[name]) for name in int8),
        int8_delta=max(_delta(reference[name], answers[name]) for name in int8),
        float_delta=max(_delta(reference[name], answers[name]) for name in floats),
        page_tensors=_changed_rows(reference[PAGE_TENSORS], answers[PAGE_TENSORS]),
        pages=tuple(np.flatnonzero(~same_pages).tolist()),
    )


def _changed_rows(one: NDArray[Any], other: NDArray[Any]) -> int:
    if one.shape != other.shape:
        return max(len(one), len(other))
    return int((one != other).reshape(len(one), -1).any(axis=1).sum())


def _delta(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the largest difference; 1, all there can be, where the shapes differ."""
    return float(abs(one - other).max()) if one.shape == other.shape else 1.0
