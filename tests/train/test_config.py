from __future__ import annotations

import json

import pytest

from edge_infer.errors import RunError, UsageError
from edge_train.config import Recipe, TrainConfig, override


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


def test_override_replaces_only_what_is_given(config: TrainConfig) -> None:
    changed = override(config.recipe, epochs=7)
    assert changed.epochs == 7
    assert override(changed, epochs=config.recipe.epochs) == config.recipe
    assert override(config.recipe) == config.recipe
    assert isinstance(override(config.recipe, learning_rate=0.1), Recipe)
