"""What a training run is made of, as two frozen records: the recipe and the request."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from edge_infer.errors import RunError, UsageError
from edge_train.augment import Augmentation
from edge_train.data.split import SPLIT_RULES, SplitRule

# What numpy and Keras take.
MAX_SEED: Final = 2**32 - 1
# By their names in Keras.
PRECISIONS: Final = ("float32", "mixed_bfloat16")
# What a run on a small set has at least, so that the optimizer gets anywhere and the
# statistics of batch-norm, which remember some 30 steps, settle before patience ends.
_STEPS_AN_EPOCH: Final = 32
_STEPS: Final = 1500
_PATIENT_STEPS: Final = 400
_SMALLEST_BATCH: Final = 8


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is trained.

    Attributes:
        optimizer: ``"adamw"`` (Loshchilov & Hutter 2019), ``"adam"`` (Kingma & Ba 2015) or
            ``"adadelta"`` (Zeiler 2012).
        learning_rate: The highest that is reached.
        weight_decay: Decoupled decay a step of ``adamw``; not on biases or batch-norm.
        warmup_epochs: Linear rise from 0, then half a cosine to 0 (He et al. 2019). None
            keeps the rate constant.
        label_smoothing: 0-1, share of the target spread over all classes.
        augmentation: Random distortions of each image in each epoch, or None.
        others: Made pictures in an epoch that are not one digit, as a share of the training
            images; taught as one class more, see :mod:`edge_synth.negatives`. 0 for none.
        drawn: 0-1, share of the images in each epoch in whose place a digit of the same label
            is drawn, in ways that the data may lack, see :mod:`edge_synth.digits`.
        damage: 0-1, share of the images in each epoch that show traces of pens, paper and
            cuts, see :mod:`edge_synth.degradations`.
        teacher_weight: 0-1, share of a teacher's probabilities in the targets; the labels
            have the rest. Of no effect without a teacher.
        teacher_temperature: What the teacher's logits are divided by, above 0. At a high one they
            tell which wrong answers are near; export finds the temperature that undoes it.
        soften: Whether the trained network ends by seeing softer pictures than it is given,
            see :mod:`edge_train.soften`.
        ema_momentum: Of the exponential moving average over steps (Polyak & Juditsky 1992)
            whose weights are measured and kept in place of the last ones; None keeps those.
        precision: Of the arithmetic; what is saved is float32 either way.
        epochs: At most.
        batch_size: Images a step.
        patience: Epochs without a better validation loss before stopping early; then the
            epoch of the best validation accuracy is kept. None never stops early and keeps
            the last epoch, as suits a learning rate that falls to 0.
    """

    optimizer: Literal["adamw", "adam", "adadelta"]
    learning_rate: float
    weight_decay: float = 0.0
    warmup_epochs: float | None = None
    label_smoothing: float = 0.0
    augmentation: Augmentation | None = None
    others: float = 0.0
    drawn: float = 0.0
    damage: float = 0.0
    teacher_weight: float = 1.0
    teacher_temperature: float = 3.0
    soften: bool = False
    ema_momentum: float | None = None
    precision: str = "float32"
    epochs: int
    batch_size: int
    patience: int | None = None

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "patience"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name} must be at least 1, found {value}")
        for name in ("learning_rate", "teacher_temperature"):
            if not 0 < getattr(self, name) < math.inf:
                raise UsageError(f"{name} must be above 0, found {getattr(self, name)}")
        if not 0 <= self.others < math.inf:
            raise UsageError(f"others must be 0 or more, found {self.others}")
        for name in ("label_smoothing", "drawn", "damage", "teacher_weight", "ema_momentum"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise UsageError(f"{name} must lie in 0-1, found {value}")
        if self.precision not in PRECISIONS:
            names = " or ".join(PRECISIONS)
            raise UsageError(f"precision must be {names}, found {self.precision!r}")

    def others_an_epoch(self, images: int) -> int:
        """Return how many pictures that are not one digit join so many training images."""
        return round(self.others * images)


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """What is asked of one run.

    Attributes:
        preset: Name of a network in :data:`edge_train.presets.PRESETS`.
        data: As :func:`edge_train.data.load_dataset` takes it.
        out: The run folder.
        seed: Of the first weights, the order and the distortions.
        split: How validation images are chosen, see :func:`edge_train.data.split_validation`.
        recipe: How it is trained.
        teachers: Shipped models' names or model files whose mean probabilities are learnt
            beside the labels, see :mod:`edge_train.teacher`.
        legacy_h5: Whether to write the model as ``mnist.h5`` too, in Keras' old format.
        tensorboard: Whether to write a TensorBoard log into ``out/tensorboard``.
        asked: Names of the recipe's values that were asked for and hold whatever the size
            of the data; the others are fitted to it, see :func:`fit_to_size`.
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
    asked: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.seed <= MAX_SEED:
            raise UsageError(f"seed must lie in 0-{MAX_SEED}, found {self.seed}")
        if self.split not in SPLIT_RULES:
            raise UsageError(f"split must be {' or '.join(SPLIT_RULES)}, found {self.split!r}")

    def to_json_values(self) -> dict[str, Any]:
        """Return the record as plain JSON values."""
        lists = {"asked": list(self.asked), "teachers": list(self.teachers)}
        return {**asdict(self), **lists, "out": str(self.out)}

    @classmethod
    def from_json_values(cls, values: dict[str, Any]) -> TrainConfig:
        """Read what :meth:`to_json_values` made.

        Raises:
            RunError: Fields are missing, unknown or of the wrong kind.
        """
        try:
            recipe: dict[str, Any] = dict(values["recipe"])
            if recipe["augmentation"] is not None:
                recipe["augmentation"] = Augmentation(**recipe["augmentation"])
            arguments: dict[str, Any] = {**values, "recipe": Recipe(**recipe)}
            arguments["out"] = Path(values["out"])
            arguments["asked"] = tuple(values["asked"])
            arguments["teachers"] = tuple(values["teachers"])
            return cls(**arguments)
        except (KeyError, TypeError) as error:
            raise RunError(f"the run's configuration cannot be understood: {error}") from error


def override(
    recipe: Recipe,
    *,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    patience: int | None = None,
    precision: str | None = None,
) -> Recipe:
    """Return the recipe with each given value in place of its own.

    Raises:
        UsageError: A value makes no sense.
    """
    return replace(
        recipe,
        epochs=recipe.epochs if epochs is None else epochs,
        batch_size=recipe.batch_size if batch_size is None else batch_size,
        learning_rate=recipe.learning_rate if learning_rate is None else learning_rate,
        patience=recipe.patience if patience is None else patience,
        precision=recipe.precision if precision is None else precision,
    )


def fit_to_size(recipe: Recipe, images: int, asked: tuple[str, ...] = ()) -> Recipe:
    """Fit a recipe, written for MNIST's 55,000 images, to a smaller set.

    On some hundred images, 25 epochs in batches of 128 are a few dozen steps. The batch
    shrinks until an epoch has 32 steps, epochs and patience grow to 1,500 and 400 steps.

    Args:
        recipe: Of the preset.
        images: Number of training images.
        asked: Names of values that stay as they are.

    Returns:
        The recipe itself for a set as large as MNIST.
    """
    batch = recipe.batch_size
    if "batch_size" not in asked:
        batch = min(batch, max(_SMALLEST_BATCH, images // _STEPS_AN_EPOCH))
    steps = -(-images // batch)
    epochs, patience = recipe.epochs, recipe.patience
    if "epochs" not in asked:
        epochs = max(epochs, -(-_STEPS // steps))
    if patience is not None and "patience" not in asked:
        patience = max(patience, -(-_PATIENT_STEPS // steps))
    return replace(recipe, batch_size=batch, epochs=epochs, patience=patience)
