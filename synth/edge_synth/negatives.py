"""Pictures that are not one whole digit, for a network that is to say so.

A reader cuts a written line into candidates and asks which of them are whole digits. Most
are not: halves, pairs, a digit with a piece of the next, and what else stands on paper.
They are made of the training digits and drawn, each normalised as the reader does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import UsageError
from edge_infer.model.metadata import IMAGE_SIZE, OTHER_CLASS
from edge_synth.negatives_cut import DigitPool, make_crowded, make_pair, make_part
from edge_synth.negatives_drawn import DRAWN
from edge_synth.negatives_letters import draw_letter
from edge_synth.strokes import ImageU8, are_upright_strokes, normalise, refocus

Rng = np.random.Generator
Maker = Callable[[DigitPool, Rng], ImageU8 | None]


def _draw(pool: DigitPool, rng: Rng) -> ImageU8:
    del pool
    return _DRAWERS[rng.choice(len(_DRAWERS), p=_DRAWN_SHARES)](rng)


def _letter(pool: DigitPool, rng: Rng) -> ImageU8:
    del pool
    return draw_letter(rng)


_DRAWERS: Final = tuple(DRAWN)
_DRAWN_SHARES: Final = tuple(DRAWN.values())
_DIGITS: Final = tuple("0123456789")
_SAMPLE: Final = 2000
# So many digits are redrawn for parts and pairs; each serves several times.
_POOL: Final = 5000
# Each with its share of the pictures, together 1. A reader of digits meets wrong cuts at
# every digit, signs and letters now and then.
KINDS: Final[Mapping[Maker, float]] = {
    make_part: 0.28,
    make_pair: 0.22,
    make_crowded: 0.18,
    _draw: 0.20,
    _letter: 0.12,
}


def name_classes(class_names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the digits' class names with the one for all that is none of them, the last.

    Args:
        class_names: Of the data, the digits in order; the data may hold such pictures too.

    Raises:
        UsageError: The classes are others: among letters, a letter is no wrong answer.
    """
    if class_names not in {_DIGITS, (*_DIGITS, OTHER_CLASS)}:
        raise UsageError(
            "what is no digit can be taught beside the digits 0-9 only, the data have the "
            f"classes {', '.join(class_names)}: choose another preset"
        )
    return (*_DIGITS, OTHER_CLASS)


def make_others(images: ImageU8, digits: NDArray[np.int64], count: int, rng: Rng) -> ImageU8:
    """Make pictures that are not one whole digit.

    Args:
        images: uint8 (n, 28, 28), each one digit, n at least 1.
        digits: int64 (n,), which one each is, 0-9.
        count: How many to make.
        rng: Source of randomness; equal state gives equal output.

    Returns:
        uint8 (count, 28, 28), bright ink on 0, normalised as the reader does.
    """
    pool = DigitPool.draw(images, digits, min(max(count, 1), _POOL), rng)
    makers = tuple(KINDS)
    others = np.zeros((count, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    missing = np.arange(count)
    while missing.size:
        for index, kind in zip(
            missing, rng.choice(len(makers), missing.size, p=tuple(KINDS.values())), strict=True
        ):
            picture = makers[kind](pool, rng)
            if picture is not None:
                others[index] = normalise(refocus(picture, rng))
        made = others[missing]
        empty = ~made.any(axis=(1, 2))
        missing = missing[empty | are_upright_strokes(made)]
    return others


def sample_others(images: ImageU8, digits: NDArray[np.int64]) -> ImageU8:
    """Make the pictures that a run is measured and calibrated on, the same in every run.

    Args:
        images: uint8 (n, 28, 28), validation images, n at least 1.
        digits: int64 (n,); those that are no digit are left aside.

    Returns:
        uint8 (2000, 28, 28).
    """
    own = digits < len(_DIGITS)
    return make_others(images[own], digits[own], _SAMPLE, np.random.default_rng(0))
