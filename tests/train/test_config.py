from __future__ import annotations

import json
from dataclasses import replace
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_infer.errors import RunError, UsageError
from edge_train.config import Recipe, TrainConfig, fit_to_size, override
from edge_train.presets import PRESETS


def test_config_survives_json(config: TrainConfig) -> None:
    text = json.dumps(config.to_json_values())
    assert TrainConfig.from_json_values(json.loads(text)) == config


def test_config_without_augmentation_survives_json(with_recipe) -> None:
    config = with_recipe(augmentation=None)
    assert TrainConfig.from_json_values(config.to_json_values()) == config


@pytest.mark.parametrize("change", [{"recipe": {}}, {"surprise": 1}, {"recipe": None}])
def test_config_with_wrong_fields_is_refused(config: TrainConfig, change: dict) -> None:
    with pytest.raises(RunError, match="configuration"):
        TrainConfig.from_json_values({**config.to_json_values(), **change})


@pytest.mark.parametrize("name", ["epochs", "batch_size", "patience"])
def test_recipe_refuses_zero(with_recipe, name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} must be at least 1, found 0"):
        with_recipe(**{name: 0})


def test_recipe_for_a_large_set_stays_as_it_is() -> None:
    for preset in PRESETS.values():
        assert fit_to_size(preset.recipe, 55_000) == preset.recipe


@given(images=st.integers(1, 100_000))
def test_recipe_for_any_set_has_enough_steps(images: int) -> None:
    fitted = fit_to_size(replace(PRESETS["edge"].recipe, patience=10), images)
    steps = -(-images // fitted.batch_size)
    assert fitted.epochs * steps >= 1500
    assert fitted.patience * steps >= 400
    assert fitted.batch_size <= 128
    assert steps >= 32 or fitted.batch_size == 8


def test_recipe_keeps_what_was_asked_for() -> None:
    recipe = PRESETS["edge"].recipe
    assert fit_to_size(recipe, 90, ("epochs", "batch_size", "patience")) == recipe
    fitted = fit_to_size(recipe, 90, ("epochs",))
    assert (fitted.epochs, fitted.batch_size) == (recipe.epochs, 8)


def test_override_replaces_only_what_is_given(config: TrainConfig) -> None:
    changed = override(config.recipe, epochs=7)
    assert changed.epochs == 7
    assert override(changed, epochs=config.recipe.epochs) == config.recipe
    assert override(config.recipe) == config.recipe
    assert isinstance(override(config.recipe, learning_rate=0.1), Recipe)


def test_config_of_older_runs_has_neither_others_nor_damage(config: TrainConfig) -> None:
    values = config.to_json_values()
    del values["recipe"]["others"], values["recipe"]["damage"]
    assert TrainConfig.from_json_values(values) == config
    assert (config.recipe.others, config.recipe.damage) == (0, 0)


@pytest.mark.parametrize(("name", "value"), [("others", -0.1), ("others", inf), ("damage", 1.5)])
def test_recipe_refuses_shares_out_of_range(with_recipe, name: str, value: float) -> None:
    with pytest.raises(UsageError, match=f"{name} must "):
        with_recipe(**{name: value})


def test_recipe_counts_the_others_of_an_epoch(with_recipe) -> None:
    assert with_recipe(others=0.5).recipe.others_an_epoch(101) == 50
    assert with_recipe().recipe.others_an_epoch(101) == 0
