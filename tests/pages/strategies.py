"""Hypothesis strategies for pages; failures shrink towards one digit on clean paper."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from edge_synth import PageSpec

# Values with which a page must be read without a mistake, the simplest first.
CLEAN: dict[str, tuple[Any, ...]] = {
    "digit_height_px": (100, 64, 80, 140),
    "spacing": (0.4, 0.3, 0.6),
    "leading": (1.7, 2.0),
    "slant_deg": (0.0, 5.0, 10.0),
    "aspect": (1.0, 0.9, 1.1),
    "jitter": (0.0, 0.4, 0.8),
    "slope_deg": (0.0, 2.0, -2.0),
    "pen": ("ballpoint", "mouse"),
    "colour": ("black", "blue"),
    "stroke": (0.07, 0.05, 0.1, 0.12),
}
# Values that make a page harder to read.
HARD: dict[str, tuple[Any, ...]] = {
    "paper": ("white", "cream", "grey"),
    "texture": (0.0, 0.5),
    "ruling": ("none", "ruled", "squared", "dotted"),
    "light": ("even", "gradient", "vignette", "shadow"),
    "exposure": (1.0, 0.7),
    "turn_deg": (0.0, 2.0, -2.0),
    "noise_sd": (0.0, 2.0, 4.0),
    "blur_px": (0.0, 0.8),
    "jpeg_quality": (None, 90, 70),
}

seeds = st.integers(0, 2**16)


def clean_pages(max_rows: int = 3, max_digits: int = 5) -> st.SearchStrategy[PageSpec]:
    """Return pages in an easy hand on white paper, which must be read without a mistake."""
    return _pages(max_rows, max_digits, CLEAN)


def hard_pages(max_rows: int = 3, max_digits: int = 5) -> st.SearchStrategy[PageSpec]:
    """Return pages that may have rulings, shadows and noise too."""
    return _pages(max_rows, max_digits, CLEAN | HARD)


def _pages(
    max_rows: int, max_digits: int, choices: dict[str, tuple[Any, ...]]
) -> st.SearchStrategy[PageSpec]:
    # Digits shrink towards the first: a 3 has only one reading in each orientation.
    digits = st.sampled_from("3456789012")
    row = st.lists(digits, min_size=1, max_size=max_digits).map("".join)
    rows = st.lists(row, min_size=1, max_size=max_rows).map(tuple)
    fixed = {name: st.sampled_from(values) for name, values in choices.items()}
    return st.builds(PageSpec, rows=rows, **fixed)
