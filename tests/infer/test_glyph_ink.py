"""Ink and ground, told apart by grey levels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edge_infer.glyph_ink import find_ink, find_inks, is_light_ground, stack_size
from edge_infer.levels import otsu_threshold, split_levels, stretch_table

LEVELS = st.sampled_from([0, 1, 60, 128, 200, 254, 255])


@settings(max_examples=200)
@given(
    st.tuples(st.integers(1, 12), st.integers(1, 40), st.integers(1, 40)).flatmap(
        lambda shape: hnp.arrays(np.uint8, shape, elements=LEVELS, fill=LEVELS)
    )
)
def test_pictures_in_a_stack_become_what_each_becomes_alone(greys: np.ndarray) -> None:
    before = greys.copy()
    inks = find_inks(greys)
    np.testing.assert_array_equal(greys, before)
    for ink, grey in zip(inks, greys, strict=True):
        np.testing.assert_array_equal(ink, find_ink(grey))


@settings(max_examples=50)
@given(hnp.arrays(np.uint8, st.tuples(st.just(3), st.integers(1, 40), st.integers(1, 40))))
def test_noise_in_a_stack_becomes_what_it_becomes_alone(greys: np.ndarray) -> None:
    for ink, grey in zip(find_inks(greys), greys, strict=True):
        np.testing.assert_array_equal(ink, find_ink(grey))


@pytest.mark.parametrize("shape", [(20, 1, 200), (20, 200, 1), (3, 60, 60), (2, 33, 90)])
def test_strips_and_larger_pictures_in_a_stack_are_as_alone(shape: tuple[int, ...]) -> None:
    greys = np.random.default_rng(1).choice(np.uint8([20, 30, 220]), shape, p=[0.5, 0.4, 0.1])
    for ink, grey in zip(find_inks(greys), greys, strict=True):
        np.testing.assert_array_equal(ink, find_ink(grey))


def test_stacks_are_for_small_pictures_that_are_no_strips() -> None:
    assert stack_size(28, 28) == 64
    assert stack_size(1, 1) == 1
    assert 1 < stack_size(100, 60) < 64
    assert [stack_size(1, 512), stack_size(512, 8), stack_size(400, 512)] == [1, 1, 1]


def test_digits_in_a_stack_become_what_each_becomes_alone(draw_digit) -> None:
    digits = [draw_digit(label, 40, margin=8) for label in "0123456789"]
    height, width = (max(lengths) for lengths in zip(*(d.shape for d in digits), strict=True))
    greys = np.full((20, height, width), 255, np.uint8)
    for grey, digit in zip(greys, digits, strict=False):
        grey[: digit.shape[0], : digit.shape[1]] = digit
    greys[10:] = 255 - greys[:10] // 2
    inks = find_inks(greys)
    assert all(ink is not None for ink in inks)
    for ink, grey in zip(inks, greys, strict=True):
        np.testing.assert_array_equal(ink, find_ink(grey))


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
