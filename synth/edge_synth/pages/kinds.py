"""Kinds of pages: what phones, scanners, webcams and mice bring, each with one difficulty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeVar, cast

import numpy as np

from edge_synth.pages.spec import Clutter, PageSpec

Kind = Callable[[np.random.Generator], PageSpec]
T = TypeVar("T")


def scan(rng: np.random.Generator) -> PageSpec:
    """A clean scan: even light, plain paper, an easy hand."""
    rows = int(rng.integers(1, 4))
    return PageSpec(
        rows=tuple(digits(rng, int(rng.integers(2, 8))) for _ in range(rows)),
        digit_height_px=log_uniform(rng, 40, 160),
        size_spread=0.08,
        spacing=float(rng.uniform(0.25, 0.7)),
        leading=float(rng.uniform(1.5, 2.2)),
        margin=float(rng.uniform(0.4, 1.5)),
        slant_deg=float(rng.uniform(-5, 18)),
        aspect=float(rng.uniform(0.8, 1.15)),
        jitter=float(rng.uniform(0.4, 1.3)),
        colour=one_of(rng, ("black", "blue", "red")),
        stroke=float(rng.uniform(0.045, 0.11)),
        texture=0.2,
        noise_sd=2.0,
    )


def photo(rng: np.random.Generator) -> PageSpec:
    """A fair photograph with a phone."""
    far = rng.random() < 0.2
    return replace(
        scan(rng),
        digit_height_px=log_uniform(rng, 30, 80) if far else log_uniform(rng, 60, 240),
        margin=float(rng.uniform(3, 8) if far else rng.uniform(0.6, 2.0)),
        paper=one_of(rng, ("white", "cream", "grey")),
        texture=float(rng.uniform(0.2, 1.0)),
        light=one_of(rng, ("gradient", "vignette")),
        light_depth=float(rng.uniform(0.1, 0.5)),
        exposure=float(rng.uniform(0.55, 0.95)),
        turn_deg=float(rng.normal(0, 1.5)),
        tilt=float(abs(rng.normal(0, 0.06))),
        noise_sd=float(rng.uniform(1, 6)),
        blur_px=float(rng.uniform(0.5, 1.5)),
        jpeg_quality=int(rng.integers(60, 95)),
        opacity=float(rng.uniform(0.8, 1.0)),
    )


def mouse(rng: np.random.Generator) -> PageSpec:
    """Drawn with a mouse on a white screen."""
    return replace(
        scan(rng),
        pen="mouse",
        colour="black",
        slant_deg=float(rng.uniform(-5, 10)),
        stroke=float(rng.uniform(0.01, 0.16)),
        texture=0.0,
        noise_sd=0.0,
    )


def webcam(rng: np.random.Generator) -> PageSpec:
    """A webcam's frame: small, soft and noisy."""
    page = photo(rng)
    return replace(
        page,
        rows=page.rows[:1],
        digit_height_px=log_uniform(rng, 24, 70),
        stroke=float(rng.uniform(0.07, 0.14)),
        noise_sd=float(rng.uniform(4, 9)),
        blur_px=float(rng.uniform(0.6, 1.1)),
        jpeg_quality=int(rng.integers(45, 80)),
    )


def ruled(rng: np.random.Generator) -> PageSpec:
    """On ruled paper."""
    return replace(
        photo(rng),
        ruling="ruled",
        leading=float(rng.uniform(1.15, 1.9)),
        ruling_strength=float(rng.uniform(0.15, 0.8)),
    )


def squared(rng: np.random.Generator) -> PageSpec:
    """On squared paper, small squares or large ones."""
    return replace(
        photo(rng),
        ruling="squared",
        ruling_pitch=float(rng.uniform(0.25, 1.1)),
        ruling_strength=float(rng.uniform(0.15, 0.6)),
    )


def vertical(rng: np.random.Generator) -> PageSpec:
    """On ruled paper lying across: the rules run from top to bottom."""
    return replace(
        photo(rng),
        ruling="vertical",
        ruling_pitch=float(rng.uniform(0.6, 1.6)),
        ruling_strength=float(rng.uniform(0.15, 0.7)),
    )


def dotted(rng: np.random.Generator) -> PageSpec:
    """On a form's dotted line, scanned small."""
    page = scan(rng)
    return replace(
        page,
        rows=page.rows[:1],
        digit_height_px=log_uniform(rng, 36, 80),
        spacing=float(rng.uniform(0.02, 0.35)),
        slope_deg=float(rng.uniform(-2, 4)),
        pen=one_of(rng, ("ballpoint", "pencil")),
        ruling="dotted",
        ruling_strength=float(rng.uniform(0.5, 1.0)),
        clutter=("specks",) if rng.random() < 0.5 else (),
    )


def shadow(rng: np.random.Generator) -> PageSpec:
    """With the edge of a hand's shadow across it."""
    return replace(photo(rng), light="shadow", light_depth=float(rng.uniform(0.3, 0.65)))


def pencil(rng: np.random.Generator) -> PageSpec:
    """Faint, grainy and thin."""
    return replace(
        photo(rng),
        pen="pencil",
        stroke=float(rng.uniform(0.02, 0.06)),
        opacity=float(rng.uniform(0.4, 0.85)),
        noise_sd=float(rng.uniform(1, 4)),
        skips=float(rng.uniform(0, 0.6)),
    )


