"""Finished Matplotlib figures: taken into a page, and written as files for slides and papers.

Imported only by who draws with Matplotlib.
"""

from __future__ import annotations

import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

from edge_analysis.report_page.content import Figure
from edge_analysis.report_page.matplotlib_figure import matplotlib_figure, page_colours
from edge_infer.io.atomic import atomic_path

SUFFIXES: Final = (".png", ".svg")
_DOTS_PER_INCH: Final = 200
_SETTINGS: Final[dict[Any, Any]] = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.axisbelow": True,
    "grid.linewidth": 0.6,
    # Names of classes are nobody's formulas.
    "text.parse_math": False,
    # Without it names within an SVG are drawn by chance, and no two files of a figure are alike.
    "svg.hashsalt": "edge-mnist",
}


@dataclass(frozen=True, eq=False)
class Drawn:
    """A finished figure.

    Attributes:
        name: Of its files, without suffix.
        drawing: A ``matplotlib.figure.Figure``, made within :func:`drawing_style`.
        alt: What is to be seen, for those who cannot.
        caption: What it says, in a sentence or some.
    """

    name: str
    drawing: Any
    alt: str
    caption: str

    def for_page(self) -> Figure:
        """Take it into a page, where no line ends between a number and its percent sign."""
        caption = self.caption.replace(" %", "\N{NO-BREAK SPACE}%")
        with drawing_style():
            return matplotlib_figure(self.drawing, alt=self.alt, caption=caption)


@contextmanager
def drawing_style() -> Generator[None]:
    """Draw in the colours and letters of the page within."""
    with page_colours(), mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        # A class may be named in any script; the page's browser has the letters.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def write_drawing(drawing: Any, path: Path) -> list[Path]:
    """Write a drawing as PNG and SVG, light, on ground of its own.

    Args:
        drawing: A ``matplotlib.figure.Figure``, made within :func:`drawing_style`.
        path: Without a suffix; files of these names are replaced.

    Returns:
        The paths of the files.

    Raises:
        OutputError: A file cannot be written.
    """
    paths = [path.with_name(path.name + suffix) for suffix in SUFFIXES]
    with drawing_style():
        for target in paths:
            with atomic_path(target) as temporary:
                drawing.savefig(
                    temporary,
                    dpi=_DOTS_PER_INCH,
                    facecolor=mpl.rcParams["legend.facecolor"],
                    bbox_inches="tight",
                    # Without a date, the same data give the same files.
                    metadata={"Date": None} if target.suffix == ".svg" else None,
                )
    return paths
