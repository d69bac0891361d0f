"""Pages of a given size with a given number of digits, drawn by the tests' generator."""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import DataError

# Of a page, the longer side first.
ASPECT: Final = 4 / 3
# No digit is higher than this share of the longer side: a page, not a poster.
LARGEST_DIGIT: Final = 1 / 8
# A digit and the gap after it, and a row and the gap below it, in heights of a digit.
_ADVANCE: Final = 1.1
_LEADING: Final = 1.7
# Heights of a digit that stay free around the writing.
_MARGIN: Final = 1.0
# What is drawn too much on each side, and cut off: sizes are rounded on the way.
_SPARE: Final = 0.5
_TRIAL_PX: Final = 24
_PAPER: Final[Mapping[str, Any]] = {
    **{"texture": 0.3, "noise_sd": 2.0, "blur_px": 0.6},
    **{"light": "gradient", "light_depth": 0.3},
}


@dataclass(frozen=True, eq=False)
class SpeedPage:
    """A page to time.

    Attributes:
        size_px: Its longer side.
        digits: How many are on it.
        image: uint8 (h, w, 3) BGR.
        text: What is written on it, rows one after the other.
    """

    size_px: int
    digits: int
    image: NDArray[np.uint8]
    text: str

    @property
    def megapixels(self) -> float:
        """Of the picture."""
        return float(self.image.shape[0] * self.image.shape[1]) / 1e6


def make_page(size_px: int, digits: int, seed: int = 0) -> SpeedPage:
    """Draw a page: a quick but legible hand, paper with some grain, light from a side.

    Args:
        size_px: Its longer side.
        digits: At least one.
        seed: Of digits, hand and paper.

    Raises:
        DataError: The tests' generator is not there.
    """
    generator = _generator()
    rows = _rows(digits, np.random.default_rng(seed))
    look: dict[str, Any] = {"rows": rows, "jitter": 0.6, "stroke": 0.08, "leading": _LEADING}
    # How much room the writing takes shows once it is written; a small one is quick.
    trial = generator.PageSpec(**look, margin=0.0, digit_height_px=_TRIAL_PX)
    writing = np.array(generator.draw_page(trial, seed).image.shape[:2]) / _TRIAL_PX
    shape = np.array((round(size_px / ASPECT), size_px))
    fitting_px = float((shape / (writing + 2 * _MARGIN)).min())
    height_px = max(1, int(min(size_px * LARGEST_DIGIT, fitting_px)))
    margin = float((shape / height_px - writing).max()) / 2 + _SPARE
    spec = generator.PageSpec(**look, **_PAPER, margin=margin, digit_height_px=height_px)
    image = _centre(generator.draw_page(spec, seed).image, shape)
    return SpeedPage(size_px, digits, image, "".join(rows))


def _generator() -> Any:
    try:
        return importlib.import_module("pages")
    except ImportError as error:
        raise DataError(
            "pages to time are drawn by tests/pages, which is not on the path: call "
            "benchmarks/reading.py in a checkout",
            code="not_found",
        ) from error


def _rows(digits: int, rng: np.random.Generator) -> tuple[str, ...]:
    """Spread random digits over as many rows as suit a page of that shape."""
    count = max(1, round(math.sqrt(digits * _ADVANCE / (ASPECT * _LEADING))))
    parts = np.array_split(rng.integers(0, 10, digits), count)
    return tuple("".join(map(str, part)) for part in parts)


def _centre(image: NDArray[np.uint8], shape: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Cut the middle out; ``shape`` is height and width."""
    top, left = (np.array(image.shape[:2]) - shape) // 2
    assert top >= 0, f"drawn {image.shape}, expected {shape} at least"
    assert left >= 0, f"drawn {image.shape}, expected {shape} at least"
    return np.ascontiguousarray(image[top : top + shape[0], left : left + shape[1]])
