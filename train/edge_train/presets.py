"""The networks by name, each with the recipe that trains it, and what each costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from edge_infer.errors import UsageError
from edge_train.augment import Augmentation
from edge_train.config import Recipe
from edge_train.networks import Trunk, build_network, edge_trunk, walkthrough_trunk


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A network and how it is trained."""

    summary: str
    trunk: Trunk
    recipe: Recipe


PRESETS: Final[Mapping[str, Preset]] = {
    "edge": Preset(
        summary="small, accurate and quick once quantized; the default",
        trunk=edge_trunk,
        recipe=Recipe(
            optimizer="adamw",
            learning_rate=3e-3,
            weight_decay=0.02,
            warmup_epochs=1.0,
            label_smoothing=0.05,
            augmentation=Augmentation(rotation_deg=15, scale=0.1, shear=0.2, shift_px=2.5),
            epochs=25,
            batch_size=128,
            patience=10,
        ),
    ),
    "walkthrough": Preset(
        summary="the classic tutorial network: two convolutions and a dense layer",
        trunk=walkthrough_trunk,
        recipe=Recipe(optimizer="adam", learning_rate=1e-3, epochs=5, batch_size=128),
    ),
}


def find_preset(name: str) -> Preset:
    """Return a preset by name.

    Raises:
        UsageError: There is none of that name; says which there are.
    """
    if name in PRESETS:
        return PRESETS[name]
    close = get_close_matches(name, PRESETS, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(PRESETS)}"
    raise UsageError(f"there is no preset {name!r}: {hint}")


def build_preset(name: str, classes: int) -> Any:
    """Build the untrained Keras model of a preset; errors as :func:`find_preset`."""
    return build_network(find_preset(name).trunk, classes, name=name)


def count_trained(model: Any) -> int:
    """Count a Keras model's trained values: all but the statistics of batch-norm."""
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


@dataclass(frozen=True)
class LayerCost:
    """One layer of a network: name, kind, output shape without batch, and its price.

    ``parameters`` are trained values; batch-norm's statistics do not count.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    macs: int


def layer_costs(model: Any) -> list[LayerCost]:
    """List a Keras model's layers with parameters and multiply-accumulates an image."""
    return [
        LayerCost(
            layer.name,
            type(layer).__name__,
            tuple(layer.output.shape[1:]),
            count_trained(layer),
            _macs(layer),
        )
        for layer in model.layers
    ]


def _macs(layer: Any) -> int:
    """Only convolutions and dense layers multiply: outputs times inputs to each."""
    kernel = getattr(layer, "kernel", None)
    if kernel is None:
        return 0
    # Dense kernels are [inputs, outputs], those of convolutions [height, width, inputs, outputs].
    weights: int = math.prod(kernel.shape)
    positions: int = math.prod(layer.output.shape[1:-1])
    return weights * positions
