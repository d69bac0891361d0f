"""Kinds of pages: what phones, scanners, webcams and mice produce, each with one difficulty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, TypeVar

import numpy as np

from edge_synth.arrays import Rng
from edge_synth.spec import Clutter, PageSpec

Kind = Callable[[Rng], PageSpec]
# Chooses the value of a field.
Choice = Callable[[Rng], Any]
T = TypeVar("T")

_THINGS: Final[tuple[Clutter, ...]] = ("plus", "dots", "letters", "specks", "edge", "underline")


def random_spec(kind: str, seed: int) -> PageSpec:
    """Return a random page of a kind, the same for the same seed.

    Args:
        kind: One of :data:`KINDS`.
        seed: 0 or more.

    Raises:
        ValueError: There is no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"expected a kind of {', '.join(KINDS)}, found {kind!r}")
    return KINDS[kind](np.random.default_rng([seed, *kind.encode()]))


def between(low: float, high: float) -> Choice:
    """Choose a number, uniformly distributed."""
    return lambda rng: float(rng.uniform(low, high))


def whole(low: int, high: int) -> Choice:
    """Choose a whole number, ``low <= n < high``."""
    return lambda rng: int(rng.integers(low, high))


def normal(mean: float, sd: float) -> Choice:
    """Choose a number, normally distributed."""
    return lambda rng: float(rng.normal(mean, sd))


def sometimes(probability: float, value: T, otherwise: T) -> Callable[[Rng], T]:
    """Choose a value with a probability, otherwise another one."""
    return lambda rng: value if rng.random() < probability else otherwise


def height(low_px: int, high_px: int) -> Choice:
    """Choose a height in pixels; each octave is equally likely."""
    return lambda rng: round(float(np.exp(rng.uniform(np.log(low_px), np.log(high_px)))))


def one_of(*values: T) -> Callable[[Rng], T]:
    """Choose one of several values."""
    return lambda rng: values[int(rng.integers(len(values)))]


def numbers(rows: tuple[int, int], digits: tuple[int, int]) -> Choice:
    """Choose random numbers: the rows and the digits of each are ``low <= n < high``."""

    def choose(rng: Rng) -> tuple[str, ...]:
        lengths = (int(rng.integers(*digits)) for _ in range(int(rng.integers(*rows))))
        return tuple("".join(map(str, rng.integers(0, 10, length))) for length in lengths)

    return choose


def _some_clutter(rng: Rng) -> tuple[Clutter, ...]:
    """Choose one to three objects."""
    chosen = rng.choice(len(_THINGS), int(rng.integers(1, 4)), replace=False)
    return tuple(_THINGS[index] for index in chosen)


def _some_tilt(rng: Rng) -> float:
    """Choose a small tilt."""
    return float(abs(rng.normal(0, 0.06)))


def _quarter_turns(rng: Rng) -> float:
    """Choose a rotation of about 90, 180 or 270 degrees."""
    return 90.0 * int(rng.integers(1, 4)) + float(rng.normal(0, 1.5))


def _one_row(kind: Kind) -> Kind:
    """Return a kind whose pages have only the first row of another kind's."""

    def draw(rng: Rng) -> PageSpec:
        page = kind(rng)
        return replace(page, rows=page.rows[:1])

    return draw


def vary(base: Kind, *, first: Mapping[str, Choice] = MappingProxyType({}), **changes: Any) -> Kind:
    """Return a kind whose pages differ from those of another one.

    Args:
        base: The other kind.
        first: Choices of fields of :class:`PageSpec` that are made before those of the base.
        changes: Fields of :class:`PageSpec`, a value or a :data:`Choice` each, chosen after
            those of the base.
    """

    def draw(rng: Rng) -> PageSpec:
        values = {name: choose(rng) for name, choose in first.items()}
        page = base(rng)
        for name, change in changes.items():
            values[name] = change(rng) if callable(change) else change
        return replace(page, **values)

    return draw


def mixed(share: float, first: Kind, second: Kind) -> Kind:
    """Return a kind that is the first with a probability of ``share``, otherwise the second."""
    return lambda rng: first(rng) if rng.random() < share else second(rng)


# A clean scan: even light, plain paper, an easy hand.
_SCAN: Final = vary(
    lambda _: PageSpec(),
    rows=numbers((1, 4), (2, 8)),
    digit_height_px=height(40, 160),
    size_spread=0.08,
    spacing=between(0.25, 0.7),
    leading=between(1.5, 2.2),
    margin=between(0.4, 1.5),
    slant_deg=between(-5, 18),
    aspect=between(0.8, 1.15),
    jitter=between(0.4, 1.3),
    colour=one_of("black", "blue", "red"),
    stroke=between(0.045, 0.11),
    texture=0.2,
    noise_sd=2.0,
)


def _photo(height_px: Choice, margin: Choice) -> Kind:
    """Return a fair photograph taken with a phone."""
    return vary(
        _SCAN,
        digit_height_px=height_px,
        margin=margin,
        paper=one_of("white", "cream", "grey"),
        texture=between(0.2, 1.0),
        light=one_of("gradient", "vignette"),
        light_depth=between(0.1, 0.5),
        exposure=between(0.55, 0.95),
        turn_deg=normal(0, 1.5),
        tilt=_some_tilt,
        noise_sd=between(1, 6),
        blur_px=between(0.5, 1.5),
        jpeg_quality=whole(60, 95),
        opacity=between(0.8, 1.0),
    )


