from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge_infer.errors import UsageError
from edge_infer.model.shipped import read_card
from edge_train.presets import (
    PRESETS,
    build_final,
    build_preset,
    count_trained,
    find_preset,
    layer_costs,
)


def test_public_projects_have_their_described_layers() -> None:
    costs = [(c.kind, c.shape) for c in layer_costs(build_preset("walkthrough", 10))]
    assert costs[3:] == [
        ("Conv2D", (26, 26, 32)),
        ("MaxPooling2D", (13, 13, 32)),
        ("Conv2D", (11, 11, 64)),
        ("MaxPooling2D", (5, 5, 64)),
        ("Flatten", (1600,)),
        ("Dense", (128,)),
        ("Dense", (10,)),
        ("Softmax", (10,)),
    ]
    pools = [c.name for c in layer_costs(build_preset("adadelta", 10)) if "Pooling" in c.kind]
    assert pools == ["pool"]


def test_public_projects_are_trained_as_they_describe() -> None:
    recipe = PRESETS["adadelta"].recipe
    assert (recipe.optimizer, recipe.learning_rate) == ("adadelta", 1e-3)
    assert (recipe.epochs, recipe.batch_size, recipe.patience) == (50, 128, 5)
    recipe = PRESETS["walkthrough"].recipe
    assert (recipe.optimizer, recipe.epochs, recipe.batch_size) == ("adam", 5, 128)
    assert recipe.augmentation is None


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


def test_teacher_recipe_is_that_of_max_without_a_folded_blur() -> None:
    preset = find_preset("max")
    assert preset.recipe.fold_blur
    assert preset.find_recipe("teacher") == replace(preset.recipe, fold_blur=False)


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
