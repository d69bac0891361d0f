from __future__ import annotations

import json
from dataclasses import asdict, replace
from math import inf
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_infer.errors import RunError, UsageError
from edge_train import Recipe, TrainConfig
from edge_train.config import fit_to_size, override
from edge_train.presets import PRESETS

OLD_RUN = Path(__file__).with_name("old_run.json")


@pytest.mark.parametrize("change", [{}, {"augmentation": None}, {"fold_blur": True}])
def test_config_survives_json(config: TrainConfig, change: dict) -> None:
    config = replace(config, teachers=("edge",), recipe=replace(config.recipe, **change))
    assert TrainConfig.from_json_values(json.loads(json.dumps(config.to_json_values()))) == config


def test_config_of_an_older_version_is_read() -> None:
    config = TrainConfig.from_json_values(json.loads(OLD_RUN.read_text()))
    expected = replace(PRESETS["page"].recipe, precision="mixed_bfloat16")
    assert config == TrainConfig(
        preset="page",
        data="mnist",
        out=Path("runs/page"),
        seed=4,
        recipe=expected,
        teachers=("/models/teacher.onnx",),
        overridden=("epochs",),
    )
    assert TrainConfig.from_json_values(config.to_json_values()) == config


def test_config_without_newer_fields_gets_their_defaults(config: TrainConfig) -> None:
    values = config.to_json_values()
    del values["recipe"]["negatives"], values["recipe"]["degradations"], values["split"]
    assert TrainConfig.from_json_values(values) == config


@pytest.mark.parametrize(
    "change", [{"recipe": {}}, {"recipe": None}, {"seed": "3"}, {"teachers": "edge"}]
)
def test_config_with_wrong_fields_is_refused(config: TrainConfig, change: dict) -> None:
    with pytest.raises(RunError, match="configuration"):
        TrainConfig.from_json_values({**config.to_json_values(), **change})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("batch_size", 0),
        ("patience", 0),
        ("learning_rate", 0),
        ("learning_rate", inf),
        ("teacher_temperature", -1),
        ("negatives", -0.1),
        ("negatives", inf),
        ("degradations", 1.5),
        ("label_smoothing", -1),
        ("optimizer", "sgd"),
        ("precision", "float16"),
    ],
)
def test_recipe_refuses_values_out_of_range(config: TrainConfig, name: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"{name} must "):
        Recipe(**{**asdict(config.recipe), name: value})


@pytest.mark.parametrize("change", [{"seed": -1}, {"seed": 2**32}, {"split": "first"}])
def test_config_refuses_values_out_of_range(config: TrainConfig, change: dict) -> None:
    with pytest.raises(UsageError, match=f"{next(iter(change))} must "):
        replace(config, **change)


def test_recipe_for_a_large_set_stays_as_it_is() -> None:
    for preset in PRESETS.values():
        assert fit_to_size(preset.recipe, 55_000) == preset.recipe


@given(images=st.integers(1, 100_000))
def test_recipe_for_any_set_has_enough_steps(images: int) -> None:
    fitted = fit_to_size(replace(PRESETS["edge"].recipe, patience=10), images)
    steps = -(-images // fitted.batch_size)
    assert fitted.epochs * steps >= 1500
    assert fitted.patience is not None
    assert fitted.patience * steps >= 400
    assert fitted.batch_size <= 128
    assert steps >= 32 or fitted.batch_size == 8


def test_recipe_keeps_what_the_user_set() -> None:
    recipe = PRESETS["edge"].recipe
    assert fit_to_size(recipe, 90, ("epochs", "batch_size", "patience")) == recipe
    fitted = fit_to_size(recipe, 90, ("epochs",))
    assert (fitted.epochs, fitted.batch_size) == (recipe.epochs, 8)


def test_override_replaces_only_what_is_given(config: TrainConfig) -> None:
    assert override(config.recipe) == config.recipe
    changed = override(config.recipe, epochs=7, learning_rate=0.1)
    assert changed == replace(config.recipe, epochs=7, learning_rate=0.1)