def hairline(rng: np.random.Generator) -> PageSpec:
    """In strokes of a pixel or two."""
    return replace(
        mouse(rng),
        digit_height_px=log_uniform(rng, 60, 240),
        pen=one_of(rng, ("mouse", "ballpoint")),
        stroke=0.008,
    )


def marker(rng: np.random.Generator) -> PageSpec:
    """In very thick strokes."""
    return replace(
        photo(rng),
        pen="marker",
        stroke=float(rng.uniform(0.13, 0.22)),
        spacing=float(rng.uniform(0.3, 0.7)),
    )


def touching(rng: np.random.Generator) -> PageSpec:
    """Neighbours that touch or cross; some only nearly do."""
    page = scan(rng) if rng.random() < 0.5 else photo(rng)
    return replace(page, spacing=float(rng.uniform(-0.08, 0.02)))


def show_through(rng: np.random.Generator) -> PageSpec:
    """With the writing on the back to be seen."""
    return replace(photo(rng), show_through=float(rng.uniform(0.08, 0.4)))


def two_pens(rng: np.random.Generator) -> PageSpec:
    """By two pens, one of which is paler."""
    rows = tuple(digits(rng, int(rng.integers(1, 7))) for _ in range(int(rng.integers(2, 5))))
    return replace(photo(rng), rows=rows, second_pen=float(rng.uniform(0.35, 0.8)))


def room(rng: np.random.Generator) -> PageSpec:
    """Held up before a camera, with the room above the page."""
    return replace(photo(rng), margin=float(rng.uniform(1.5, 3.0)), clutter=("room",))


def clutter(rng: np.random.Generator) -> PageSpec:
    """With signs, letters, specks, underlines or the table's edge."""
    things: tuple[Clutter, ...] = ("plus", "dots", "letters", "specks", "edge", "underline")
    chosen = rng.choice(things, int(rng.integers(1, 4)), replace=False).tolist()
    return replace(photo(rng), clutter=cast(tuple[Clutter, ...], tuple(chosen)))


def columns(rng: np.random.Generator) -> PageSpec:
    """Several rows in columns, of very different sizes."""
    rows = tuple(digits(rng, int(rng.integers(4, 11))) for _ in range(int(rng.integers(2, 6))))
    return replace(
        photo(rng),
        rows=rows,
        columns=int(rng.integers(2, 4)),
        digit_height_px=log_uniform(rng, 40, 110),
        size_spread=0.2,
    )


def scattered(rng: np.random.Generator) -> PageSpec:
    """Short numbers here and there."""
    rows = tuple(digits(rng, int(rng.integers(1, 3))) for _ in range(int(rng.integers(3, 6))))
    return replace(
        photo(rng),
        rows=rows,
        digit_height_px=log_uniform(rng, 40, 120),
        size_spread=0.2,
        leading=float(rng.uniform(1.6, 2.5)),
        indent=4.0,
        ruling=one_of(rng, ("none", "squared")),
    )


def listed(rng: np.random.Generator) -> PageSpec:
    """One digit under the other, close together."""
    return replace(
        photo(rng),
        rows=tuple(digits(rng, 1) for _ in range(int(rng.integers(4, 10)))),
        digit_height_px=log_uniform(rng, 40, 120),
        leading=float(rng.uniform(1.2, 1.6)),
    )


def turned(rng: np.random.Generator) -> PageSpec:
    """A page that lies on its side before the camera, or on its head."""
    return replace(
        photo(rng),
        rows=tuple(digits(rng, int(rng.integers(5, 9))) for _ in range(2)),
        turn_deg=float(one_of(rng, (90, 180, 270)) + rng.normal(0, 1.5)),
    )


def skewed(rng: np.random.Generator) -> PageSpec:
    """Rows that rise or fall, on a page that is turned."""
    return replace(
        photo(rng),
        slope_deg=float(rng.uniform(-7, 7)),
        turn_deg=float(rng.uniform(-6, 6)),
        tilt=float(rng.uniform(0, 0.2)),
    )


def dark(rng: np.random.Generator) -> PageSpec:
    """Chalk on a board."""
    return replace(photo(rng), paper="dark", exposure=float(rng.uniform(0.8, 1.0)))


def retraced(rng: np.random.Generator) -> PageSpec:
    """Every digit gone over twice."""
    return replace(photo(rng), retraced=True, stroke=float(rng.uniform(0.03, 0.06)))


KINDS: Final[dict[str, Kind]] = {
    kind.__name__: kind
    for kind in (
        scan,
        photo,
        mouse,
        webcam,
        ruled,
        squared,
        vertical,
        dotted,
        shadow,
        pencil,
        hairline,
        marker,
        touching,
        show_through,
        two_pens,
        clutter,
        room,
        columns,
        scattered,
        listed,
        turned,
        skewed,
        dark,
        retraced,
    )
}


def random_spec(kind: str, seed: int) -> PageSpec:
    """Return a random page of a kind; the same for the same seed."""
    return KINDS[kind](np.random.default_rng([seed, *kind.encode()]))


def digits(rng: np.random.Generator, count: int) -> str:
    """Return random digits."""
    return "".join(rng.choice(list("0123456789"), count).tolist())


def log_uniform(rng: np.random.Generator, low: int, high: int) -> int:
    """Return a size; each octave is as likely as the next."""
    return round(float(np.exp(rng.uniform(np.log(low), np.log(high)))))


def one_of(rng: np.random.Generator, choices: tuple[T, ...]) -> T:
    """Return one of several."""
    return choices[int(rng.integers(len(choices)))]
