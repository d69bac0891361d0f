from __future__ import annotations

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from edge_train.networks import build_network
from edge_train.presets import PRESETS, build_preset
from edge_train.soften import soften_network

layers = keras.layers


def _network(kernel: int, strides: int, padding: str):
    def trunk(plane):
        x = layers.Conv2D(4, kernel, strides=strides, padding=padding, name="first")(plane)
        return layers.Flatten()(layers.ReLU()(layers.BatchNormalization()(x)))

    keras.utils.set_random_seed(0)
    return build_network(trunk, 5, name="small")


def _shown_blurred(model, images, step: int):
    """What a model answers to the mean of each pixel with those a step away, in float."""
    plane = np.pad(images[..., np.newaxis] / 255, ((0, 0), (1, 1), (1, 1), (0, 0)))
    moved = [
        np.roll(plane, (-rows, -columns), (1, 2)) for rows in (0, step) for columns in (0, step)
    ]
    blurred = np.mean(moved, axis=0)[:, 1:-1, 1:-1].astype(np.float32)
    return keras.Model(model.get_layer("plane").output, model.output).predict(blurred, verbose=0)


@pytest.mark.parametrize(
    ("kernel", "strides", "padding", "step"),
    [
        # Keras pads an even sum evenly and puts what is odd behind.
        (5, 2, "same", -1),
        (6, 2, "same", 1),
        (3, 1, "same", 1),
        (5, 2, "valid", 1),
    ],
)
def test_softened_network_answers_as_to_blurred_pictures(
    kernel: int, strides: int, padding: str, step: int
) -> None:
    model = _network(kernel, strides, padding)
    before = model.get_weights()
    images = np.zeros((6, 28, 28), np.uint8)
    images[:, 4:24, 4:24] = np.random.default_rng(0).integers(0, 256, (6, 20, 20), np.uint8)
    softened = soften_network(model)
    assert softened.get_layer("first").kernel_size == (kernel + 1, kernel + 1)
    wanted = _shown_blurred(model, images, step)
    assert_allclose(softened.predict(images, verbose=0), wanted, atol=1e-6)
    assert np.abs(wanted - model.predict(images, verbose=0)).max() > 1e-3
    for weights, left in zip(before, model.get_weights(), strict=True):
        assert_array_equal(weights, left)


def test_plain_areas_stay_as_they_are() -> None:
    """Of one grey all over, a mean changes nothing but at the edges, which valid has not."""
    model = _network(5, 2, "valid")
    grey = np.full((1, 28, 28), 130, np.uint8)
    softened = soften_network(model).predict(grey, verbose=0)
    assert_allclose(softened, model.predict(grey, verbose=0), atol=1e-6)


def test_network_that_no_larger_kernel_fits_is_refused() -> None:
    with pytest.raises(ValueError, match=r"would give \(11, 11\) outputs for \(12, 12\)"):
        soften_network(_network(6, 2, "valid"))


def test_network_without_a_plain_first_convolution_is_refused() -> None:
    dilated = build_network(
        lambda plane: layers.Flatten()(layers.Conv2D(2, 3, dilation_rate=2)(plane)), 5, name="far"
    )
    with pytest.raises(ValueError, match="far does not begin with a plain convolution"):
        soften_network(dilated)
    dense = build_network(layers.Flatten(), 5, name="flat")
    with pytest.raises(ValueError, match="flat does not begin with a plain convolution"):
        soften_network(dense)


@pytest.mark.parametrize(
    "preset",
    [n for n, preset in PRESETS.items() if any(r.soften for r in preset.recipes.values())],
)
def test_presets_that_soften_can_be_softened(preset: str) -> None:
    assert soften_network(build_preset(preset, 10)).output.shape == (None, 10)
