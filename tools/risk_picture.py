"""The picture of risk against coverage of all models that ship."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.io.atomic import write_text
from edge_infer.model.reliability import COVERAGES, risk_coverage

_LOWEST_COVERAGE: Final = 0.94
_STEPS: Final = 241
# Colours for the colour-blind (Okabe & Ito 2008); the dashes distinguish them in grey.
_STYLES: Final = (("#0072b2", "-"), ("#d55e00", "--"), ("#007a5a", "-."), ("#8a4f7d", ":"))
# A background of its own keeps the picture legible on a dark page.
_BACKGROUND: Final = "#fcfcfa"
_TEXT: Final = "#24292f"
_SETTINGS: Final[dict[Any, Any]] = {
    "svg.hashsalt": "edge-mnist",  # Otherwise each drawing has other ids.
    "font.size": 10,
    "text.color": _TEXT,
    "axes.labelcolor": _TEXT,
    "axes.edgecolor": "#8c959f",
    "xtick.color": _TEXT,
    "ytick.color": _TEXT,
}


def draw_risks(
    probabilities: Mapping[str, NDArray[np.float32]], labels: NDArray[np.int64], path: Path
) -> None:
    """Write a picture with a line per model and a dot for each row of its card's table.

    Args:
        probabilities: float32 (n, classes) of each model on the same images, by name.
        labels: int64 (n,), the true class ids.
        path: The .svg file.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(7.2, 4), layout="constrained", facecolor=_BACKGROUND)
        axes = figure.add_subplot(facecolor=_BACKGROUND)
        for (name, answers), style in zip(probabilities.items(), _STYLES, strict=False):
            _draw_one(axes, name, answers, labels, style)
        axes.set_xlabel("coverage: images answered, the most confident first (%)")
        axes.set_ylabel("risk: wrong answers among them (%)")
        axes.set_title(f"Risk against coverage, {len(labels):,} test images", loc="left")
        axes.set_xlim(100 * _LOWEST_COVERAGE, 100.1)
        axes.set_ylim(bottom=0)
        axes.grid(color="#d0d7de", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="upper left")
        svg = io.StringIO()
        figure.savefig(svg, format="svg", metadata={"Date": None})
    write_text(path, svg.getvalue())


def _draw_one(
    axes: Any,
    name: str,
    probabilities: NDArray[np.float32],
    labels: NDArray[np.int64],
    style: tuple[str, str],
) -> None:
    colour, dashes = style
    line = risk_coverage(probabilities, labels, np.linspace(_LOWEST_COVERAGE, 1, _STEPS).tolist())
    dots = risk_coverage(probabilities, labels, COVERAGES)
    for points, look in ((line, {"linestyle": dashes}), (dots, {"linestyle": "", "marker": "o"})):
        axes.plot(
            [100 * point.coverage for point in points],
            [100 * point.risk for point in points],
            color=colour,
            markersize=4,
            label=f"{name}: {dots[0].errors} errors in all" if points is line else None,
            **look,
        )
