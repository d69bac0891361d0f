from __future__ import annotations

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from edge_train.networks import build_network, fold_blur
from edge_train.presets import PRESETS, build_preset

layers = keras.layers


def _network(kernel: int, strides: int, padding: str):
    def backbone(plane):
        x = layers.Conv2D(4, kernel, strides=strides, padding=padding, name="first")(plane)
        return layers.Flatten()(layers.ReLU()(layers.BatchNormalization()(x)))

    keras.utils.set_random_seed(0)
    return build_network(backbone, 5, name="small")


def _predict_blurred(model, images, step: int):
    """Predict on the mean of each pixel and those one step away, in float."""
    plane = np.pad(images[..., np.newaxis] / 255, ((0, 0), (1, 1), (1, 1), (0, 0)))
    moved = [
        np.roll(plane, (-rows, -columns), (1, 2)) for rows in (0, step) for columns in (0, step)
    ]
    blurred = np.mean(moved, axis=0)[:, 1:-1, 1:-1].astype(np.float32)
    return keras.Model(model.get_layer("plane").output, model.output).predict(blurred, verbose=0)


@pytest.mark.parametrize(
    ("kernel", "strides", "padding", "step"),
    [
        # Keras puts an odd row of padding at the end.
        (5, 2, "same", -1),
        (6, 2, "same", 1),
        (3, 1, "same", 1),
        (5, 2, "valid", 1),
    ],
)
def test_network_answers_as_to_blurred_images(
    kernel: int, strides: int, padding: str, step: int
) -> None:
    model = _network(kernel, strides, padding)
    before = model.get_weights()
    images = np.zeros((6, 28, 28), np.uint8)
    images[:, 4:24, 4:24] = np.random.default_rng(0).integers(0, 256, (6, 20, 20), np.uint8)
    folded = fold_blur(model)
    assert folded.get_layer("first").kernel_size == (kernel + 1, kernel + 1)
    wanted = _predict_blurred(model, images, step)
    assert_allclose(folded.predict(images, verbose=0), wanted, atol=1e-6)
    assert np.abs(wanted - model.predict(images, verbose=0)).max() > 1e-3
    for weights, left in zip(before, model.get_weights(), strict=True):
        assert_array_equal(weights, left)


def test_uniform_images_stay_as_they_are() -> None:
    # A mean changes a uniform image only at the padded border, which "valid" does not have.
    model = _network(5, 2, "valid")
    grey = np.full((1, 28, 28), 130, np.uint8)
    folded = fold_blur(model).predict(grey, verbose=0)
    assert_allclose(folded, model.predict(grey, verbose=0), atol=1e-6)


def test_network_without_room_for_a_larger_kernel_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(11, 11\) outputs, expected \(12, 12\)"):
        fold_blur(_network(6, 2, "valid"))


@pytest.mark.parametrize("first", [layers.Conv2D(2, 3, dilation_rate=2), layers.Dense(2)])
def test_network_without_a_plain_first_convolution_is_refused(first) -> None:
    model = build_network(lambda plane: layers.Flatten()(first(plane)), 5, name="small")
    with pytest.raises(ValueError, match="small does not begin with a convolution"):
        fold_blur(model)


@pytest.mark.parametrize(
    "preset",
    [n for n, preset in PRESETS.items() if any(r.fold_blur for r in preset.recipes.values())],
)
def test_presets_with_a_folded_blur_have_room_for_it(preset: str) -> None:
    assert fold_blur(build_preset(preset, 10)).output.shape == (None, 10)
