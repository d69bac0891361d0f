"""The configuration of a training run: the recipe, and what the user chose around it."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, get_args

from edge_infer.errors import RunError, UsageError
from edge_infer.io.json_records import read_record
from edge_train.augment import Augmentation
from edge_train.data.split import SplitRule

Optimizer = Literal["adamw", "adam", "adadelta"]
Precision = Literal["float32", "mixed_bfloat16"]

# NumPy and Keras accept seeds of 32 bits.
MAX_SEED: Final = 2**32 - 1
# Names that older versions wrote for the fields of TrainConfig and Recipe. A field that they
# wrote and that is gone is ignored.
_OLD_KEYS: Final = {
    "asked": "overridden",
    "damage": "degradations",
    "others": "negatives",
    "soften": "fold_blur",
}
# What a run on few images has at least, see fit_to_size. The moving statistics of batch
# normalization cover about 30 steps; they must settle before early stopping.
_SMALL_SET_STEPS_PER_EPOCH: Final = 32
_SMALL_SET_STEPS: Final = 1500
_SMALL_SET_PATIENCE_STEPS: Final = 400
_SMALL_SET_BATCH_SIZE: Final = 8
_LEAST: Final = sys.float_info.min
_MOST: Final = sys.float_info.max
# Values of a recipe, their range with both ends, and its wording.
_RANGES: Final = (
    (("epochs", "batch_size", "patience"), 1, _MOST, "be at least 1"),
    (("learning_rate", "teacher_temperature"), _LEAST, _MOST, "be above 0"),
    (("negatives",), 0, _MOST, "be 0 or more"),
    (("label_smoothing", "drawn", "degradations"), 0, 1, "lie in 0-1"),
)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is trained.

    Attributes:
        optimizer: ``"adamw"`` (Loshchilov & Hutter 2019), ``"adam"`` (Kingma & Ba 2015) or
            ``"adadelta"`` (Zeiler 2012).
        learning_rate: The maximum, above 0.
        weight_decay: Decoupled weight decay per step of ``adamw``; biases and batch
            normalization have none.
        warmup_epochs: Length of a linear warm-up from 0, followed by half a cosine down to 0
            (He et al. 2019). None keeps the learning rate constant.
        label_smoothing: 0-1, share of the target that is spread over all classes.
        augmentation: Random distortions of each image in each epoch, or None.
        negatives: Number of generated pictures per epoch that show no single digit, as a
            share of the training images, 0 or more. They get a class of their own, see
            :mod:`edge_synth.negatives`.
        drawn: 0-1, share of the images of each epoch that are replaced by a synthetic digit
            of the same label, see :mod:`edge_synth.digits`.
        degradations: 0-1, share of the images of each epoch that get traces of pens, paper
            and segmentation errors, see :mod:`edge_synth.degradations`.
        teacher_temperature: Divisor of the teacher's logits, above 0. A high temperature
            shows which wrong classes are near. Export finds the temperature that undoes it.
        fold_blur: Whether a 2x2 mean filter is folded into the first convolution after
            training, see :mod:`edge_train.fold_blur`.
        precision: Arithmetic of the training. The saved model is float32 in both cases.
        epochs: The maximum number.
        batch_size: Images per step.
        patience: Number of epochs without a lower validation loss after which training stops;
            the epoch with the best validation accuracy is kept. None trains all epochs and
            keeps the last one, which suits a learning rate that falls to 0.

    Raises:
        UsageError: A value is out of range.
    """

    optimizer: Optimizer
    learning_rate: float
    weight_decay: float = 0.0
    warmup_epochs: float | None = None
    label_smoothing: float = 0.0
    augmentation: Augmentation | None = None
    negatives: float = 0.0
    drawn: float = 0.0
    degradations: float = 0.0
    teacher_temperature: float = 3.0
    fold_blur: bool = False
    precision: Precision = "float32"
    epochs: int
    batch_size: int
    patience: int | None = None

    def __post_init__(self) -> None:
        for names, low, high, words in _RANGES:
            for name in names:
                value = getattr(self, name)
                if value is not None and not low <= value <= high:
                    raise UsageError(f"{name} must {words}, found {value}")
        for name, kind in (("optimizer", Optimizer), ("precision", Precision)):
            if getattr(self, name) not in get_args(kind):
                choices = " or ".join(get_args(kind))
                raise UsageError(f"{name} must be {choices}, found {getattr(self, name)!r}")


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """The configuration of one run.

    Attributes:
        preset: Name of a network in :data:`edge_train.presets.PRESETS`.
        data: Source of the data, as :func:`edge_train.data.load_dataset` takes it.
        out: The run folder.
        seed: Seed of the initial weights, the order of the images and the distortions.
        recipe: How the network is trained.
        split: How validation images are chosen, see :func:`edge_train.data.split_validation`.
        teachers: Names of shipped models, or model files, whose mean probabilities are the
            targets, see :mod:`edge_train.teacher`.
        legacy_h5: Whether to write the model as ``mnist.h5`` too, in Keras' old format.
        tensorboard: Whether to write a TensorBoard log into ``out/tensorboard``.
        overridden: Names of the recipe's values that the user set. They stay as they are; the
            others are fitted to the size of the data, see :func:`fit_to_size`.

    Raises:
        UsageError: The seed or the split rule is invalid.
    """

    preset: str
    data: str
    out: Path
    seed: int
    recipe: Recipe
    split: SplitRule = "stratified"
    teachers: tuple[str, ...] = ()
    legacy_h5: bool = False
    tensorboard: bool = False
    overridden: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.seed <= MAX_SEED:
            raise UsageError(f"seed must lie in 0-{MAX_SEED}, found {self.seed}")
        rules = get_args(SplitRule)
        if self.split not in rules:
            raise UsageError(f"split must be {' or '.join(rules)}, found {self.split!r}")

    def to_json_values(self) -> dict[str, Any]:
        """Return the configuration as plain JSON values."""
        values: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return values

    @classmethod
    def from_json_values(cls, values: Any) -> TrainConfig:
        """Read what :meth:`to_json_values` returned, in this version or an older one.

        Raises:
            RunError: A field is missing or has the wrong type.
            UsageError: A value is out of range.
        """
        renamed = _rename_old_keys(values)
        return read_record(cls, renamed, "the run's configuration", error=RunError)


