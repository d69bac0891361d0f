"""What is taken for what: the confusion matrix, counts and shares."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.colors import ListedColormap, LogNorm, PowerNorm
from numpy.typing import NDArray

from edge_analysis.evaluation.figures.canvas import canvas
from edge_analysis.evaluation.scores import Matrix, top_confusions
from edge_analysis.report_page.drawn import Drawn
from edge_analysis.text import amount, percent

# With more classes there is no room for a number in a cell; then the worst are shown larger.
NUMBERED_CLASSES: Final = 16
_CLOSE_UP: Final = 12
_LABELS: Final = 26
# So many stand side by side under the columns.
_LETTERS_ACROSS: Final = 45


def draw_confusion(matrix: Matrix, names: Sequence[str]) -> tuple[Drawn, ...]:
    """Draw a confusion matrix as counts and as shares of each true class.

    Args:
        matrix: int64 (classes, classes), true classes down and answers across.
        names: Of the classes.

    Returns:
        Two figures of all classes; of many classes two more, of those that are confused most.
    """
    classes = np.arange(len(names))
    drawn = _draw_both(matrix, names, "confusion", _sentence(matrix, names))
    if len(names) <= NUMBERED_CLASSES:
        return drawn
    mistakes = matrix - np.diag(matrix.diagonal())
    trouble = mistakes.sum(axis=0) + mistakes.sum(axis=1)
    worst = np.sort(np.argsort(-trouble, kind="stable")[:_CLOSE_UP])
    inside = int(mistakes[np.ix_(worst, worst)].sum())
    sentence = (
        f"The {len(worst)} of {len(classes)} classes that are confused most: "
        f"{inside:,} of all {int(mistakes.sum()):,} mistakes are among them."
    )
    close = matrix[np.ix_(worst, worst)], [str(names[int(at)]) for at in worst]
    # Shares stay those of all answers.
    totals = matrix.sum(axis=1)[worst]
    return drawn + _draw_both(*close, "confusion-closeup", sentence, totals)


def _draw_both(
    matrix: Matrix,
    names: Sequence[str],
    name: str,
    sentence: str,
    totals: NDArray[np.int64] | None = None,
) -> tuple[Drawn, ...]:
    counts = matrix.sum(axis=1) if totals is None else totals
    shares = 100 * matrix / np.maximum(counts, 1)[:, np.newaxis]
    lowest = np.where(counts > 0, shares.diagonal(), np.inf)
    worst = int(lowest.argmin())
    rows = "Rows add up to 100 %" if totals is None else "Rows leave out other answers"
    return (
        Drawn(
            f"{name}-counts",
            _heat_map(matrix, names, shares=False),
            "Confusion matrix in counts: true classes down, answers across.",
            sentence,
        ),
        Drawn(
            f"{name}-shares",
            _heat_map(shares, names, shares=True),
            "Confusion matrix in percent of each true class.",
            f"{rows}: of class {names[worst]}, the lowest here, "
            f"{percent(float(lowest[worst]) / 100, 1)} of {amount(int(counts[worst]), 'image')} "
            "are recognised. Empty cells never happened.",
        ),
    )


def _sentence(matrix: Matrix, names: Sequence[str]) -> str:
    n, wrong = int(matrix.sum()), int(matrix.sum() - np.trace(matrix))
    if not wrong:
        return f"All {n:,} answers stand on the diagonal: nothing is confused."
    top = top_confusions(matrix, names, 1)[0]
    pairs = int(np.count_nonzero(matrix) - np.count_nonzero(matrix.diagonal()))
    return (
        f"{wrong:,} of {n:,} answers stand off the diagonal, in {amount(pairs, 'cell')}; the most, "
        f"{top.count}, where {top.label} is taken for {top.answer}. Colours are on a logarithmic "
        "scale, so that a single mistake can be seen."
    )


def _heat_map(values: NDArray[Any], names: Sequence[str], *, shares: bool) -> Any:
    numbered = len(names) <= NUMBERED_CLASSES
    top = max(float(values.max()), 2.0)
    norm = PowerNorm(0.4, 0, 100) if shares else LogNorm(0.7, top)
    every = -(-len(names) // _LABELS)
    with canvas(4.6) as figure:
        axes = figure.add_subplot()
        axes.grid(visible=False)
        sns.heatmap(
            values,
            ax=axes,
            mask=values == 0,
            annot=_annotations(values, shares=shares) if numbered else None,
            fmt="",
            annot_kws={"fontsize": min(8, 75 / len(names))},
            cmap=_colours(),
            norm=norm,
            square=True,
            cbar=not numbered,
            cbar_kws={
                "label": "% of the true class" if shares else "images",
                "shrink": 0.8,
                "format": "{x:,.0f}",
            },
            rasterized=not numbered,
            xticklabels=False,
            yticklabels=False,
        )
        places = np.arange(0, len(names), every) + 0.5
        shown = list(names)[::every]
        axes.set_xticks(places, shown)
        axes.set_yticks(places, shown)
        axes.tick_params(length=0, labelsize=min(9, 140 / min(len(names), _LABELS)))
        axes.tick_params(axis="x", rotation=90 if _crowded(shown) else 0)
        axes.tick_params(axis="y", rotation=0)
        axes.set(xlabel="answer", ylabel="true class")
    return figure


def _colours() -> Any:
    """Return colours of which none is lost on a light or a dark page."""
    return ListedColormap(mpl.colormaps["YlGnBu"](np.linspace(0.05, 0.8, 256)))


def _crowded(names: Sequence[str]) -> bool:
    """Say whether two names would touch under their columns."""
    room = 2 * _LETTERS_ACROSS / len(names)
    return any(len(one) + len(other) > room for one, other in pairwise(names))


def _annotations(values: NDArray[Any], *, shares: bool) -> NDArray[np.str_]:
    """Write cells with as few digits as can be told apart."""
    texts = [[_cell(float(value), shares=shares) for value in row] for row in values]
    return np.array(texts)


def _cell(value: float, *, shares: bool) -> str:
    if not shares:
        return f"{value:.0f}"
    return f"{value:.0f}" if value in {0, 100} else f"{value:.1f}"
