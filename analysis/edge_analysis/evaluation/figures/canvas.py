"""How all figures of an evaluation are begun."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure as Drawing

from edge_analysis.report_page.drawn import drawing_style

# A figure this wide is drawn one to one on a phone, so that its letters can be read there.
WIDTH_IN: Final = 4.8
# Of page_colours().
GREEN: Final = 2
RED: Final = 6


@contextmanager
def canvas(height_in: float, *, arranged: bool = True) -> Generator[Any]:
    """Yield a figure to draw on in the colours of the page.

    Args:
        height_in: Its height in inches.
        arranged: Whether Matplotlib makes room for labels; else axes stand where they are put.

    Yields:
        A ``matplotlib.figure.Figure``.
    """
    with drawing_style(), mpl.rc_context({"axes.grid": True}):
        yield Drawing(figsize=(WIDTH_IN, height_in), layout="constrained" if arranged else None)


def series(index: int) -> str:
    """Return one of the page's colours for things that are told apart; within a canvas."""
    colours = mpl.rcParams["axes.prop_cycle"].by_key()["color"]
    return str(colours[index % len(colours)])


def faint() -> str:
    """Return the colour of what is less important; within a canvas."""
    return str(mpl.rcParams["xtick.color"])
