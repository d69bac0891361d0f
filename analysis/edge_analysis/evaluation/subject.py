"""What is evaluated, and on what: plain records, whatever tools read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge_analysis.evaluation.answers import Part, Predictor, in_classes
from edge_analysis.evaluation.training import Training
from edge_analysis.text import listed
from edge_infer.errors import ModelError


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What a model says about itself.

    Attributes:
        name: To call it by.
        kind: Such as ``"Keras run"`` or ``"ONNX file, int8"``.
        preset: Name of its network.
        parameters: Trained values in it.
        size_bytes: Of its file.
        data: Name of the data that it was trained on.
        data_sha256: Of those data.
        seed: Random seed of its run.
        epochs: Epochs trained.
        reject_threshold: Confidence in 0-1 from which on it keeps an answer; None for none.
    """

    name: str
    kind: str
    preset: str
    parameters: int
    size_bytes: int
    data: str
    data_sha256: str
    seed: int
    epochs: int
    reject_threshold: float | None


@dataclass(frozen=True, eq=False, kw_only=True)
class EvaluatedModel:
    """A model to evaluate.

    Attributes:
        facts: What it says about itself.
        class_names: Of its columns, in order.
        predict: Asks it.
        training: How it was trained; None where that is not known.
    """

    facts: ModelFacts
    class_names: tuple[str, ...]
    predict: Predictor
    training: Training | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class EvaluationData:
    """Labelled images in three parts.

    Attributes:
        name: Of the data set.
        sha256: Of the whole set.
        class_names: What the labels stand for.
        training: What models of this set learn from.
        validation: What their weights and thresholds are chosen on.
        test: What they are judged by.
    """

    name: str
    sha256: str
    class_names: tuple[str, ...]
    training: Part
    validation: Part
    test: Part

    @property
    def parts(self) -> tuple[Part, Part, Part]:
        """All three."""
        return self.training, self.validation, self.test


def common_classes(data: EvaluationData, subjects: Sequence[EvaluatedModel]) -> tuple[str, ...]:
    """Give the classes of data, and behind them those that some model has besides.

    Raises:
        ModelError: A model lacks a class of the data.
    """
    names = list(data.class_names)
    for subject in subjects:
        lacking = [name for name in data.class_names if name not in subject.class_names]
        if lacking:
            raise ModelError(
                f"{subject.facts.name} tells {len(subject.class_names)} classes apart "
                f"({listed(subject.class_names)}), and {listed(lacking)} of {data.name} are none "
                "of them: give data of its classes, or a model that was trained on these",
                code="other_classes",
            )
        names += [name for name in subject.class_names if name not in names]
    return tuple(names)


def predictor_for(subject: EvaluatedModel, names: tuple[str, ...]) -> Predictor:
    """Make a model answer in the order of :func:`common_classes`."""
    return in_classes(subject.predict, subject.class_names, names)
