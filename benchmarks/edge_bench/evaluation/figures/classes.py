"""How often each class is recognised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edge_bench.evaluation.figures.canvas import Drawn, canvas, faint, series
from edge_bench.evaluation.scores import ClassScore, PartScore
from edge_bench.evaluation.wording import listed, percent

# The worst of many classes: more would be too small to read.
_SHOWN: Final = 30


def draw_success(classes: Sequence[ClassScore], whole: PartScore) -> Drawn:
    """Draw the success rate of each class with its 95 % interval.

    Args:
        classes: In order; those without images are left out.
        whole: The score on all of their images.
    """
    met = [one for one in classes if one.support]
    shown = met
    if len(met) > _SHOWN:
        worst = sorted(met, key=lambda one: one.recall)[:_SHOWN]
        shown = [one for one in met if one in worst]
    with canvas(0.8 + 0.2 * len(shown)) as figure:
        axes = figure.add_subplot()
        rates = [100 * one.recall for one in shown]
        for row, one in enumerate(shown):
            axes.plot([100 * bound for bound in one.recall_95], (row, row), color=series(0))
        axes.plot(rates, range(len(shown)), "o", color=series(0))
        axes.axvline(100 * whole.accuracy, color=faint(), linestyle="--", linewidth=1)
        axes.set_yticks(range(len(shown)), [one.name for one in shown])
        axes.invert_yaxis()
        axes.set_xlabel("recognised (%), 95 % interval; dashed: all classes")
    return Drawn("success", figure, "Success rate of each class.", _sentence(met, shown, whole))


def _sentence(met: Sequence[ClassScore], shown: Sequence[ClassScore], whole: PartScore) -> str:
    worst = min(met, key=lambda one: one.recall)
    highest = max(one.recall for one in met)
    best = listed([one.name for one in met if one.recall == highest])
    apart = [one.name for one in met if not one.recall_95[0] <= whole.accuracy <= one.recall_95[1]]
    few = f"The {len(shown)} of {len(met)} classes with the lowest rates. " * (shown != met)
    verdict = (
        f"The rate of all, {percent(whole.accuracy)}, lies outside the intervals of "
        f"{listed(apart)}."
        if apart
        else f"Every interval holds the rate of all, {percent(whole.accuracy)}: the classes differ "
        "no more than chance would have it."
    )
    return (
        f"{few}Recognised best: {best}, {percent(highest)}; worst: {worst.name}, "
        f"{percent(worst.recall)} ({worst.support - worst.correct:,} of {worst.support:,} missed). "
        f"{verdict}"
    )
