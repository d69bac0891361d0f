"""A drawing as files for slides and papers: PNG, and SVG with its letters as outlines."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from edge_infer.atomic import atomic_path

_PNG_DPI: Final = 200
# Drawn in the light colours of the page, which need its ground wherever they are put.
_GROUND: Final = "#fcfcfb"


def write_figure(drawing: Any, path: Path) -> None:
    """Write a drawing as ``path.png`` and ``path.svg``.

    Args:
        drawing: A ``matplotlib.figure.Figure``.
        path: Without a suffix; files of these names are replaced.

    Raises:
        OutputError: A file cannot be written.
    """
    for suffix in ("png", "svg"):
        # Without a date, the same data give the same files.
        metadata = {"Date": None} if suffix == "svg" else {}
        with atomic_path(path.parent / f"{path.name}.{suffix}") as temporary:
            drawing.savefig(
                temporary,
                format=suffix,
                dpi=_PNG_DPI,
                facecolor=_GROUND,
                bbox_inches="tight",
                metadata=metadata,
            )
