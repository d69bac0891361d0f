"""From any picture of one glyph to the model's tensor."""

import hashlib
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edge_infer import ImageError, prepare_digit
from edge_infer.glyph.preprocess import centre_by_mass, reduce_to, to_grey

DIGITS = [str(digit) for digit in range(10)]


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Mean difference in grey levels."""
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


@pytest.mark.parametrize("label", DIGITS)
def test_tensor_keeps_the_convention_of_mnist(draw_digit, label: str) -> None:
    tensor = prepare_digit(draw_digit(label))
    assert tensor.shape == (28, 28)
    assert tensor.dtype == np.uint8
    assert tensor.max() == 255
    rows, columns = np.nonzero(tensor > 40)
    assert 19 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 21
    # The centre of mass comes to pixel 14, as near as whole pixels and the field allow.
    weights = tensor / tensor.sum(dtype=float)
    assert abs(weights.sum(axis=1) @ np.arange(28) - 14) <= 1
    assert abs(weights.sum(axis=0) @ np.arange(28) - 14) <= 1


@pytest.mark.parametrize("label", DIGITS)
def test_polarity_does_not_matter(draw_digit, label: str) -> None:
    dark = draw_digit(label)
    np.testing.assert_array_equal(prepare_digit(dark), prepare_digit(255 - dark))


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
    assert min(difference(np.roll(other, step, (0, 1)), whole) for step in steps) < 12


@given(shift=st.tuples(st.integers(-15, 15), st.integers(-15, 15)))
def test_place_on_the_paper_does_not_matter(draw_digit, shift: tuple[int, int]) -> None:
    moved = draw_digit("5", 96, margin=30, shift=shift)
    np.testing.assert_array_equal(
        prepare_digit(moved), prepare_digit(draw_digit("5", 96, margin=30))
    )


@given(margin=st.integers(0, 200))
def test_amount_of_paper_does_not_matter(draw_digit, margin: int) -> None:
    wide = cv2.copyMakeBorder(
        draw_digit("2", 60), *[margin] * 4, borderType=cv2.BORDER_CONSTANT, value=240
    )
    np.testing.assert_array_equal(prepare_digit(wide), prepare_digit(draw_digit("2", 60)))


def test_channels_do_not_matter(draw_digit) -> None:
    grey = draw_digit("6")
    expected = prepare_digit(grey)
    for image in (
        grey[:, :, None],
        cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR),
        cv2.cvtColor(grey, cv2.COLOR_GRAY2BGRA),
    ):
        np.testing.assert_array_equal(prepare_digit(image), expected)


@pytest.mark.parametrize("ink", [0, 255])
def test_transparent_paper_counts_as_paper(draw_digit, ink: int) -> None:
    drawn = draw_digit("4", ink=255, ground=0)
    image = np.full((*drawn.shape, 4), ink, np.uint8)
    image[:, :, 3] = drawn
    np.testing.assert_array_equal(prepare_digit(image), prepare_digit(drawn))


def test_colour_under_full_transparency_is_never_seen() -> None:
    image = np.zeros((40, 40, 4), np.uint8)
    image[10:30, 18:22, :3] = 255
    assert prepare_digit(image) is None


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("view", [np.s_[::-1], np.s_[:, ::-1], np.s_[::2, ::2], "transposed"])
def test_any_memory_layout_is_read(draw_digit, view, channels: int) -> None:
    image = draw_digit("2")
    image = image if channels == 1 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    before = image.copy()
    seen = image.swapaxes(0, 1) if view == "transposed" else image[view]
    np.testing.assert_array_equal(prepare_digit(seen), prepare_digit(seen.copy(order="C")))
    np.testing.assert_array_equal(image, before)


def test_read_only_picture_is_read(draw_digit) -> None:
    image = draw_digit("2")
    image.flags.writeable = False
    assert prepare_digit(image) is not None


def _noise(sd: float) -> np.ndarray:
    noise = np.random.default_rng(0).normal(128, sd, (80, 80))
    return np.clip(np.rint(noise), 0, 255).astype(np.uint8)


BLANKS = {
    "black": np.zeros((28, 28), np.uint8),
    "white": np.full((28, 28), 255, np.uint8),
    "flat colour": np.full((50, 40, 3), (10, 90, 200), np.uint8),
    "one pixel": np.full((1, 1), 7, np.uint8),
    "one row": np.full((1, 300), 7, np.uint8),
    "faint noise": _noise(3),
    "noise": _noise(12),
    "strong noise": _noise(60),
    "gradient": np.tile(np.linspace(140, 200, 120).astype(np.uint8), (90, 1)),
    "gradient down": np.tile(np.linspace(100, 40, 300).astype(np.uint8), (200, 1)).T.copy(),
    "salt": (np.random.default_rng(1).random((200, 200)) > 0.99).astype(np.uint8) * 255,
}


@pytest.mark.parametrize("name", BLANKS)
def test_picture_without_ink_gives_none(name: str) -> None:
    assert prepare_digit(BLANKS[name]) is None


def test_specks_beside_a_digit_are_dropped(draw_digit) -> None:
    image = draw_digit("8", 96, margin=24)
    expected = prepare_digit(image)
    image[3:5, 3:5] = 20
    image[-4:-2, -4:-2] = 20
    np.testing.assert_array_equal(prepare_digit(image), expected)


def test_shadow_over_the_paper_does_not_hide_the_digit(draw_digit, tiny_model_path: Path) -> None:
    from edge_infer import Classifier

    image = draw_digit("7", 120)
    shadow = np.linspace(0.35, 1, image.shape[1])
    shaded = np.rint(image * shadow).astype(np.uint8)
    assert Classifier.load(tiny_model_path).classify(shaded).label == "7"


def test_hair_thin_strokes_of_a_large_picture_stay_visible(draw_digit) -> None:
    tensor = prepare_digit(draw_digit("2", 400, thickness=3))
    assert np.count_nonzero(tensor > 127) > 25


@pytest.mark.parametrize("shape", [(2, 30_000), (30_000, 2), (1, 600), (5, 2000, 3)])
def test_extreme_shapes_are_served(shape: tuple[int, ...]) -> None:
    image = np.full(shape, 255, np.uint8)
    image[:, image.shape[1] // 3 : image.shape[1] // 2] = 0
    tensor = prepare_digit(image)
    assert tensor is None or tensor.shape == (28, 28)


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (np.zeros((28, 28), np.float32), "wrong_dtype"),
        (np.zeros((28, 28), np.uint16), "wrong_dtype"),
        (np.zeros(28, np.uint8), "wrong_shape"),
        (np.zeros((28, 28, 2), np.uint8), "wrong_shape"),
        (np.zeros((28, 28, 5), np.uint8), "wrong_shape"),
        (np.zeros((1, 28, 28, 3), np.uint8), "wrong_shape"),
        (np.zeros((0, 28), np.uint8), "wrong_shape"),
        (np.zeros((28, 0, 3), np.uint8), "wrong_shape"),
    ],
)
def test_what_is_no_picture_is_refused(image: np.ndarray, code: str) -> None:
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
    before = image.copy()
    tensor = prepare_digit(image)
    np.testing.assert_array_equal(image, before)
    assert tensor is None or (tensor.shape == (28, 28) and tensor.any())


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 28), st.integers(1, 28))))
def test_centring_moves_the_ink_and_changes_none(ink: np.ndarray) -> None:
    field = centre_by_mass(ink)
    assert field.sum(dtype=int) == ink.sum(dtype=int)
    rows = ink.sum(axis=1, dtype=int) @ np.arange(ink.shape[0])
    top = (28 * max(int(ink.sum()), 1) - 2 * rows + ink.sum(dtype=int)) // (
        2 * max(int(ink.sum()), 1)
    )
    top = min(max(int(top), 0), 28 - ink.shape[0])
    np.testing.assert_array_equal(
        field[top : top + ink.shape[0]].sum(axis=1, dtype=int), ink.sum(axis=1, dtype=int)
    )


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60))), st.integers(1, 64))
def test_reducing_averages_blocks(image: np.ndarray, longest: int) -> None:
    reduced = reduce_to(image, longest)
    assert max(reduced.shape) <= longest
    factor = -(-max(image.shape) // longest)
    block = image[:factor, :factor]
    if block.shape == (factor, factor):
        assert reduced[0, 0] == (2 * block.sum(dtype=int) + block.size) // (2 * block.size)


def test_grey_weighs_colours_as_the_eye_does() -> None:
    blue, green, red = (
        to_grey(np.full((1, 1, 3), colour, np.uint8))[0, 0]
        for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255))
    )
    assert (blue, green, red) == (29, 150, 76)


def _golden_pictures() -> list[np.ndarray]:
    """Make pictures from integers alone, so that no library version changes them."""
    rng = np.random.Generator(np.random.PCG64(20_25))
    pictures = []
    for index in range(60):
        height, width = (int(n) for n in rng.integers(8, 90 if index < 55 else 900, 2))
        picture = np.full((height, width), rng.integers(0, 256), np.uint8)
        for _ in range(3):
            top, left = int(rng.integers(0, height)), int(rng.integers(0, width))
            long, wide = int(rng.integers(2, height + 2)), int(rng.integers(1, width // 4 + 2))
            picture[top : top + long, left : left + wide] = rng.integers(0, 256)
        noise = rng.integers(-(index % 7), index % 7 + 1, picture.shape)
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
        channels = (1, 3, 4)[index % 3]
        pictures.append(np.stack([picture] * channels, axis=-1) if channels > 1 else picture)
    return pictures


def test_tensors_are_the_same_bits_on_every_machine() -> None:
    digest = hashlib.sha256()
    for picture in _golden_pictures():
        tensor = prepare_digit(picture)
        digest.update(b"none" if tensor is None else tensor.tobytes())
    assert digest.hexdigest() == GOLDEN_SHA256


GOLDEN_SHA256 = "f8dee9c6458af56e6c86017a9076f9db78e4de96476ff25f3eb78b6b388f596c"


def test_mnist_is_left_almost_unchanged() -> None:
    folder = os.environ.get("EDGE_MNIST_DATA")
    if not folder:
        pytest.skip("EDGE_MNIST_DATA is not set: no MNIST to look at")
    images = _mnist_test_images(Path(folder))[:1000]
    tensors = [prepare_digit(image) for image in images]
    assert all(tensor is not None for tensor in tensors)
    assert np.mean([difference(*pair) for pair in zip(tensors, images, strict=True)]) < 4


def _mnist_test_images(path: Path) -> np.ndarray:
    import gzip

    if path.is_file():
        return np.load(path)["x_test"]
    name = "t10k-images-idx3-ubyte"
    plain, packed = path / name, path / f"{name}.gz"
    data = plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
    return np.frombuffer(data, np.uint8, offset=16).reshape(-1, 28, 28)
