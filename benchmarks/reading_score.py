"""The truth of photographed pages and the errors of a reading.

A truth file is a JSON list with an object per page: ``file``, ``truth`` (the glyphs of each
row from top to bottom; ``?`` stands for any one glyph) and ``layout``, ``rows`` or
``scattered``. Errors in rows are the edit distance (V. Levenshtein, 1966) between all rows
joined, so a row cut in two costs nothing. Errors of scattered glyphs, which have no order, are
those between multisets.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_infer.errors import DataError
from edge_infer.io.json_records import read_record

ANY_GLYPH: Final = "?"


@dataclass(frozen=True, kw_only=True)
class TruePage:
    """One page of a truth file."""

    file: str
    truth: tuple[str, ...]
    layout: str

    @property
    def glyphs(self) -> str:
        """All rows joined."""
        return "".join(self.truth)

    def errors(self, text: str) -> int:
        """Count the errors of a reading, 0 where it is exact.

        Args:
            text: Glyphs as read, all rows joined.
        """
        compare = multiset_distance if self.layout == "scattered" else edit_distance
        return compare(self.glyphs, text)


def load_truth(path: Path) -> tuple[TruePage, ...]:
    """Load a truth file.

    Raises:
        DataError: The file is missing, malformed or holds no glyph.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        pages = tuple(
            read_record(TruePage, entry, f"{path}[{index}]", error=DataError)
            for index, entry in enumerate(entries)
        )
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"cannot read the truth {path}: {error}; name it with --truth") from error
    if unknown := {page.layout for page in pages} - {"rows", "scattered"}:
        raise DataError(f"{path}: layout must be rows or scattered, found {', '.join(unknown)}")
    if not any(page.glyphs for page in pages):
        raise DataError(f"{path} holds no glyph: there is nothing to score", code="empty")
    return pages


def edit_distance(truth: str, text: str) -> int:
    """Count the substitutions, omissions and insertions between a truth and a reading."""
    costs = list(range(len(text) + 1))
    for row, wanted in enumerate(truth, 1):
        before, costs = costs, [row]
        for column, found in enumerate(text):
            substitution = before[column] + (wanted not in {found, ANY_GLYPH})
            costs.append(min(substitution, before[column + 1] + 1, costs[-1] + 1))
    return costs[-1]


def multiset_distance(truth: str, text: str) -> int:
    """Count the glyphs without a partner in the other text; a substitution counts once."""
    wanted, found = Counter(truth), Counter(text)
    any_glyphs = wanted.pop(ANY_GLYPH, 0)
    missing, extra = (wanted - found).total(), (found - wanted).total()
    return max(missing + max(0, any_glyphs - extra), extra - any_glyphs)
