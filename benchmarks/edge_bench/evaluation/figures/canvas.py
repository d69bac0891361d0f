"""How all figures of an evaluation are begun, worded and written to files."""

from __future__ import annotations

import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure as Drawing

from edge_bench.report_page import Figure
from edge_bench.report_page.matplotlib_figure import matplotlib_figure, page_colours
from edge_infer.atomic import atomic_path

# A figure this wide is drawn one to one on a phone, so that its letters can be read there.
WIDTH_IN: Final = 4.8
SUFFIXES: Final = (".png", ".svg")
_DOTS_PER_INCH: Final = 160
_SETTINGS: Final[dict[Any, Any]] = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.linewidth": 0.6,
    # Names of classes are nobody's formulas.
    "text.parse_math": False,
    "svg.hashsalt": "edge-mnist",
}
# Of page_colours().
GREEN: Final = 2
RED: Final = 6


@dataclass(frozen=True, eq=False)
class Drawn:
    """A finished figure.

    Attributes:
        name: Of its files, without suffix.
        drawing: A ``matplotlib.figure.Figure``.
        alt: What is to be seen, for those who cannot.
        caption: What it says of this model, in a sentence.
    """

    name: str
    drawing: Any
    alt: str
    caption: str

    def for_page(self) -> Figure:
        """Take it into a page."""
        with page_colours(), _settings():
            return matplotlib_figure(self.drawing, alt=self.alt, caption=self.caption)

    def write(self, folder: Path) -> list[Path]:
        """Write it as PNG and SVG, light, on ground of its own.

        Raises:
            OutputError: A file cannot be written.
        """
        paths = [folder / f"{self.name}{suffix}" for suffix in SUFFIXES]
        with page_colours(), _settings():
            ground = mpl.rcParams["legend.facecolor"]
            for path in paths:
                metadata = {"Date": None} if path.suffix == ".svg" else None
                with atomic_path(path) as temporary:
                    self.drawing.savefig(
                        temporary,
                        dpi=_DOTS_PER_INCH,
                        facecolor=ground,
                        bbox_inches="tight",
                        metadata=metadata,
                    )
        return paths


@contextmanager
def canvas(
    height_in: float, width_in: float = WIDTH_IN, *, arranged: bool = True
) -> Generator[Any]:
    """Yield a figure to draw on in the colours of the page.

    Args:
        height_in: Its height in inches.
        width_in: Its width in inches.
        arranged: Whether Matplotlib makes room for labels; else axes stand where they are put.

    Yields:
        A ``matplotlib.figure.Figure``.
    """
    with page_colours(), _settings():
        yield Drawing(figsize=(width_in, height_in), layout="constrained" if arranged else None)


def series(index: int) -> str:
    """Return one of the page's colours for things that are told apart; within a canvas."""
    colours = mpl.rcParams["axes.prop_cycle"].by_key()["color"]
    return str(colours[index % len(colours)])


def faint() -> str:
    """Return the colour of what is less important; within a canvas."""
    return str(mpl.rcParams["xtick.color"])


@contextmanager
def _settings() -> Generator[None]:
    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        # A class may be named in any script; the page's browser has the letters.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield
