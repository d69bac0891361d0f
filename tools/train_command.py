"""Tell from a run's record the command that makes the same run again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from edge_infer.errors import RunError
from edge_infer.model.run_folder import RunRecord
from edge_train.config import Recipe, TrainConfig, fit_to_size, override
from edge_train.presets import DEFAULT_RECIPE, find_preset

# Options that are fitted to the data's size unless asked for, and those that are not.
_FITTED: Final = ("epochs", "batch_size", "patience")
_PLAIN: Final = ("learning_rate", "precision")


def train_command(record: RunRecord, shipped_names: Mapping[str, str]) -> str:
    """Write the shortest ``edge-mnist train`` that has the configuration of a run.

    Where the run, its data and its teachers lay is left out: it changes nothing.

    Args:
        record: Of the run.
        shipped_names: Names of shipped models by the SHA-256 of their files; a teacher that
            is one of them goes by its name, another by its file's.

    Raises:
        RunError: No recipe of the preset gives the run's: it was made by another version.
    """
    config = TrainConfig.from_json_values(dict(record.config))
    words = ["edge-mnist", "train", "--preset", config.preset]
    if record.data != "mnist":
        words += ["--data", Path(config.data).name]
    words += _recipe_words(config, record.train_images)
    for teacher, sha256 in zip(config.teachers, record.teacher_sha256, strict=True):
        words += ["--teacher", shipped_names.get(sha256, Path(teacher).name)]
    words += ["--seed", str(config.seed)]
    return shlex.join(words)


def _recipe_words(config: TrainConfig, images: int) -> list[str]:
    """Name the recipe, and the values that were asked for instead of its own."""
    candidates: list[list[str]] = []
    for name, recipe in find_preset(config.preset).recipes.items():
        changes = _changes(config, recipe)
        if fit_to_size(override(recipe, **changes), images, config.overridden) == config.recipe:
            words = [] if name == DEFAULT_RECIPE else ["--recipe", name]
            for option, value in changes.items():
                words += [f"--{option.replace('_', '-')}", f"{value}"]
            candidates.append(words)
    if not candidates:
        raise RunError(
            f"no recipe of preset {config.preset!r} gives the run's {config.recipe}: "
            "train it again with this version"
        )
    return min(candidates, key=len)


def _changes(config: TrainConfig, recipe: Recipe) -> dict[str, Any]:
    changes = {name: getattr(config.recipe, name) for name in _FITTED if name in config.overridden}
    for name in _PLAIN:
        if getattr(config.recipe, name) != getattr(recipe, name):
            changes[name] = getattr(config.recipe, name)
    return changes
