"""Figures made of the pictures themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

from edge_analysis.exploration.analysis import Exploration
from edge_analysis.exploration.drawing import Tile, chunks, draw_tiles, short
from edge_analysis.exploration.projection import evenly_spaced
from edge_analysis.exploration.prototypes import Ranked
from edge_analysis.exploration.wording import percent, plural, quoted
from edge_analysis.report_page.drawn import Drawn

SAMPLES: Final = 12
_CLASSES_A_FIGURE: Final = 20
_MEANS_A_ROW: Final = 10
_PAIRS_A_ROW: Final = 4
_PAIRS_SHOWN: Final = 12
_SEAM: Final = 128


def sample_figures(found: Exploration) -> Iterator[Drawn]:
    """Draw some of each class, from the first picture to the last."""
    pictures = found.pictures
    rows: list[tuple[str, list[Tile]]] = []
    for label, name in enumerate(pictures.class_names):
        own = np.flatnonzero(pictures.labels == label)
        chosen = own[evenly_spaced(len(own), SAMPLES)] if own.size else own
        rows.append((name, [Tile(image) for image in pictures.images[chosen]]))
    ink = float(found.glyphs.ink_percent.mean())
    caption = (
        f"Up to {SAMPLES} of each class, at even distances through "
        f"{plural(len(pictures.labels), 'picture')}; on average the ink would fill "
        f"{ink:.1f} % of a picture."
    )
    yield from _rows_of_classes("samples", rows, SAMPLES, caption, "Sample pictures")


def mean_figures(found: Exploration) -> Iterator[Drawn]:
    """Draw the mean and the spread of each pixel, by class."""
    names, images = found.pictures.class_names, found.images
    deviations = np.sqrt(images.variance)
    top = max(float(deviations.max()), 1.0)
    colours = mpl.colormaps["inferno"]
    present = np.flatnonzero(found.pictures.counts.sum(axis=0))
    rms = np.sqrt(images.variance.mean(axis=(1, 2)))
    most, least = present[rms[present].argmax()], present[rms[present].argmin()]
    caption = (
        "Mean picture of each class, and below it the variance, drawn as its root (black 0, "
        f"brightest {top:.0f} grey levels). Pictures of {quoted(names[most])} differ most from "
        f"their mean, by {rms[most]:.0f} grey levels a pixel (root mean square), those of "
        f"{quoted(names[least])} least, by {rms[least]:.0f}."
    )
    rows: list[tuple[str, list[Tile]]] = []
    for part in chunks(len(names), _MEANS_A_ROW):
        labels = list(part)
        rows.append(("mean", [Tile(_u8(images.mean[i]), short(names[i])) for i in labels]))
        painted = (colours(deviations[i] / top)[..., :3] for i in labels)
        rows.append(("variance", [Tile(_u8(255 * image)) for image in painted]))
    alt = f"Mean and variance pictures of {plural(len(names), 'class', 'classes')}"
    drawing = draw_tiles(rows, max(len(row) for _, row in rows))
    yield Drawn(name="mean-and-variance", drawing=drawing, alt=alt, caption=caption)


def typical_figures(found: Exploration) -> Iterator[Drawn]:
    """Draw those of each class that are nearest to its mean."""
    ranked = [one.typical for one in found.prototypes]
    best = min((one for row in ranked for one in row), key=lambda one: one.distance)
    caption = (
        "Most typical of each class, the nearest to its mean first. The nearest of all is "
        f"{_named(found, best)}, {best.distance:.2f} from the mean of its class."
    )
    yield from _ranked("typical", ranked, found, caption, "Most typical pictures")


def unusual_figures(found: Exploration) -> Iterator[Drawn]:
    """Draw those of each class that are farthest from the next of it."""
    ranked = [one.unusual for one in found.prototypes]
    if found.neighbour_distance is None:
        return
    far = max((one for row in ranked for one in row), key=lambda one: one.distance)
    caption = (
        "Most unusual of each class, the farthest from any other of it first. The farthest of "
        f"all is {_named(found, far)}: its next of kind is {far.distance:.2f} away, where half "
        f"of all pictures have one within {found.neighbour_distance:.2f}."
    )
    yield from _ranked("unusual", ranked, found, caption, "Most unusual pictures")


def near_figures(found: Exploration) -> Iterator[Drawn]:
    """Draw pairs that differ little, if there are any."""
    near = found.duplicates.near
    if not near:
        return
    shown = near[:_PAIRS_SHOWN]
    labels = found.pictures.labels
    crossing = sum(labels[pair.first] != labels[pair.second] for pair in near)
    caption = (
        f"{'All' if len(shown) == len(near) else 'The most alike'} of "
        f"{plural(len(near), 'pair')} that are nearly the same, with the share of their ink that "
        f"differs: from {percent(near[0].difference)} to {percent(near[-1].difference)}. "
        f"{crossing or 'None'} of them {'have' if crossing > 1 else 'has'} two labels."
    )
    tiles = [_pair(found, pair.first, pair.second, percent(pair.difference)) for pair in shown]
    yield _pairs("near-duplicates", tiles, "Pairs of pictures nearly alike", caption)


def stray_figures(found: Exploration) -> Iterator[Drawn]:
    """Draw pictures that lie nearer to another class, each beside the nearest of that."""
    confusability = found.confusability
    if not confusability.strays:
        return
    tiles: list[Tile] = []
    for stray in confusability.strays:
        names = (short(found.pictures.class_of(row)) for row in (stray.row, stray.nearest))
        tiles.append(_pair(found, stray.row, stray.nearest, " | ".join(names)))
    share = confusability.stray_count / len(found.compared)
    first = confusability.strays[0]
    caption = (
        f"{plural(confusability.stray_count, 'picture')} ({percent(share)}) "
        f"{'lies' if confusability.stray_count == 1 else 'lie'} nearer to one of another class "
        "than to any of their own; those farthest on the wrong side, left, each beside that "
        f"neighbour. First: {found.pictures.name_of(first.row)}, {first.other_distance:.2f} "
        f"from a {quoted(found.pictures.class_of(first.nearest))} and {first.own_distance:.2f} "
        f"from the next {quoted(found.pictures.class_of(first.row))}."
    )
    yield _pairs("strays", tiles, "Pictures beside their nearest of another class", caption)


def _ranked(
    name: str, ranked: Sequence[Sequence[Ranked]], found: Exploration, caption: str, what: str
) -> Iterator[Drawn]:
    rows = [
        (class_name, [Tile(found.pictures.images[one.row]) for one in row])
        for class_name, row in zip(found.pictures.class_names, ranked, strict=True)
    ]
    yield from _rows_of_classes(name, rows, max(map(len, ranked)), caption, what)


def _rows_of_classes(
    name: str, rows: Sequence[tuple[str, Sequence[Tile]]], columns: int, caption: str, what: str
) -> Iterator[Drawn]:
    """Draw a row a class, in as many figures as so many classes take."""
    parts = chunks(len(rows), _CLASSES_A_FIGURE)
    for number, part in enumerate(parts, 1):
        chosen = [rows[label] for label in part]
        if not any(tiles for _, tiles in chosen):
            continue
        names = f"{quoted(chosen[0][0])} to {quoted(chosen[-1][0])}"
        yield Drawn(
            name=name if len(parts) == 1 else f"{name}-{number}",
            drawing=draw_tiles(chosen, columns),
            alt=f"{what} of {names}, a row a class",
            caption=caption if number == 1 else f"{what} of {names}.",
        )


def _pair(found: Exploration, first: int, second: int, text: str) -> Tile:
    one, other = found.pictures.images[first], found.pictures.images[second]
    seam = np.full((len(one), 1), _SEAM, np.uint8)
    return Tile(np.hstack([one, seam, other]), text)


def _pairs(name: str, tiles: Sequence[Tile], alt: str, caption: str) -> Drawn:
    rows = [("", [tiles[at] for at in part]) for part in chunks(len(tiles), _PAIRS_A_ROW)]
    drawing = draw_tiles(rows, max(len(row) for _, row in rows))
    return Drawn(name=name, drawing=drawing, alt=alt, caption=caption)


def _named(found: Exploration, ranked: Ranked) -> str:
    pictures = found.pictures
    return f"{pictures.name_of(ranked.row)} of class {quoted(pictures.class_of(ranked.row))}"


def _u8(image: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.rint(image).astype(np.uint8)
