"""How far a reading is from the truth: which glyphs are wrong, and how many that makes.

In rows it is the edit distance (V. Levenshtein, 1966) of the rows one after the other, so
that a row cut in two costs nothing and a lost digit costs one, not the whole rest. Where
glyphs are scattered over the page, reading order means nothing, and the two are compared
as multisets: what is left of both, paired as far as it goes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from edge_bench.reading.truth import TruePage

ANY: Final = "?"


@dataclass(frozen=True)
class Difference:
    """One wrong glyph: read as another, left out (``text`` empty) or put in (``truth`` empty)."""

    truth: str
    text: str

    def __str__(self) -> str:
        """Say it in words."""
        if not self.text:
            return f"{self.truth} left out"
        return f"{self.text} instead of {self.truth}" if self.truth else f"{self.text} put in"


@dataclass(frozen=True)
class Score:
    """What is wrong with the reading of a page.

    Attributes:
        differences: The fewest that explain the reading.
        errors: Their number, the truth's length at most: a program that reads a hundred
            digits into the grain of one page must not drown all others.
    """

    differences: tuple[Difference, ...]
    errors: int

    @property
    def is_exact(self) -> bool:
        """Whether nothing is wrong; on a page without glyphs, that none was read."""
        return not self.differences


def score_page(page: TruePage, text: str) -> Score:
    """Compare a reading with the truth.

    Args:
        page: The truth.
        text: Glyphs as read, rows one after the other, without breaks or blanks.
    """
    compare = compare_bags if page.is_scattered else compare_rows
    differences = compare(page.glyphs, text)
    return Score(differences, min(len(differences), len(page.glyphs)))


def compare_rows(truth: str, text: str) -> tuple[Difference, ...]:
    """Return the fewest changes, omissions and insertions from the truth to a text.

    A ``?`` in the truth is like any one glyph; left out it is one error as any other.
    """
    costs = _edit_costs(truth, text)
    found: list[Difference] = []
    i, j = len(truth), len(text)
    while i or j:
        if i and j and costs[i][j] == costs[i - 1][j - 1] + _change(truth[i - 1], text[j - 1]):
            i, j = i - 1, j - 1
            if _change(truth[i], text[j]):
                found.append(Difference(truth[i], text[j]))
        elif i and costs[i][j] == costs[i - 1][j] + 1:
            i -= 1
            found.append(Difference(truth[i], ""))
        else:
            j -= 1
            found.append(Difference("", text[j]))
    return tuple(reversed(found))


def compare_bags(truth: str, text: str) -> tuple[Difference, ...]:
    """Return what differs between the glyphs of both, in whatever order they stand.

    A ``?`` of the truth takes one glyph of the text that nothing else accounts for.
    """
    wanted, found = Counter(truth), Counter(text)
    unknown = wanted.pop(ANY, 0)
    extra = sorted((found - wanted).elements())[unknown:]
    # The glyphs that a ? took are no errors; a ? that found none is left out.
    unmatched = max(0, unknown - (found - wanted).total())
    missing = sorted((wanted - found).elements()) + [ANY] * unmatched
    return tuple(Difference(*pair) for pair in zip_longest(missing, extra, fillvalue=""))


def _edit_costs(truth: str, text: str) -> list[list[int]]:
    """Return for every beginning of the truth its distance to every beginning of the text."""
    costs = [list(range(len(text) + 1))]
    for i, wanted in enumerate(truth, 1):
        row = [i]
        for j, found in enumerate(text, 1):
            row.append(
                min(costs[-1][j] + 1, row[-1] + 1, costs[-1][j - 1] + _change(wanted, found))
            )
        costs.append(row)
    return costs


def _change(wanted: str, found: str) -> int:
    return int(wanted not in {found, ANY})
