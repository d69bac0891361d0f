"""Pages of a given size with a given number of digits, to measure how time grows with both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_synth.pages.draw import draw_page
from edge_synth.pages.spec import PageSpec

# Longer side of a page divided by the shorter one.
ASPECT: Final = 4 / 3
# Largest height of a digit as a share of the longer side.
LARGEST_DIGIT: Final = 1 / 8
# Width of a digit with its gap, and height of a row with its gap, in heights of a digit.
_ADVANCE: Final = 1.1
_LEADING: Final = 1.7
# Free border around the writing, in heights of a digit.
_MARGIN: Final = 1.0
# Border that is drawn in addition and cut off: the drawn size is rounded.
_SPARE: Final = 0.5
_TRIAL_PX: Final = 24
_PAPER: Final[dict[str, Any]] = {
    **{"texture": 0.3, "noise_sd": 2.0, "blur_px": 0.6},
    **{"light": "gradient", "light_depth": 0.3},
}


@dataclass(frozen=True, eq=False)
class SizedPage:
    """A drawn page.

    Attributes:
        image: uint8 (3/4 size_px, size_px, 3) BGR.
        text: The digits on it, rows one after the other.
    """

    image: NDArray[np.uint8]
    text: str


def draw_sized_page(size_px: int, digits: int, seed: int = 0) -> SizedPage:
    """Draw a page in a quick but legible hand, on grained paper with light from one side.

    Args:
        size_px: Longer side of the page.
        digits: Number of digits on it, at least one.
        seed: Of digits, hand and paper.
    """
    rows = _rows(digits, np.random.default_rng(seed))
    look: dict[str, Any] = {"rows": rows, "jitter": 0.6, "stroke": 0.08, "leading": _LEADING}
    # The extent of the writing is known once it is drawn; a small trial is quick.
    trial = PageSpec(**look, margin=0.0, digit_height_px=_TRIAL_PX)
    writing = np.array(draw_page(trial, seed).image.shape[:2]) / _TRIAL_PX
    shape = np.array((round(size_px / ASPECT), size_px))
    fitting_px = float((shape / (writing + 2 * _MARGIN)).min())
    height_px = max(1, int(min(size_px * LARGEST_DIGIT, fitting_px)))
    margin = float((shape / height_px - writing).max()) / 2 + _SPARE
    spec = PageSpec(**look, **_PAPER, margin=margin, digit_height_px=height_px)
    return SizedPage(_centre(draw_page(spec, seed).image, shape), "".join(rows))


def _rows(digits: int, rng: np.random.Generator) -> tuple[str, ...]:
    """Spread random digits over a number of rows that suits the aspect of the page."""
    count = max(1, round(math.sqrt(digits * _ADVANCE / (ASPECT * _LEADING))))
    parts = np.array_split(rng.integers(0, 10, digits), count)
    return tuple("".join(map(str, part)) for part in parts)


def _centre(image: NDArray[np.uint8], shape: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Cut out the middle of an image; ``shape`` is height and width."""
    top, left = (np.array(image.shape[:2]) - shape) // 2
    return np.ascontiguousarray(image[top : top + shape[0], left : left + shape[1]])
