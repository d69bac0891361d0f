"""Ink separated from background, and pictures processed in stacks."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from edge_infer.glyph.ink import find_ink, find_levels, otsu_threshold
from edge_infer.glyph.preprocess import prepare_digit, prepare_digits

LEVELS = st.sampled_from([0, 1, 60, 128, 200, 254, 255])
HISTOGRAMS = hnp.arrays(np.int64, 256, elements=st.integers(0, 500)).filter(np.any)


def assert_ink_as_alone(greys: NDArray[np.uint8]) -> None:
    before = greys.copy()
    for ink, grey in zip(find_ink(list(greys)), greys, strict=True):
        (alone,) = find_ink([grey])
        assert (ink is None) == (alone is None)
        if ink is not None:
            np.testing.assert_array_equal(ink, alone)
    np.testing.assert_array_equal(greys, before)


@settings(max_examples=200)
@given(
    st.tuples(st.integers(1, 12), st.integers(1, 40), st.integers(1, 40)).flatmap(
        lambda shape: (
            hnp.arrays(np.uint8, shape, elements=LEVELS, fill=LEVELS) | hnp.arrays(np.uint8, shape)
        )
    )
)
def test_ink_of_a_stack_is_that_of_each_picture(greys: NDArray[np.uint8]) -> None:
    assert_ink_as_alone(greys)


def test_specks_are_small_beside_the_ink_of_their_own_picture() -> None:
    greys = np.zeros((6, 30, 60), np.uint8)
    greys[0, 3:27, 12:15] = 255
    greys[0, 0, 0] = greys[3, 29, 59] = 255
    greys[1, 29, 5:9] = greys[2, 0, 5:9] = 255
    # 3 of 100 and 3 of 101 pixels.
    greys[4:, 10, :50] = greys[4:, 20, 5:8] = greys[4, 11, :47] = greys[5, 11, :48] = 255
    assert_ink_as_alone(greys)
    inks = np.stack(find_ink(list(greys)))
    assert inks[0, 0, 0] == inks[5, 20, 6] == 0
    assert inks[1, 29, 5] == inks[2, 0, 5] == inks[3, 29, 59] == inks[4, 20, 6] == 255


def test_specks_alone_are_no_ink() -> None:
    image = np.zeros((100, 100), np.uint8)
    image[5:95:6, 5:95:6] = 255
    assert find_ink([image]) == [None]


@settings(max_examples=150)
@given(hnp.arrays(np.uint8, st.tuples(st.integers(3, 20), st.integers(3, 20))))
def test_polarity_follows_the_majority_of_the_border(image: NDArray[np.uint8]) -> None:
    threshold = otsu_threshold(np.bincount(image.ravel(), minlength=256))
    border = np.concatenate((image[0], image[-1], image[:, 0], image[:, -1]))
    is_light = 2 * int((border > threshold).sum()) > border.size
    window = np.ones(2 * [max(3, int(max(image.shape) * 0.5)) | 1], np.uint8)
    dark = ~image if is_light else image
    depth = cv2.morphologyEx(dark, cv2.MORPH_TOPHAT, window)
    (ink,) = find_ink([image])
    if ink is not None:
        assert not ink[depth == 0].any()


@settings(max_examples=100)
@given(HISTOGRAMS)
def test_levels_follow_their_definition(histogram: NDArray[np.int64]) -> None:
    (levels,) = find_levels(histogram[np.newaxis])
    pixels = np.repeat(np.arange(256), histogram)
    split = otsu_threshold(histogram)
    background, ink = pixels[pixels <= split], pixels[pixels > split]
    needed = max(16, 3.5 * background.std()) if len(background) else 16
    contrast = ink.mean() - background.mean() if len(ink) and len(background) else 0
    if abs(contrast - needed) < 1e-6:
        return
    if contrast < needed:
        assert levels.threshold == 255
        return
    assert levels.threshold == split
    assert levels.background == np.sort(background)[-(-len(background) // 2) - 1]
    full = np.sort(ink)[-(-len(ink) * 95 // 100) - 1]
    assert levels.full == max(full, levels.background + 1)


@settings(max_examples=50)
@given(HISTOGRAMS)
def test_otsu_maximises_the_variance_between(histogram: NDArray[np.int64]) -> None:
    levels = np.arange(256)

    def between(threshold: int) -> float:
        low, high = np.split(histogram, [threshold + 1])
        if not low.sum() or not high.sum():
            return 0.0
        low_mean = low @ levels[: threshold + 1] / low.sum()
        high_mean = high @ levels[threshold + 1 :] / high.sum()
        return float((high_mean - low_mean) ** 2 * low.sum() * high.sum())

    assert between(otsu_threshold(histogram)) >= max(map(between, range(255))) * (1 - 1e-9)


def test_pictures_of_any_size_and_colour_become_what_each_becomes_alone(draw_digit) -> None:
    small = [draw_digit(label, 20 + 3 * label) for label in (1, 1, 4, 4, 4, 8)]
    same = [cv2.resize(draw_digit(label, 40), (30, 36)) for label in range(10)] * 8
    coloured = cv2.cvtColor(small[0], cv2.COLOR_GRAY2BGR)
    blank, large = np.zeros_like(small[-1]), draw_digit(3, 300)
    images = [*small, blank, 255 - small[-1], coloured, large, large, *same, 255 - same[0] // 2]
    tensors = prepare_digits(images)
    assert len(tensors) == len(images)
    for image, tensor in zip(images, tensors, strict=True):
        np.testing.assert_array_equal(tensor, prepare_digit(image))
    assert prepare_digits([]) == []