def _rename_old_keys(values: Any) -> Any:
    """Rename the fields of stored objects, and of objects inside them, to today's names."""
    if not isinstance(values, dict):
        return values
    return {_OLD_KEYS.get(name, name): _rename_old_keys(value) for name, value in values.items()}


def override(recipe: Recipe, **values: Any) -> Recipe:
    """Return the recipe with every value that is not None in place of its own.

    Raises:
        UsageError: A value is out of range.
    """
    return replace(recipe, **{name: each for name, each in values.items() if each is not None})


def fit_to_size(recipe: Recipe, images: int, overridden: tuple[str, ...] = ()) -> Recipe:
    """Fit a recipe, written for the 55,000 images of MNIST, to a smaller data set.

    The batch shrinks until an epoch has 32 steps; epochs and patience grow to 1,500 and 400
    steps. A recipe for a data set as large as MNIST stays as it is.

    Args:
        recipe: The recipe of the preset.
        images: Number of training images.
        overridden: Names of values that stay as they are.
    """
    batch = recipe.batch_size
    if "batch_size" not in overridden:
        batch = min(batch, max(_SMALL_SET_BATCH_SIZE, images // _SMALL_SET_STEPS_PER_EPOCH))
    steps = math.ceil(images / batch)
    epochs, patience = recipe.epochs, recipe.patience
    if "epochs" not in overridden:
        epochs = max(epochs, math.ceil(_SMALL_SET_STEPS / steps))
    if patience is not None and "patience" not in overridden:
        patience = max(patience, math.ceil(_SMALL_SET_PATIENCE_STEPS / steps))
    return replace(recipe, batch_size=batch, epochs=epochs, patience=patience)
