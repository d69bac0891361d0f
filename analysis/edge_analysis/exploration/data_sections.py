"""Sections of the report on samples, labels, grey levels, ink, size and slant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

from edge_analysis.exploration.analysis import Exploration
from edge_analysis.exploration.neighbours import evenly_spaced
from edge_analysis.figures.bars import draw_bars, draw_boxes
from edge_analysis.figures.drawing import Drawing
from edge_analysis.figures.lines import Line, draw_lines
from edge_analysis.figures.tiles import Tile, chunks, draw_tile_rows
from edge_analysis.page import NO_VALUE, Block, Table
from edge_analysis.report_folder import AddFigure, figures
from edge_analysis.text import plural, quoted, short_percent, shortened

SAMPLES: Final = 12
MAX_CLASSES_PER_SHEET: Final = 20
_MEANS_PER_ROW: Final = 10
_LEVEL_MAX: Final = 255


def sample_blocks(found: Exploration, add: AddFigure) -> Iterator[Block]:
    """Show sample pictures and the number of pictures per class."""
    yield from figures(add, *_draw_samples(found), _draw_label_counts(found))
    pictures = found.pictures
    measures = ("ink_percent", "width_px", "height_px", "slant_degrees")
    rows: list[tuple[str, ...]] = []
    for label, name in enumerate(pictures.class_names):
        counts = (f"{count:,}" for count in pictures.counts[:, label])
        spreads = (found.spreads[measure][label] for measure in measures)
        rows.append((name, *counts, *(f"{one.p50:.1f}" if one else NO_VALUE for one in spreads)))
    splits = [split.name for split in pictures.splits]
    yield Table(
        caption="Number of pictures per split, and medians of the measures.",
        headings=("class", *splits, "ink, %", "width, px", "height, px", "slant, °"),
        rows=tuple(rows),
        folded=True,
    )


def level_blocks(found: Exploration, add: AddFigure) -> Iterator[Block]:
    """Show mean and variance of each class, and the distribution of the grey levels."""
    yield from figures(add, _draw_means(found), _draw_grey_levels(found))


def measure_blocks(found: Exploration, add: AddFigure) -> Iterator[Block]:
    """Show ink, size and slant by class."""
    yield from figures(
        add,
        _draw_boxes(found, "ink", {"ink_percent": "ink, %"}),
        _draw_boxes(found, "box-size", {"width_px": "width, px", "height_px": "height, px"}),
        _draw_boxes(found, "slant", {"slant_degrees": "slant, ° to the right"}),
    )


def _draw_samples(found: Exploration) -> Iterator[Drawing]:
    pictures = found.pictures
    rows: list[tuple[str, list[Tile]]] = []
    for label, name in enumerate(pictures.class_names):
        own = np.flatnonzero(pictures.labels == label)
        chosen = own[evenly_spaced(len(own), SAMPLES)] if own.size else own
        rows.append((name, [Tile(image) for image in pictures.images[chosen]]))
    caption = (
        f"Up to {SAMPLES} pictures of each class, at even distances among all "
        f"{plural(len(pictures.labels), 'picture')}. The mean ink is "
        f"{float(found.glyphs.ink_percent.mean()):.1f} % of a picture."
    )
    yield from draw_class_rows("samples", rows, SAMPLES, caption, "Sample pictures")


def draw_class_rows(
    name: str, rows: Sequence[tuple[str, Sequence[Tile]]], columns: int, caption: str, what: str
) -> Iterator[Drawing]:
    """Draw a row of pictures per class, up to 20 classes per figure.

    Several figures have numbered names; ``caption`` is that of the first, ``what`` the kind of
    the pictures.
    """
    parts = chunks(len(rows), MAX_CLASSES_PER_SHEET)
    for number, part in enumerate(parts, 1):
        chosen = [rows[label] for label in part]
        if not any(tiles for _, tiles in chosen):
            continue
        names = f"{quoted(chosen[0][0])} to {quoted(chosen[-1][0])}"
        yield Drawing(
            name if len(parts) == 1 else f"{name}-{number}",
            draw_tile_rows(chosen, columns),
            f"{what} of the classes {names}, one row per class",
            caption if number == 1 else f"{what} of the classes {names}.",
        )


def _draw_label_counts(found: Exploration) -> Drawing:
    pictures = found.pictures
    names, counts = pictures.class_names, pictures.counts
    titles = [f"{split.name}: {len(split.labels):,}" for split in pictures.splits]
    sentences: list[str] = []
    for split, of_split in zip(pictures.splits, counts, strict=True):
        most, least = int(of_split.argmax()), int(of_split.argmin())
        fewest, largest = f"{of_split[least]:,}", f"{of_split[most]:,}"
        sentences.append(
            f"In {split.name} each class has {largest}."
            if fewest == largest
            else f"In {split.name} {quoted(names[most])} has the most pictures ({largest}), "
            f"{quoted(names[least])} the fewest ({fewest})."
        )
    shares = counts[counts.any(axis=1)] / counts.sum(axis=1, keepdims=True)[counts.any(axis=1)]
    ranges = np.ptp(shares, axis=0)
    widest = int(ranges.argmax())
    sentences.append(
        f"The share of a class differs by at most {100 * ranges[widest]:.2f} points between splits "
        f"({quoted(names[widest])})."
    )
    return Drawing(
        "labels",
        draw_bars(dict(zip(titles, counts.tolist(), strict=True)), names, label="pictures"),
        "Bars: number of pictures per class, one panel per split",
        " ".join(sentences),
    )


def _draw_means(found: Exploration) -> Drawing:
    names, images = found.pictures.class_names, found.images
    deviations = np.sqrt(images.variance)
    top = max(float(deviations.max()), 1.0)
    colours = mpl.colormaps["inferno"]
    present = np.flatnonzero(found.pictures.counts.sum(axis=0))
    rms = np.sqrt(images.variance.mean(axis=(1, 2)))
    most, least = present[rms[present].argmax()], present[rms[present].argmin()]
    rows: list[tuple[str, list[Tile]]] = []
    for part in chunks(len(names), _MEANS_PER_ROW):
        means = [Tile(_u8(images.mean[at]), (shortened(names[at]),)) for at in part]
        painted = [colours(deviations[at] / top)[..., :3] for at in part]
        rows += [("mean", means), ("variance", [Tile(_u8(255 * image)) for image in painted])]
    return Drawing(
        "mean-and-variance",
        draw_tile_rows(rows, max(len(row) for _, row in rows)),
        f"Mean and variance pictures of {plural(len(names), 'class', 'classes')}",
        "Mean picture of each class, and below it the square root of the variance (black 0, "
        f"brightest {top:.0f} grey levels). Class {quoted(names[most])} varies most, by "
        f"{rms[most]:.0f} grey levels per pixel (root mean square), class {quoted(names[least])} "
        f"least, by {rms[least]:.0f}.",
    )


def _draw_grey_levels(found: Exploration) -> Drawing:
    totals = found.levels.sum(axis=1, keepdims=True)
    shares = found.levels / np.maximum(totals, 1)
    lines = [
        Line(
            name=split.name,
            x=range(len(share)),
            y=np.where(share > 0, 100 * share, np.nan).tolist(),
            style="-",
            width=1,
        )
        for split, share in zip(found.pictures.splits, shares, strict=True)
    ]
    figure = draw_lines(
        lines,
        height_in=2.8,
        xlabel="grey level, 0 background to 255 full ink",
        ylabel="share of pixels (%)",
        yscale="log",
    )
    pooled = found.levels.sum(axis=0) / totals.sum()
    commonest = 1 + int(pooled[1:].argmax())
    caption = (
        f"{short_percent(pooled[0])} of all pixels are background (0) and "
        f"{short_percent(pooled[_LEVEL_MAX])} full ink ({_LEVEL_MAX}). The most frequent grey "
        f"level of ink is {commonest} ({short_percent(pooled[commonest])})."
    )
    occupied = shares[totals[:, 0] > 0]
    if len(occupied) > 1:
        points = 100 * float(np.ptp(occupied, axis=0).max())
        caption += f" At no level do the splits differ by more than {points:.2f} points."
    alt = "Lines: share of pixels at each grey level, one line per split"
    return Drawing("grey-levels", figure, alt, caption)


def _draw_boxes(found: Exploration, name: str, measures: Mapping[str, str]) -> Drawing | None:
    """Draw box plots of measures, given by field and label; None if no picture has a value."""
    names = found.pictures.class_names
    panels: dict[str, list[tuple[float, ...] | None]] = {}
    sentences: list[str] = []
    for field, label in measures.items():
        spreads = found.spreads[field]
        panels[label] = [
            (one.p5, one.p25, one.p50, one.p75, one.p95) if one else None for one in spreads
        ]
        known = [(one, quoted(names[at])) for at, one in enumerate(spreads) if one]
        if not known:
            return None
        low = min(known, key=lambda pair: pair[0].p50)
        high = max(known, key=lambda pair: pair[0].p50)
        wide = max(known, key=lambda pair: pair[0].p95 - pair[0].p5)
        medians = f"from {low[0].p50:.1f} (class {low[1]}) to {high[0].p50:.1f} (class {high[1]})"
        if low[0].p50 == high[0].p50:
            medians = f"{low[0].p50:.1f} in all classes"
        span = f"{wide[0].p95 - wide[0].p5:.1f} from the 5th to the 95th percentile"
        sentences.append(
            f"{label.capitalize()}: medians {medians}; class {wide[1]} varies most, {span}."
        )
    return Drawing(
        name,
        draw_boxes(panels, names),
        f"Box plots by class: {' and '.join(panels)}",
        f"{' '.join(sentences)} Line: median; box: middle half; whiskers: 5th and 95th percentile.",
    )


def _u8(image: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.rint(image).astype(np.uint8)
