"""Figures of what is counted: labels and grey levels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_analysis.exploration.analysis import Exploration
from edge_analysis.exploration.drawing import name_ticks, new_chart
from edge_analysis.exploration.wording import percent, quoted
from edge_analysis.report_page.drawn import Drawn

_FULL: Final = 255


def label_figures(found: Exploration) -> Iterator[Drawn]:
    """Draw how many pictures of each class each split has."""
    pictures = found.pictures
    names = pictures.class_names
    drawing, panels = new_chart(len(names), 1.5, len(pictures.splits))
    sentences: list[str] = []
    for axes, split, counts in zip(panels, pictures.splits, pictures.counts, strict=True):
        axes.bar(range(len(counts)), counts)
        axes.set_ylabel("pictures")
        axes.set_title(
            f"{split.name}: {len(split.labels):,}", loc="left", fontsize=axes.yaxis.label.get_size()
        )
        most, least = int(counts.argmax()), int(counts.argmin())
        if counts[most] == counts[least]:
            sentences.append(f"In {split.name} each class has {counts[most]:,}.")
        else:
            sentences.append(
                f"In {split.name} {quoted(names[most])} has the most ({counts[most]:,}), "
                f"{quoted(names[least])} the fewest ({counts[least]:,})."
            )
    name_ticks(panels[-1].xaxis, names)
    yield Drawn(
        name="labels",
        drawing=drawing,
        alt="Bars: pictures of each class, a panel for each split",
        caption=" ".join([*sentences, *_unlike_shares(found)]),
    )


def _unlike_shares(found: Exploration) -> Iterator[str]:
    """Say how far the splits are from having the same share of each class."""
    pictures = found.pictures
    counts = pictures.counts[pictures.counts.sum(axis=1) > 0]
    if len(counts) < 2:
        return
    ranges = np.ptp(counts / counts.sum(axis=1, keepdims=True), axis=0)
    widest = int(ranges.argmax())
    if not ranges[widest]:
        yield "Each class has the same share in every split."
        return
    yield (
        f"No class's share differs by more than {100 * ranges[widest]:.2f} points between "
        f"splits ({quoted(pictures.class_names[widest])})."
    )


def level_figures(found: Exploration) -> Iterator[Drawn]:
    """Draw how often each grey level occurs, by split."""
    drawing, (axes,) = new_chart(1, 2.8)
    totals = found.levels.sum(axis=1, keepdims=True)
    shares = found.levels / np.maximum(totals, 1)
    for split, share in zip(found.pictures.splits, shares, strict=True):
        seen = np.where(share > 0, 100 * share, np.nan)
        axes.plot(range(len(seen)), seen, lw=1, label=split.name)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("grey level, 0 ground to 255 full ink")
    axes.set_ylabel("share of pixels, %")
    axes.legend(frameon=False)
    pooled = found.levels.sum(axis=0) / totals.sum()
    commonest = 1 + int(pooled[1:].argmax())
    caption = (
        f"{percent(pooled[0])} of all pixels are ground (0) and {percent(pooled[_FULL])} full "
        f"ink ({_FULL}); of all levels of ink {commonest} is the commonest "
        f"({percent(pooled[commonest])}).{_unlike_levels(shares[totals[:, 0] > 0])}"
    )
    alt = "Lines: share of pixels at each grey level, one a split"
    yield Drawn(name="grey-levels", drawing=drawing, alt=alt, caption=caption)


def _unlike_levels(shares: NDArray[np.float64]) -> str:
    """Say how far the splits are from having the same share of each level."""
    if len(shares) < 2:
        return ""
    points = 100 * float(np.ptp(shares, axis=0).max())
    return f" At no level do the splits differ by more than {points:.2f} points."
