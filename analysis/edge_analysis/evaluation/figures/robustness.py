"""How accuracy falls as images get worse, a figure a disturbance."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from edge_analysis.evaluation.figures.canvas import canvas, faint, series
from edge_analysis.evaluation.robustness import RobustnessCurve
from edge_analysis.report_page.drawn import Drawn
from edge_analysis.text import percent

_MARKERS = ("o", "s")


def draw_robustness(curves: Sequence[RobustnessCurve]) -> tuple[Drawn, ...]:
    """Draw a figure for each disturbance, with a line for each model."""
    return tuple(
        _draw(list(of_kind)) for _, of_kind in groupby(curves, lambda curve: curve.disturbance)
    )


def _draw(curves: list[RobustnessCurve]) -> Drawn:
    first = curves[0]
    with canvas(2.8) as figure:
        axes = figure.add_subplot()
        axes.axvline(first.none, color=faint(), linestyle=":", linewidth=1)
        for index, curve in enumerate(curves):
            strengths = [point.strength for point in curve.points]
            axes.fill_between(
                strengths,
                [100 * point.accuracy_95[0] for point in curve.points],
                [100 * point.accuracy_95[1] for point in curve.points],
                color=series(index),
                alpha=0.2,
                linewidth=0,
            )
            axes.plot(
                strengths,
                [100 * point.accuracy for point in curve.points],
                color=series(index),
                marker=_MARKERS[index % 2],
                markersize=4,
                linestyle="--" if index else "-",
                label=curve.model,
            )
        axes.set(xlabel=first.axis, ylabel="accuracy (%)", ylim=(0, 102))
        if len(curves) > 1:
            axes.legend()
    name = first.disturbance
    return Drawn(
        f"robustness-{name}",
        figure,
        f"Accuracy against {first.axis}.",
        f"{name.capitalize()}: " + "; ".join(_sentence(curve) for curve in curves) + ".",
    )


def _sentence(curve: RobustnessCurve) -> str:
    (low, high), worst = curve.tolerated, curve.worst
    if low == high:
        held = "more than 5 points at every strength tried"
    elif curve.none in {low, high}:
        held = f"at most 5 points up to {_strength(curve, high if low == curve.none else low)}"
    else:
        held = f"at most 5 points from {_number(low)} to {_strength(curve, high)}"
    lowest = f"{percent(worst.accuracy, 1)} right at {_strength(curve, worst.strength)}"
    return f"{curve.model} loses {held}, at worst {lowest}"


def _strength(curve: RobustnessCurve, value: float) -> str:
    unit = curve.unit.removesuffix("s") if value == 1 else curve.unit
    # A line never ends between a number and its unit.
    return f"{_number(value)}\N{NO-BREAK SPACE}{unit}" if unit else _number(value)


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")
