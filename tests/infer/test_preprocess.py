"""From any picture of one glyph to the model's tensor."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edge_infer import Classifier, ImageError, prepare_digit
from edge_infer.glyph.preprocess import centre_by_mass, reduce_to

DIGITS = [str(digit) for digit in range(10)]


@pytest.mark.parametrize("label", DIGITS)
def test_tensor_has_the_geometry_of_mnist_for_both_polarities(draw_digit, label: str) -> None:
    picture = draw_digit(label)
    tensor = prepare_digit(picture)
    assert (tensor.shape, tensor.dtype, tensor.max()) == ((28, 28), np.uint8, 255)
    rows, columns = np.nonzero(tensor > 40)
    assert 19 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 21
    # The centre of mass comes to pixel 14, as near as whole pixels and the field allow.
    weights = tensor / tensor.sum(dtype=float)
    assert abs(weights.sum(axis=1) @ np.arange(28) - 14) <= 1
    assert abs(weights.sum(axis=0) @ np.arange(28) - 14) <= 1
    np.testing.assert_array_equal(prepare_digit(255 - picture), tensor)


@pytest.mark.parametrize(("ink", "ground"), [(0, 255), (100, 180), (90, 125), (250, 200)])
def test_shades_do_not_matter(draw_digit, ink: int, ground: int) -> None:
    shaded = prepare_digit(draw_digit("3", ink=ink, ground=ground))
    np.testing.assert_array_equal(shaded, prepare_digit(draw_digit("3")))


@pytest.mark.parametrize("scale", [0.5, 0.75, 1.5, 2, 4])
@pytest.mark.parametrize("label", ["0", "1", "2", "7"])
def test_size_hardly_matters(draw_digit, label: str, scale: float) -> None:
    whole = prepare_digit(draw_digit(label, 96))
    other = prepare_digit(draw_digit(label, round(96 * scale)))
    # Centring by mass may round to the neighbouring pixel.
    steps = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    moved = np.stack([np.roll(other, step, (0, 1)) for step in steps]).astype(int)
    assert np.abs(moved - whole).mean(axis=(1, 2)).min() < 12


@given(shift=st.tuples(st.integers(-15, 15), st.integers(-15, 15)), margin=st.integers(0, 200))
def test_position_and_amount_of_paper_do_not_matter(draw_digit, shift, margin: int) -> None:
    expected = prepare_digit(draw_digit("5", 96, margin=30))
    moved = draw_digit("5", 96, margin=30, shift=shift)
    wide = cv2.copyMakeBorder(moved, *[margin] * 4, borderType=cv2.BORDER_CONSTANT, value=240)
    np.testing.assert_array_equal(prepare_digit(moved), expected)
    np.testing.assert_array_equal(prepare_digit(wide), expected)


def test_channels_do_not_matter(draw_digit) -> None:
    grey = draw_digit("6")
    bgr, bgra = (cv2.cvtColor(grey, code) for code in (cv2.COLOR_GRAY2BGR, cv2.COLOR_GRAY2BGRA))
    for image in (grey[:, :, None], bgr, bgra):
        np.testing.assert_array_equal(prepare_digit(image), prepare_digit(grey))


@pytest.mark.parametrize("ink", [0, 255])
def test_transparent_pixels_are_background(draw_digit, ink: int) -> None:
    drawn = draw_digit("4", ink=255, ground=0)
    image = np.full((*drawn.shape, 4), ink, np.uint8)
    image[:, :, 3] = drawn
    np.testing.assert_array_equal(prepare_digit(image), prepare_digit(drawn))
    image[:, :, :3] = drawn[:, :, None]
    image[:, :, 3] = 0
    assert prepare_digit(image) is None


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("view", [np.s_[::-1], np.s_[:, ::-1], np.s_[::2, ::2], "transposed"])
def test_any_memory_layout_is_read_and_nothing_written(draw_digit, view, channels: int) -> None:
    image = draw_digit("2")
    image = image if channels == 1 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    image.flags.writeable = False
    seen = image.swapaxes(0, 1) if view == "transposed" else image[view]
    np.testing.assert_array_equal(prepare_digit(seen), prepare_digit(seen.copy(order="C")))


def _noise(sd: float) -> np.ndarray:
    noise = np.random.default_rng(0).normal(128, sd, (80, 80))
    return np.clip(np.rint(noise), 0, 255).astype(np.uint8)


BLANKS = {
    "black": np.zeros((28, 28), np.uint8),
    "white": np.full((28, 28), 255, np.uint8),
    "flat colour": np.full((50, 40, 3), (10, 90, 200), np.uint8),
    "one pixel": np.full((1, 1), 7, np.uint8),
    "faint noise": _noise(3),
    "noise": _noise(12),
    "strong noise": _noise(60),
    "gradient": np.tile(np.linspace(140, 200, 120).astype(np.uint8), (90, 1)),
    "salt": (np.random.default_rng(1).random((200, 200)) > 0.99).astype(np.uint8) * 255,
}


@pytest.mark.parametrize("name", BLANKS)
def test_picture_without_ink_gives_none(name: str) -> None:
    assert prepare_digit(BLANKS[name]) is None


def test_shadow_does_not_hide_the_digit(draw_digit, tiny_model_path: Path) -> None:
    image = draw_digit("7", 120)
    shaded = np.rint(image * np.linspace(0.35, 1, image.shape[1])).astype(np.uint8)
    assert Classifier.load(tiny_model_path).classify(shaded).label == "7"


@pytest.mark.parametrize("shape", [(2, 30_000), (30_000, 2), (1, 600), (5, 2000, 3)])
def test_extreme_shapes_are_processed(shape: tuple[int, ...]) -> None:
    image = np.full(shape, 255, np.uint8)
    image[:, image.shape[1] // 3 : image.shape[1] // 2] = 0
    tensor = prepare_digit(image)
    assert tensor is None or tensor.shape == (28, 28)


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (np.zeros((28, 28), np.float32), "wrong_dtype"),
        (np.zeros((28, 28), np.uint16), "wrong_dtype"),
        ("digit.png", "wrong_dtype"),
        ([[0] * 28] * 28, "wrong_dtype"),
        (np.zeros(28, np.uint8), "wrong_shape"),
        (np.zeros((28, 28, 2), np.uint8), "wrong_shape"),
        (np.zeros((1, 28, 28, 3), np.uint8), "wrong_shape"),
        (np.zeros((0, 28), np.uint8), "wrong_shape"),
        (np.zeros((28, 0, 3), np.uint8), "wrong_shape"),
    ],
)
def test_other_values_are_refused(image: np.ndarray, code: str) -> None:
    with pytest.raises(ImageError) as caught:
        prepare_digit(image)
    assert caught.value.code == code


@settings(max_examples=150)
@given(
    hnp.arrays(
        np.uint8,
        st.tuples(st.integers(1, 40), st.integers(1, 40))
        | st.tuples(st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 3, 4])),
        elements=st.sampled_from([0, 1, 60, 128, 200, 254, 255]),
        fill=st.sampled_from([0, 128, 255]),
    )
)
def test_any_small_picture_gives_a_tensor_or_none(image: np.ndarray) -> None:
    tensor = prepare_digit(image)
    assert tensor is None or (tensor.shape == (28, 28) and tensor.any())


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 28), st.integers(1, 28))))
def test_centring_moves_the_ink_and_changes_none(ink: np.ndarray) -> None:
    field = centre_by_mass(ink)
    lines, mass = ink.sum(axis=1, dtype=int), max(int(ink.sum()), 1)
    # Rounded half up.
    wanted = (28 * mass - 2 * int(lines @ np.arange(len(ink))) + mass) // (2 * mass)
    top = min(max(wanted, 0), 28 - len(ink))
    np.testing.assert_array_equal(field[top : top + len(ink)].sum(axis=1, dtype=int), lines)
    assert field.sum(dtype=int) == ink.sum(dtype=int)


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60))), st.integers(1, 64))
def test_reducing_averages_blocks(image: np.ndarray, longest: int) -> None:
    reduced = reduce_to(image, longest)
    assert max(reduced.shape) <= longest
    factor = -(-max(image.shape) // longest)
    block = image[:factor, :factor]
    if block.shape == (factor, factor):
        assert reduced[0, 0] == (2 * block.sum(dtype=int) + block.size) // (2 * block.size)
