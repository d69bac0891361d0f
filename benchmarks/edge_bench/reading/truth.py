"""What is written on the pages of a folder, as a person read them.

The truth file is a JSON list with an object a page: ``file``; ``truth``, its rows from top
to bottom; ``layout``, ``rows`` or ``scattered``. Further keys are ignored. A ``?`` is a
glyph that nobody can tell: any one glyph is right there, none is not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge_infer.errors import DataError

LAYOUTS: Final = ("rows", "scattered")


@dataclass(frozen=True)
class TruePage:
    """One page.

    Attributes:
        file: Name of its picture.
        rows: Glyphs of each row.
        is_scattered: Whether its glyphs stand in no order.
    """

    file: str
    rows: tuple[str, ...]
    is_scattered: bool = False

    @property
    def glyphs(self) -> str:
        """The rows, one after the other."""
        return "".join(self.rows)


def load_truth(path: Path) -> tuple[TruePage, ...]:
    """Load a truth file.

    Raises:
        DataError: Missing, not such a file, or without a single glyph.
    """
    try:
        entries: Any = json.loads(path.read_text(encoding="utf-8"))
        pages = tuple(_page(entry) for entry in entries)
    except FileNotFoundError as error:
        message = f"there is no {path}: give the truth of the pages with --truth"
        raise DataError(message, code="not_found") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} must be a list of objects with file, truth (a list of rows) and layout "
            f"({' or '.join(LAYOUTS)}): {error!r}"
        ) from error
    if not any(page.glyphs for page in pages):
        raise DataError(f"{path} tells of no glyph: there is nothing to score", code="empty")
    return pages


def find_pictures(pages: tuple[TruePage, ...], folder: Path, truth: Path) -> tuple[Path, ...]:
    """Find the picture of each page: in the folder named as the truth file, or in ``folder``.

    Raises:
        DataError: One is in neither.
    """
    places = (folder / truth.stem, folder, truth.with_suffix(""))
    return tuple(_find(page.file, places) for page in pages)


def _page(entry: Any) -> TruePage:
    file, rows, layout = entry["file"], entry["truth"], entry["layout"]
    if not isinstance(file, str) or not isinstance(rows, list):
        raise TypeError(entry)
    if not all(isinstance(row, str) for row in rows) or layout not in LAYOUTS:
        raise ValueError(entry)
    return TruePage(file, tuple(rows), layout == "scattered")


def _find(file: str, places: tuple[Path, ...]) -> Path:
    for place in places:
        if (place / file).is_file():
            return place / file
    looked = " or ".join(str(place) for place in dict.fromkeys(places))
    raise DataError(f"there is no picture {file} in {looked}", code="not_found")
