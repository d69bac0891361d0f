"""Small pictures prepared together become what each becomes alone."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from edge_infer.errors import ImageError
from edge_infer.glyph.ink import find_ink
from edge_infer.glyph.preprocess import fit_to_box, prepare_digit
from edge_infer.glyph.stack import find_inks, fit_inks, prepare_digits, stack_size

LEVELS = st.sampled_from([0, 1, 60, 128, 200, 254, 255])


def assert_inks_as_alone(greys: NDArray[np.uint8]) -> None:
    inks = find_inks(greys)
    assert inks.shape == greys.shape
    for ink, grey in zip(inks, greys, strict=True):
        alone = find_ink(grey)
        np.testing.assert_array_equal(ink, np.zeros_like(grey) if alone is None else alone)


@settings(max_examples=200)
@given(
    st.tuples(st.integers(1, 12), st.integers(1, 40), st.integers(1, 40)).flatmap(
        lambda shape: hnp.arrays(np.uint8, shape, elements=LEVELS, fill=LEVELS)
    )
)
def test_pictures_in_a_stack_have_the_ink_of_each_alone(greys: NDArray[np.uint8]) -> None:
    before = greys.copy()
    assert_inks_as_alone(greys)
    np.testing.assert_array_equal(greys, before)


@settings(max_examples=50)
@given(hnp.arrays(np.uint8, st.tuples(st.just(3), st.integers(1, 40), st.integers(1, 40))))
def test_noise_in_a_stack_is_what_it_is_alone(greys: NDArray[np.uint8]) -> None:
    assert_inks_as_alone(greys)


@pytest.mark.parametrize("shape", [(20, 1, 200), (20, 200, 1), (3, 60, 60), (2, 33, 90)])
def test_strips_and_larger_pictures_in_a_stack_are_as_alone(shape: tuple[int, ...]) -> None:
    greys = np.random.default_rng(1).choice(np.uint8([20, 30, 220]), shape, p=[0.5, 0.4, 0.1])
    assert_inks_as_alone(greys)


def test_specks_are_those_of_each_picture() -> None:
    greys = np.zeros((4, 30, 30), np.uint8)
    greys[0, 3:27, 12:15] = 255
    greys[0, 0, 0] = greys[3, 29, 29] = 255
    greys[1, 29, 5:9] = greys[2, 0, 5:9] = 255
    assert_inks_as_alone(greys)
    inks = find_inks(greys)
    assert inks[0, 0, 0] == 0
    assert inks[1, 29, 5] == inks[2, 0, 5] == inks[3, 29, 29] == 255


def test_piece_of_just_the_least_share_is_no_speck() -> None:
    greys = np.zeros((2, 30, 60), np.uint8)
    greys[0, 10, :50] = greys[0, 11, 0:47] = greys[0, 20, 5:8] = 255
    greys[1, 10, :50] = greys[1, 11, 0:48] = greys[1, 20, 5:8] = 255
    assert_inks_as_alone(greys)
    inks = find_inks(greys)
    assert inks[0, 20, 6] == 255, "3 of 100 pixels"
    assert inks[1, 20, 6] == 0, "3 of 101 pixels"


def test_much_ink_is_placed_as_alone() -> None:
    inks = np.zeros((2, 300, 40), np.uint8)
    inks[0, :, 10:12] = 255
    inks[1, 100:120, 3:5] = 255
    for ink, field in zip(inks, fit_inks(inks), strict=True):
        np.testing.assert_array_equal(field, fit_to_box(ink))


def test_stacks_are_for_small_pictures_that_are_no_strips() -> None:
    assert stack_size(28, 28) == 64
    assert stack_size(1, 1) == 1
    assert 1 < stack_size(100, 60) < 64
    assert [stack_size(1, 512), stack_size(512, 8), stack_size(400, 512)] == [1, 1, 1]


@settings(max_examples=200)
@given(
    st.tuples(st.integers(1, 6), st.integers(18, 23), st.integers(18, 23)).flatmap(
        lambda shape: hnp.arrays(np.uint8, shape, elements=LEVELS, fill=st.sampled_from([0, 0, 9]))
    )
)
def test_ink_of_a_stack_is_fitted_as_each_alone(inks: NDArray[np.uint8]) -> None:
    for ink, field in zip(inks, fit_inks(inks), strict=True):
        if ink.any():
            np.testing.assert_array_equal(field, fit_to_box(ink))
        else:
            assert field is None


def test_digits_in_a_stack_become_what_each_becomes_alone(draw_digit) -> None:
    digits = [draw_digit(label, 40, margin=8) for label in "0123456789"]
    height, width = (max(lengths) for lengths in zip(*(d.shape for d in digits), strict=True))
    greys = np.full((20, height, width), 255, np.uint8)
    for grey, digit in zip(greys, digits, strict=False):
        grey[: digit.shape[0], : digit.shape[1]] = digit
    greys[10:] = 255 - greys[:10] // 2
    assert find_inks(greys).any(axis=(1, 2)).all()
    assert_inks_as_alone(greys)


def test_many_pictures_become_what_each_becomes_alone(draw_digit) -> None:
    small = [draw_digit(label, 20 + 3 * label) for label in (1, 1, 4, 4, 4, 8)]
    coloured = cv2.cvtColor(small[0], cv2.COLOR_GRAY2BGR)
    blank, large = np.zeros_like(small[-1]), draw_digit(3, 300)
    images = [*small, blank, 255 - small[-1], coloured, large, large, small[0]]
    tensors = prepare_digits(images)
    assert len(tensors) == len(images)
    for image, tensor in zip(images, tensors, strict=True):
        np.testing.assert_array_equal(tensor, prepare_digit(image))
    assert prepare_digits([]) == []


def test_one_wrong_array_among_many_is_refused() -> None:
    good = np.zeros((28, 28), np.uint8)
    with pytest.raises(ImageError, match="float32"):
        prepare_digits([good, good.astype(np.float32)])