# From a distance or near.
_PHOTO: Final = mixed(
    0.2, _photo(height(30, 80), between(3, 8)), _photo(height(60, 240), between(0.6, 2.0))
)
# Drawn with a mouse on a white screen.
_MOUSE: Final = vary(
    _SCAN,
    pen="mouse",
    colour="black",
    slant_deg=between(-5, 10),
    stroke=between(0.01, 0.16),
    texture=0.0,
    noise_sd=0.0,
)
KINDS: Final[Mapping[str, Kind]] = {
    "scan": _SCAN,
    "photo": _PHOTO,
    "mouse": _MOUSE,
    # A frame of a webcam: small, soft and noisy.
    "webcam": vary(
        _one_row(_PHOTO),
        digit_height_px=height(24, 70),
        stroke=between(0.07, 0.14),
        noise_sd=between(4, 9),
        blur_px=between(0.6, 1.1),
        jpeg_quality=whole(45, 80),
    ),
    "ruled": vary(
        _PHOTO, ruling="ruled", leading=between(1.15, 1.9), ruling_strength=between(0.15, 0.8)
    ),
    # Squared paper with small or large squares.
    "squared": vary(
        _PHOTO,
        ruling="squared",
        ruling_pitch=between(0.25, 1.1),
        ruling_strength=between(0.15, 0.6),
    ),
    # Ruled paper in landscape: the lines run from top to bottom.
    "vertical": vary(
        _PHOTO,
        ruling="vertical",
        ruling_pitch=between(0.6, 1.6),
        ruling_strength=between(0.15, 0.7),
    ),
    # The dotted line of a form, scanned small.
    "dotted": vary(
        _one_row(_SCAN),
        digit_height_px=height(36, 80),
        spacing=between(0.02, 0.35),
        slope_deg=between(-2, 4),
        pen=one_of("ballpoint", "pencil"),
        ruling="dotted",
        ruling_strength=between(0.5, 1.0),
        clutter=sometimes(0.5, ("specks",), ()),
    ),
    # The edge of a hand's shadow across the page.
    "shadow": vary(_PHOTO, light="shadow", light_depth=between(0.3, 0.65)),
    # Faint, grainy and thin.
    "pencil": vary(
        _PHOTO,
        pen="pencil",
        stroke=between(0.02, 0.06),
        opacity=between(0.4, 0.85),
        noise_sd=between(1, 4),
        skips=between(0, 0.6),
    ),
    # Strokes of one or two pixels.
    "hairline": vary(
        _MOUSE, digit_height_px=height(60, 240), pen=one_of("mouse", "ballpoint"), stroke=0.008
    ),
    "marker": vary(_PHOTO, pen="marker", stroke=between(0.13, 0.22), spacing=between(0.3, 0.7)),
    # Neighbours that touch, cross or nearly touch.
    "touching": vary(mixed(0.5, _SCAN, _PHOTO), spacing=between(-0.08, 0.02)),
    "show_through": vary(_PHOTO, show_through=between(0.08, 0.4)),
    # Rows of two pens, one of which is paler.
    "two_pens": vary(
        _PHOTO, first={"rows": numbers((2, 5), (1, 7))}, second_pen=between(0.35, 0.8)
    ),
    "clutter": vary(_PHOTO, first={"clutter": _some_clutter}),
    # Held up in front of a camera, with the room above the page.
    "room": vary(_PHOTO, margin=between(1.5, 3.0), clutter=("room",)),
    # Several rows in columns, of very different sizes.
    "columns": vary(
        _PHOTO,
        first={"rows": numbers((2, 6), (4, 11))},
        columns=whole(2, 4),
        digit_height_px=height(40, 110),
        size_spread=0.2,
    ),
    # Short numbers in random places.
    "scattered": vary(
        _PHOTO,
        first={"rows": numbers((3, 6), (1, 3))},
        digit_height_px=height(40, 120),
        size_spread=0.2,
        leading=between(1.6, 2.5),
        indent=4.0,
        ruling=one_of("none", "squared"),
    ),
    # One digit below the other, close together.
    "listed": vary(
        _PHOTO,
        rows=numbers((4, 10), (1, 2)),
        digit_height_px=height(40, 120),
        leading=between(1.2, 1.6),
    ),
    # A page on its side or upside down in front of the camera.
    "turned": vary(
        _PHOTO,
        rows=numbers((2, 3), (5, 9)),
        turn_deg=_quarter_turns,
    ),
    # Rows that rise or fall on a rotated page.
    "skewed": vary(_PHOTO, slope_deg=between(-7, 7), turn_deg=between(-6, 6), tilt=between(0, 0.2)),
    # Chalk on a blackboard.
    "dark": vary(_PHOTO, paper="dark", exposure=between(0.8, 1.0)),
    # Every digit written twice.
    "retraced": vary(_PHOTO, retraced=True, stroke=between(0.03, 0.06)),
}
