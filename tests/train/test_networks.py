"""The networks and recipes of presets, and the folded blur."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from edge_infer.errors import UsageError
from edge_infer.model.shipped import read_card
from edge_train.networks import build_network, fold_blur
from edge_train.presets import (
    PRESETS,
    build_final,
    build_preset,
    count_trained,
    find_preset,
    layer_costs,
)

layers = keras.layers


def test_layer_costs_count_multiplications_and_parameters() -> None:
    costs = {c.name: c for c in layer_costs(build_preset("walkthrough", 10))}
    assert costs["convolution_1"].macs == 26 * 26 * 32 * 9
    assert costs["convolution_2"].macs == 11 * 11 * 64 * 9 * 32
    assert costs["dense"].macs == 1600 * 128
    assert costs["pool_1"].macs == 0
    assert sum(c.parameters for c in costs.values()) == 225_034


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("classes", [2, 100])
def test_networks_take_pixels_and_give_probabilities(preset: str, classes: int) -> None:
    model = build_preset(preset, classes)
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    probabilities = model.predict(images, verbose=0)
    assert probabilities.shape == (3, classes)
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert {"image", "pixels", "plane", "logits", "probabilities"} <= {
        layer.name for layer in model.layers
    }


def test_recipes_are_found_by_name() -> None:
    edge = find_preset("edge")
    assert edge.find_recipe("default") is edge.recipe
    assert edge.find_recipe("fast").epochs < edge.recipe.epochs
    with pytest.raises(UsageError, match=r"no recipe 'slow'.*there are: default, fast"):
        edge.find_recipe("slow")


def test_preset_names_are_suggested() -> None:
    with pytest.raises(UsageError, match="did you mean 'edge'"):
        find_preset("egde")
    with pytest.raises(UsageError, match="there are: nano, edge, max, page"):
        find_preset("resnet")


@pytest.mark.parametrize(("preset", "classes"), [("nano", 10), ("edge", 10), ("page", 11)])
def test_presets_end_as_the_networks_that_ship(preset: str, classes: int) -> None:
    card, final = read_card(preset), build_final(preset, find_preset(preset).recipe, classes)
    assert count_trained(final) == card.parameters
    assert sum(cost.macs for cost in layer_costs(final)) == card.macs


def test_only_page_learns_negatives() -> None:
    page = find_preset("page").recipe
    assert page.negatives > 0
    assert page.degradations > 0
    # Labels and a teacher without the class of negatives must have the same scale.
    assert (page.label_smoothing, page.teacher_temperature) == (0, 1)
    recipes = [r for name in PRESETS if name != "page" for r in PRESETS[name].recipes.values()]
    assert not any(recipe.negatives or recipe.degradations for recipe in recipes)


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
def test_network_answers_as_to_blurred_images(kernel, strides, padding, step) -> None:
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
