"""What a run of the family is made of, told from configurations, checkpoints and models."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from edge_bench.family.results import Make
from edge_infer.errors import EdgeMnistError
from edge_infer.model.run_folder import RunFolder
from edge_infer.model.shipped import read_card, shipped_models


def make_of_checkpoint(state: Any, make: Make) -> Make:
    """Tell what an unfinished run is made of; resuming checks the network itself."""
    return Make(
        recipe=plain_values(asdict(state.config.recipe)),
        data_sha256=state.data_sha256,
        teacher_sha256=state.teacher_sha256,
        network=make.network,
        export=make.export,
    )


def make_of_record(folder: RunFolder, make: Make) -> Make:
    """Tell what a finished run is made of; the options of its exports are today's."""
    record = folder.read_record()
    return Make(
        recipe=complete_recipe(record.config["recipe"]),
        data_sha256=record.data_sha256,
        teacher_sha256=todays_exports(record.teacher_sha256),
        network=network_of(folder),
        export=make.export,
    )


def network_of(folder: RunFolder) -> str:
    """Digest the network of a finished run; errors as ``Reference.load``."""
    from edge_export.reference import Reference
    from edge_train.presets import layer_costs

    return network_digest(layer_costs(Reference.load(folder.path).model))


def complete_make(make: Make) -> Make:
    """Give a make from a file the fields that it was written without, and today's exports."""
    return replace(
        make,
        recipe=complete_recipe(make.recipe),
        teacher_sha256=todays_exports(make.teacher_sha256),
    )


def complete_recipe(recipe: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a recipe from a file the fields that it was written without.

    One that this version cannot read stays as it is, and equals none of today's.
    """
    from edge_train.config import TrainConfig

    nothing = {"preset": "", "data": "", "out": "", "seed": 0, "teachers": [], "overridden": []}
    try:
        config = TrainConfig.from_json_values({**nothing, "recipe": dict(recipe)})
    except EdgeMnistError:
        return recipe
    return plain_values(asdict(config.recipe))


def todays_exports(sha256: Sequence[str]) -> tuple[str, ...]:
    """Name teachers by what ships today, where they were other exports of the same runs."""
    todays = {
        former: card.sha256 for card in map(read_card, shipped_models()) for former in card.formerly
    }
    return tuple(todays.get(each, each) for each in sha256)


def plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Turn tuples into lists, as JSON has them."""
    plain: dict[str, Any] = json.loads(json.dumps(values))
    return plain


def cost_layers(preset: str, recipe: Any, class_names: tuple[str, ...]) -> list[Any]:
    """List the layers of a preset's network, in the form that its recipe saves."""
    from edge_train.drawn import with_negative_class
    from edge_train.presets import build_final, layer_costs

    names = with_negative_class(class_names) if recipe.negatives else class_names
    return layer_costs(build_final(preset, recipe, len(names)))


def network_digest(costs: Sequence[Any]) -> str:
    """Digest a network's layers: kinds, shapes, parameters and multiply-accumulates."""
    layers = [[cost.kind, cost.shape, cost.parameters, cost.macs] for cost in costs]
    return hashlib.sha256(json.dumps(layers).encode()).hexdigest()[:16]
