"""Models to evaluate, loaded from a model file or a training run.

A model is a function, so that a Keras network and an ONNX file are measured by the same code and
neither library is imported here.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_analysis.data_set import DataSet, ImagesU8
from edge_analysis.text import listed
from edge_infer.errors import ModelError, RunError
from edge_infer.glyph.classifier import Classifier
from edge_infer.model.metadata import ModelMetadata
from edge_infer.model.run_folder import RunFolder, RunRecord
from edge_infer.model.shipped import read_model

Probabilities = NDArray[np.float32]

Predictor = Callable[[ImagesU8], Probabilities]
"""Takes uint8 (n, 28, 28), n at least 1; returns float32 (n, classes), rows sum to 1."""

_SHARED_FACTS: Final = ("preset", "parameters", "data", "data_sha256", "seed", "epochs")


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """Description of a model, from its own metadata.

    ``kind`` is ``"Keras run"`` or such as ``"ONNX file, int8"``, ``preset`` the name of the
    network, ``data`` the training data set. Answers with a confidence below ``reject_threshold``
    in 0-1 are rejected; None for no threshold.
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


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One row of the training history.

    Losses are in nats, accuracies in 0-1. Training loss and accuracy are those of the augmented
    images; the learning rate is that after the last step; the time includes validation.
    """

    epoch: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    time_s: float


@dataclass(frozen=True, kw_only=True)
class Training:
    """Training history of a model; ``best_epoch``, from 1, is the one whose weights were kept."""

    epochs: tuple[Epoch, ...]
    best_epoch: int
    time_s: float
    machine: str

    @property
    def best(self) -> Epoch:
        """The epoch whose weights were kept."""
        return next(epoch for epoch in self.epochs if epoch.epoch == self.best_epoch)


@dataclass(frozen=True, eq=False, kw_only=True)
class EvaluatedModel:
    """A model to evaluate; ``class_names`` are those of the columns of its probabilities."""

    facts: ModelFacts
    class_names: tuple[str, ...]
    predict: Predictor
    training: Training | None = None

    def predictor_for(self, names: Sequence[str]) -> Predictor:
        """Return the model with columns in the order of ``names``; other classes get 0."""
        if self.class_names == tuple(names):
            return self.predict
        columns = [names.index(name) for name in self.class_names]

        def predict(images: ImagesU8) -> Probabilities:
            placed = np.zeros((len(images), len(names)), np.float32)
            placed[:, columns] = self.predict(images)
            return placed

        return predict


def common_classes(data: DataSet, models: Sequence[EvaluatedModel]) -> tuple[str, ...]:
    """Return the classes of the data, followed by further classes of the models.

    Raises:
        ModelError: A model lacks a class of the data.
    """
    for model in models:
        missing = [name for name in data.class_names if name not in model.class_names]
        if missing:
            raise ModelError(
                f"{model.facts.name} has {len(model.class_names)} classes "
                f"({listed(model.class_names)}) and lacks {listed(missing)} of {data.name}: use "
                "data of its classes, or a model that was trained on this data",
                code="other_classes",
            )
    of_models = (name for model in models for name in model.class_names)
    return tuple(dict.fromkeys((*data.class_names, *of_models)))


def load_file(model: str, *, threads: int) -> EvaluatedModel:
    """Load a shipped model, given by name, or an ``.onnx`` file, given by path.

    Raises:
        ModelError: The model is missing, foreign or damaged.
    """
    classifier = Classifier.load(model, threads=threads)
    metadata = classifier.metadata
    return EvaluatedModel(
        facts=_facts(
            metadata,
            name=Path(model).name.removesuffix(".onnx"),
            kind=f"ONNX file, {metadata.precision}",
            size_bytes=len(read_model(model)),
            reject_threshold=metadata.reject_threshold,
        ),
        class_names=metadata.class_names,
        predict=classifier.probabilities,
    )


def load_run(folder: RunFolder, predict: Predictor) -> EvaluatedModel:
    """Describe a finished training run; ``predict`` runs its Keras model.

    Raises:
        RunError: The run is not finished, or its history is damaged.
    """
    record = folder.read_record()
    epochs = _read_history(folder.history_path)
    if record.best_epoch not in {epoch.epoch for epoch in epochs}:
        raise RunError(
            f"{folder.history_path} lacks epoch {record.best_epoch}, the best epoch of "
            f"{folder.record_path}: the files are of different runs; train again"
        )
    return EvaluatedModel(
        facts=_facts(
            record,
            name=folder.path.resolve().name,
            kind="Keras run",
            size_bytes=folder.model_path.stat().st_size,
            reject_threshold=None,
        ),
        class_names=record.class_names,
        predict=predict,
        training=Training(
            epochs=epochs,
            best_epoch=record.best_epoch,
            time_s=record.training_time_s,
            machine=record.machine,
        ),
    )


def _facts(source: ModelMetadata | RunRecord, **own: Any) -> ModelFacts:
    return ModelFacts(**own, **{fact: getattr(source, fact) for fact in _SHARED_FACTS})


def _read_history(path: Path) -> tuple[Epoch, ...]:
    names = [field.name for field in fields(Epoch) if field.name != "epoch"]
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return tuple(
                Epoch(epoch=int(row["epoch"]), **{name: float(row[name]) for name in names})
                for row in csv.DictReader(file)
            )
    except (OSError, ValueError, TypeError, KeyError, csv.Error) as error:
        raise RunError(f"{path} cannot be read: {error}") from error
