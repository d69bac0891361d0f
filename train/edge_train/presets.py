"""The networks by name, each with the recipe that trains it, and what each costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Final

from edge_infer.errors import UsageError
from edge_train import classic
from edge_train.augment import Augmentation
from edge_train.config import Recipe
from edge_train.networks import (
    Trunk,
    build_network,
    edge_trunk,
    max_trunk,
    nano_trunk,
    page_trunk,
)
from edge_train.soften import soften_network

DEFAULT_RECIPE: Final = "default"


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A network and how it is trained.

    Attributes:
        summary: One line.
        trunk: Builds it.
        recipes: By name; ``default`` is always there.
    """

    summary: str
    trunk: Trunk
    recipes: Mapping[str, Recipe]

    @property
    def recipe(self) -> Recipe:
        """The default recipe."""
        return self.recipes[DEFAULT_RECIPE]

    def find_recipe(self, name: str) -> Recipe:
        """Return a recipe by name.

        Raises:
            UsageError: There is none of that name; says which there are.
        """
        if name not in self.recipes:
            names = ", ".join(self.recipes)
            raise UsageError(f"there is no recipe {name!r} for this preset; there are: {names}")
        return self.recipes[name]


def _adam(**values: Any) -> dict[str, Recipe]:
    """The recipe of the public projects: Adam at Keras' rate, no distortions."""
    return {DEFAULT_RECIPE: Recipe(optimizer="adam", learning_rate=1e-3, batch_size=128, **values)}


_DISTORTIONS: Final = Augmentation(rotation_deg=15, scale=0.1, shear=0.2, shift_px=2.5)
_OWN: Final = Recipe(
    optimizer="adamw",
    learning_rate=3e-3,
    weight_decay=0.02,
    warmup_epochs=1.0,
    label_smoothing=0.05,
    augmentation=_DISTORTIONS,
    soften=True,
    epochs=60,
    batch_size=128,
)

# The larger a network, the more other people's digits it can learn beside MNIST's: ``nano``
# lost 0.26 points of validation accuracy by a share of 0.06, ``max`` no more than 0.04 by 0.15.
_EDGE: Final = replace(_OWN, drawn=0.06)
_MAX: Final = replace(
    _OWN,
    label_smoothing=0.0,
    augmentation=replace(_DISTORTIONS, thickness=0.4),
    drawn=0.15,
    epochs=40,
)

# A student is shown distorted images, which are blurred already: a teacher that softens them
# once more answers a little worse.
_TEACHER: Final = replace(_MAX, soften=False)

# Few epochs leave no time to learn strong distortions.
_FAST: Final = replace(
    _OWN,
    warmup_epochs=0.3,
    label_smoothing=0.0,
    augmentation=Augmentation(rotation_deg=7, scale=0.05, shear=0.1, shift_px=1),
    epochs=5,
)

# For candidates cut from a line: one picture in three is no digit, most digits are damaged.
# Proportions vary more than in MNIST and shifts do nothing, as all is normalised again.
# Without smoothing, and with a teacher at temperature 1: it does not know the pictures
# that are no digit, so both must speak of the same probabilities.
_PAGE: Final = replace(
    _OWN,
    label_smoothing=0.0,
    teacher_temperature=1.0,
    augmentation=Augmentation(rotation_deg=15, scale=0.2, shear=0.25, shift_px=0, clean_share=0.25),
    others=0.5,
    drawn=0.3,
    damage=0.7,
    soften=False,
    epochs=40,
)

PRESETS: Final[Mapping[str, Preset]] = {
    "nano": Preset(
        summary="the smallest: for a file of some kilobytes",
        trunk=nano_trunk,
        recipes={DEFAULT_RECIPE: _OWN},
    ),
    "edge": Preset(
        summary="small, accurate and quick once quantized; the default",
        trunk=edge_trunk,
        recipes={DEFAULT_RECIPE: _EDGE, "fast": _FAST},
    ),
    "max": Preset(
        summary="the largest: surer than edge of distorted digits",
        trunk=max_trunk,
        recipes={DEFAULT_RECIPE: _MAX, "teacher": _TEACHER},
    ),
    "page": Preset(
        summary="a class more, for what is no digit: it reads pages",
        trunk=page_trunk,
        recipes={DEFAULT_RECIPE: _PAGE},
    ),
    "walkthrough": Preset(
        summary="the classic tutorial network: two convolutions and a dense layer",
        trunk=classic.walkthrough_trunk,
        recipes=_adam(epochs=5),
    ),
    "adadelta": Preset(
        summary="a tutorial network of 2.4 million parameters, trained by Adadelta",
        trunk=classic.adadelta_trunk,
        recipes={
            DEFAULT_RECIPE: Recipe(
                optimizer="adadelta", learning_rate=1e-3, epochs=50, batch_size=128, patience=5
            )
        },
    ),
    "regularized": Preset(
        summary="a tutorial network with a strong dropout",
        trunk=classic.regularized_trunk,
        recipes=_adam(epochs=10),
    ),
    "dropout": Preset(
        summary="a tutorial network without a dense layer between",
        trunk=classic.dropout_trunk,
        recipes=_adam(epochs=10),
    ),
    "custom": Preset(
        summary="a tutorial network of four convolutions",
        trunk=classic.custom_trunk,
        recipes=_adam(epochs=12),
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


def build_finished(name: str, recipe: Recipe, classes: int) -> Any:
    """Build a preset's network, untrained, in the form that a recipe leaves it in."""
    network = build_preset(name, classes)
    return soften_network(network) if recipe.soften else network


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
