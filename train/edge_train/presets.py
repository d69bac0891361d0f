"""The networks by name, the recipes that train them, and their costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Final

from edge_infer.errors import UsageError
from edge_train import networks
from edge_train.augment import Augmentation
from edge_train.config import Recipe
from edge_train.networks import Backbone, build_network, fold_blur

DEFAULT_RECIPE: Final = "default"


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A network and its recipes.

    Attributes:
        summary: One line.
        backbone: Function that builds the layers between input and logits.
        recipes: Recipes by name; one is called ``default``.
    """

    summary: str
    backbone: Backbone
    recipes: Mapping[str, Recipe]

    @property
    def recipe(self) -> Recipe:
        """The default recipe."""
        return self.recipes[DEFAULT_RECIPE]

    def find_recipe(self, name: str) -> Recipe:
        """Return a recipe by name.

        Raises:
            UsageError: There is no such recipe; the message lists the names.
        """
        if name not in self.recipes:
            names = ", ".join(self.recipes)
            raise UsageError(f"there is no recipe {name!r} for this preset; there are: {names}")
        return self.recipes[name]


_DISTORTIONS: Final = Augmentation(rotation_deg=15, scale=0.1, shear=0.2, shift_px=2.5)
_BASE: Final = Recipe(
    optimizer="adamw",
    learning_rate=3e-3,
    weight_decay=0.02,
    warmup_epochs=1.0,
    label_smoothing=0.05,
    augmentation=_DISTORTIONS,
    fold_blur=True,
    epochs=60,
    batch_size=128,
)

# Drawn digits teach forms of handwriting that MNIST lacks. Larger networks have more room for
# them: a share of 0.06 cost ``nano`` 0.26 points of validation accuracy, a share of 0.15 cost
# ``max`` at most 0.04.
_EDGE: Final = replace(_BASE, drawn=0.06)
_MAX: Final = replace(
    _BASE,
    label_smoothing=0.0,
    augmentation=replace(_DISTORTIONS, thickness=0.4),
    drawn=0.15,
    epochs=40,
)

# A teacher sees distorted images, which are blurred already: without the folded blur its
# answers are a little better.
_TEACHER: Final = replace(_MAX, fold_blur=False)

# A few epochs are too short to learn strong distortions.
_FAST: Final = replace(
    _BASE,
    warmup_epochs=0.3,
    label_smoothing=0.0,
    augmentation=Augmentation(rotation_deg=7, scale=0.05, shear=0.1, shift_px=1),
    epochs=5,
)

# For candidates cut from a line: one picture in three is a negative, most digits are degraded.
# Proportions vary more than in MNIST; shifts have no effect because all is normalized again.
# The teacher knows nothing about negatives, so its targets and the labels must have the same
# scale: no smoothing, temperature 1.
_PAGE: Final = replace(
    _BASE,
    label_smoothing=0.0,
    teacher_temperature=1.0,
    augmentation=Augmentation(rotation_deg=15, scale=0.2, shear=0.25, shift_px=0, clean_share=0.25),
    negatives=0.5,
    drawn=0.3,
    degradations=0.7,
    fold_blur=False,
    epochs=40,
)

# The recipe of the public projects: Adam with Keras' learning rate, no distortions.
_ADAM: Final = Recipe(optimizer="adam", learning_rate=1e-3, epochs=10, batch_size=128)
_ADADELTA: Final = replace(_ADAM, optimizer="adadelta", epochs=50, patience=5)


def _preset(summary: str, backbone: Backbone, recipe: Recipe, **others: Recipe) -> Preset:
    return Preset(summary=summary, backbone=backbone, recipes={DEFAULT_RECIPE: recipe, **others})


PRESETS: Final[Mapping[str, Preset]] = {
    "nano": _preset("the smallest: for a file of some kilobytes", networks.nano_backbone, _BASE),
    "edge": _preset(
        "small, accurate and quick once quantized; the default",
        networks.edge_backbone,
        _EDGE,
        fast=_FAST,
    ),
    "max": _preset(
        "the largest: better than edge on distorted digits only",
        networks.max_backbone,
        _MAX,
        teacher=_TEACHER,
    ),
    "page": _preset(
        "for pages: one more class, for pictures that are not one digit",
        networks.page_backbone,
        _PAGE,
    ),
    "walkthrough": _preset(
        "the classic tutorial network: two convolutions and a dense layer",
        networks.walkthrough_backbone,
        replace(_ADAM, epochs=5),
    ),
    "adadelta": _preset(
        "a tutorial network of 2.4 million parameters, trained by Adadelta",
        networks.adadelta_backbone,
        _ADADELTA,
    ),
    "regularized": _preset(
        "a tutorial network with a strong dropout", networks.regularized_backbone, _ADAM
    ),
    "dropout": _preset(
        "a tutorial network without a hidden dense layer", networks.dropout_backbone, _ADAM
    ),
    "custom": _preset(
        "a tutorial network of four convolutions",
        networks.custom_backbone,
        replace(_ADAM, epochs=12),
    ),
}


def find_preset(name: str) -> Preset:
    """Return a preset by name.

    Raises:
        UsageError: There is no such preset; the message suggests a name.
    """
    if name in PRESETS:
        return PRESETS[name]
    close = get_close_matches(name, PRESETS, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(PRESETS)}"
    raise UsageError(f"there is no preset {name!r}: {hint}")


def build_preset(name: str, classes: int) -> Any:
    """Build the untrained Keras model of a preset; errors as :func:`find_preset`."""
    return build_network(find_preset(name).backbone, classes, name=name)


def build_final(name: str, recipe: Recipe, classes: int) -> Any:
    """Build the untrained Keras model of a preset as the recipe saves it, with a folded blur."""
    network = build_preset(name, classes)
    return fold_blur(network) if recipe.fold_blur else network


def count_trained(model: Any) -> int:
    """Count the trained values of a Keras model, without the statistics of batch normalization."""
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


@dataclass(frozen=True)
class LayerCost:
    """Costs of one layer.

    Attributes:
        name: Name of the layer.
        kind: Name of its Keras class.
        shape: Shape of its output without the batch axis.
        parameters: Number of trained values.
        macs: Multiply-accumulates per image, 0 but for convolutions and dense layers.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    macs: int


def layer_costs(model: Any) -> list[LayerCost]:
    """List the costs of all layers of a Keras model."""
    return [
        LayerCost(
            layer.name,
            type(layer).__name__,
            tuple(layer.output.shape[1:]),
            count_trained(layer),
            # The size of the kernel times the number of positions.
            math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:-1])
            if hasattr(layer, "kernel")
            else 0,
        )
        for layer in model.layers
    ]
