"""How often each class is recognised, and what goes wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edge_analysis.evaluation.figures.canvas import canvas, faint, series
from edge_analysis.evaluation.scores import ClassScore, PartScore
from edge_analysis.report_page.drawn import Drawn
from edge_analysis.text import amount, listed, percent

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


def draw_mistakes(classes: Sequence[ClassScore]) -> Drawn | None:
    """Draw how many images of each class are missed, and how many others are taken for it.

    Args:
        classes: In order; where there are more than 30, the 30 with the most mistakes are drawn.

    Returns:
        The figure; None where there are no mistakes.
    """
    if not any(_missed(one) for one in classes):
        return None
    shown = sorted(classes, key=lambda one: -_missed(one) - _mistaken(one))[:_SHOWN]
    shown.sort(key=classes.index)
    with canvas(0.8 + 0.2 * len(shown)) as figure:
        axes = figure.add_subplot()
        places = range(len(shown))
        for index, (label, counts) in enumerate(
            (("missed", map(_missed, shown)), ("others taken for it", map(_mistaken, shown)))
        ):
            rows = [place + 0.38 * (index - 0.5) for place in places]
            axes.barh(rows, list(counts), height=0.38, color=series(index), label=label)
        axes.set_yticks(places, [one.name for one in shown])
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel("images")
        axes.legend()
    alt = "Images of each class that are missed, and others that are taken for it."
    return Drawn("mistakes", figure, alt, _mistakes_sentence(classes, shown))


def _mistakes_sentence(classes: Sequence[ClassScore], shown: Sequence[ClassScore]) -> str:
    few = f"The {len(shown)} of {len(classes)} classes with the most mistakes. "
    missed, taken = max(classes, key=_missed), max(classes, key=_mistaken)
    never = [one.name for one in classes if one.support and not _missed(one)]
    return (
        f"{few * (len(shown) != len(classes))}"
        f"{amount(sum(map(_missed, classes)), 'mistake')}, each counted where it is missed and "
        f"where it is taken for. Missed most: {missed.name}, {_missed(missed):,} of "
        f"{missed.support:,}. Most others are taken for {taken.name}: {_mistaken(taken):,}. "
        f"{f'Never missed: {listed(never)}.' if never else 'Every class is missed at times.'}"
    )


def _missed(one: ClassScore) -> int:
    return one.support - one.correct


def _mistaken(one: ClassScore) -> int:
    return one.answered - one.correct


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
