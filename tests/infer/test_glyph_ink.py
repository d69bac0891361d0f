"""Ink and ground, told apart by grey levels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edge_infer.glyph.ink import find_ink, is_light_ground
from edge_infer.glyph.levels import otsu_threshold, split_levels, stretch_table


def test_many_specks_and_nothing_else_give_none() -> None:
    # Each speck has less than the share of all ink that counts.
    image = np.zeros((100, 100), np.uint8)
    image[5:95:6, 5:95:6] = 255
    assert find_ink(image) is None


@settings(max_examples=150)
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20))))
def test_ground_is_judged_by_the_majority_of_the_border(image: np.ndarray) -> None:
    # The definition, without the short cuts.
    threshold = otsu_threshold(np.bincount(image.ravel(), minlength=256))
    border = np.concatenate((image[0], image[-1], image[:, 0], image[:, -1]))
    expected = 2 * int((border > threshold).sum()) > border.size
    assert is_light_ground(image) == expected


@settings(max_examples=100)
@given(hnp.arrays(np.int64, 256, elements=st.integers(0, 500)).filter(np.any))
def test_split_follows_its_definition(histogram: np.ndarray) -> None:
    (split,) = split_levels(histogram[np.newaxis])
    pixels = np.repeat(np.arange(256), histogram)
    ground, ink = pixels[pixels <= split.threshold], pixels[pixels > split.threshold]
    assert split.threshold == otsu_threshold(histogram)
    if not len(ink) or not len(ground):
        assert split.contrast == 0
        return
    assert split.contrast == pytest.approx(ink.mean() - ground.mean())
    assert split.deviation == pytest.approx(ground.std(), abs=1e-5)
    assert split.ground == np.sort(ground)[-(-len(ground) // 2) - 1]
    assert split.full == max(np.sort(ink)[-(-len(ink) * 95 // 100) - 1], split.ground + 1)


def test_histograms_are_split_together_as_each_alone() -> None:
    histograms = np.random.default_rng(0).integers(0, 50, (5, 256))
    histograms[1, 3:] = 0
    histograms[2] = np.eye(256, dtype=np.int64)[255]
    alone = [split for row in histograms for split in split_levels(row[np.newaxis])]
    assert split_levels(histograms) == alone


@settings(max_examples=50)
@given(hnp.arrays(np.int64, 256, elements=st.integers(0, 500)).filter(np.any))
def test_otsu_maximises_the_variance_between(histogram: np.ndarray) -> None:
    levels = np.arange(256)
    best = otsu_threshold(histogram)

    def between(threshold: int) -> float:
        low, high = histogram[: threshold + 1], histogram[threshold + 1 :]
        if not low.sum() or not high.sum():
            return 0.0
        apart = (
            low @ levels[: threshold + 1] / low.sum() - high @ levels[threshold + 1 :] / high.sum()
        )
        return float(apart**2 * low.sum() * high.sum())

    assert between(best) >= max(map(between, range(255))) * (1 - 1e-9)


def test_stretch_table_is_linear_and_shared_read_only() -> None:
    table = stretch_table(10, 61)
    assert (table[10], table[61], table[5], table[200]) == (0, 255, 0, 255)
    assert table[20] == 50
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 1
