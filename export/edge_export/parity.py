"""Differences between a model file and its Keras model, and the limits for them."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import UsageError, VerificationError
from edge_infer.model.metadata import Accuracy
from edge_infer.model.reliability import wilson_interval

# Keeps floor() from losing an image where 10000 * 0.001 is 9.999...
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, kw_only=True)
class GateOptions:
    """Limits set by the user; None takes the default of the precision.

    Attributes:
        min_agreement_percent: Minimum top-1 agreement with Keras, 0-100.
        max_drop_points: Maximum loss of accuracy in percentage points, 0-100.
        max_delta: Maximum difference of any probability, 0-1.

    Raises:
        UsageError: A limit outside its range.
    """

    min_agreement_percent: float | None = None
    max_drop_points: float | None = None
    max_delta: float | None = None

    def __post_init__(self) -> None:
        for option, value, top in (
            ("--min-agreement", self.min_agreement_percent, 100),
            ("--max-drop", self.max_drop_points, 100),
            ("--max-delta", self.max_delta, 1),
        ):
            if value is not None and not 0 <= value <= top:
                raise UsageError(f"{option} must lie in 0-{top}, found {value}")


@dataclass(frozen=True, kw_only=True)
class Gates:
    """Limits for a model file; the first three are those of :class:`GateOptions`.

    The defaults of int8 always allow one image, so that one borderline image of a small set does
    not fail a file. A limit set by the user is taken exactly.

    Attributes:
        spared_changes: Number of changed labels that is always allowed.
        spared_losses: Number of lost correct answers that is always allowed.
    """

    min_agreement_percent: float
    max_drop_points: float
    max_delta: float
    spared_changes: int = 0
    spared_losses: int = 0

    @classmethod
    def of(cls, precision: str, options: GateOptions) -> Gates:
        """Return the limits of ``"float32"`` or ``"int8"``, overridden by those in ``options``."""
        given = {name: value for name, value in asdict(options).items() if value is not None}
        limits: dict[str, Any] = {**_DEFAULTS[precision], **given}
        if "min_agreement_percent" in given:
            limits["spared_changes"] = 0
        if "max_drop_points" in given:
            limits["spared_losses"] = 0
        return cls(**limits)

    def allowed_changes(self, n: int) -> int:
        """Return how many of ``n`` images may get another label than from Keras."""
        return max(self.spared_changes, _share(n, 100 - self.min_agreement_percent))

    def allowed_losses(self, n: int) -> int:
        """Return how many fewer of ``n`` images may be correct than with Keras."""
        return max(self.spared_losses, _share(n, self.max_drop_points))


_DEFAULTS: Final = {
    "float32": {"min_agreement_percent": 100.0, "max_drop_points": 0.0, "max_delta": 1e-5},
    "int8": {
        "min_agreement_percent": 99.9,
        "max_drop_points": 0.05,
        "max_delta": 1.0,
        "spared_changes": 1,
        "spared_losses": 1,
    },
}


@dataclass(frozen=True, kw_only=True)
class ParityReport:
    """Comparison of a model file with its Keras model on the test images of the run.

    Attributes:
        precision: ``"float32"`` or ``"int8"``.
        max_delta: Maximum absolute difference of a probability.
        mean_delta: Mean absolute difference over all images and classes.
        accuracy_keras: Accuracy of the Keras model; ``accuracy`` is that of the file.
        changed_indices: Test images whose top-1 label differs, ascending.
        gates: The limits.
    """

    precision: str
    max_delta: float
    mean_delta: float
    accuracy_keras: Accuracy
    accuracy: Accuracy
    changed_indices: tuple[int, ...]
    gates: Gates

    @property
    def n(self) -> int:
        """Number of images compared."""
        return self.accuracy.n

    @property
    def agreement(self) -> float:
        """Fraction of images with the same top-1 label, 0-1."""
        return 1 - len(self.changed_indices) / self.n

    @property
    def failures(self) -> tuple[str, ...]:
        """A sentence for every limit that is exceeded."""
        changed, allowed = len(self.changed_indices), self.gates.allowed_changes(self.n)
        lost = self.accuracy_keras.correct - self.accuracy.correct
        losses = self.gates.allowed_losses(self.n)
        checks = (
            (changed > allowed, f"{changed} of {self.n} labels changed, allowed {allowed}"),
            (lost > losses, f"{lost} of {self.n} correct answers lost, allowed {losses}"),
            (
                not self.max_delta <= self.gates.max_delta,
                f"a probability differs by {self.max_delta:.2g}, "
                f"allowed {self.gates.max_delta:.2g}",
            ),
        )
        return tuple(sentence for exceeded, sentence in checks if exceeded)

    def check(self, name: str) -> None:
        """Raise VerificationError for the file ``name`` where a limit is exceeded."""
        if self.failures:
            reasons = "; ".join(self.failures)
            raise VerificationError(f"{name} differs too much from Keras: {reasons}")

    def to_json(self) -> str:
        """Return the report as one JSON object."""
        document = {
            "precision": self.precision,
            "n": self.n,
            "agreement": self.agreement,
            "max_delta": self.max_delta,
            "mean_delta": self.mean_delta,
            "keras": _accuracy_document(self.accuracy_keras),
            "file": _accuracy_document(self.accuracy),
            "changed_indices": self.changed_indices,
            "gates": asdict(self.gates),
            "allowed_changes": self.gates.allowed_changes(self.n),
            "allowed_losses": self.gates.allowed_losses(self.n),
            "passed": not self.failures,
            "failures": self.failures,
        }
        return json.dumps(document, indent=2)


def compare(
    precision: str,
    keras: NDArray[np.float32],
    probabilities: NDArray[np.float32],
    labels: NDArray[np.int64],
    options: GateOptions,
) -> ParityReport:
    """Compare the answers of a file with those of Keras.

    Args:
        precision: ``"float32"`` or ``"int8"``, of the file.
        keras: float32 (n, classes), probabilities from Keras, n at least 1.
        probabilities: float32 (n, classes), those of the file.
        labels: int64 (n,), the true class ids.
        options: Limits set by the user.
    """
    delta = np.abs(keras - probabilities)
    changed = keras.argmax(axis=1) != probabilities.argmax(axis=1)
    return ParityReport(
        precision=precision,
        max_delta=float(delta.max()),
        mean_delta=float(delta.mean(dtype=np.float64)),
        accuracy_keras=count_correct(keras, labels),
        accuracy=count_correct(probabilities, labels),
        changed_indices=tuple(np.flatnonzero(changed).tolist()),
        gates=Gates.of(precision, options),
    )


def count_correct(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> Accuracy:
    """Count correct top-1 answers, of float32 (n, classes) and int64 (n,), n at least 1."""
    correct = np.count_nonzero(probabilities.argmax(axis=1) == labels)
    return Accuracy(correct=int(correct), n=len(labels))


def _share(n: int, percent: float) -> int:
    return math.floor(n * percent / 100 + _ROUNDING)


def _accuracy_document(accuracy: Accuracy) -> dict[str, Any]:
    return {
        "correct": accuracy.correct,
        "accuracy": accuracy.fraction,
        "interval_95": wilson_interval(accuracy),
    }
