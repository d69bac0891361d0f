"""Load a model file or a training run to evaluate."""

from __future__ import annotations

import csv
from dataclasses import fields
from pathlib import Path

from edge_analysis.evaluation.data import (
    Epoch,
    EvaluatedModel,
    ModelFacts,
    Predictor,
    Training,
)
from edge_infer.errors import RunError
from edge_infer.glyph.classifier import Classifier
from edge_infer.model.run_folder import RunFolder, RunRecord
from edge_infer.model.shipped import read_model


def load_file(model: str, *, threads: int) -> EvaluatedModel:
    """Load a shipped model or an ``.onnx`` file.

    Args:
        model: Name of the shipped model, or path of the file.
        threads: Threads that share a batch.

    Raises:
        ModelError: The model is missing, foreign or damaged.
    """
    classifier = Classifier.load(model, threads=threads)
    metadata = classifier.metadata
    return EvaluatedModel(
        facts=ModelFacts(
            name=Path(model).name.removesuffix(".onnx"),
            kind=f"ONNX file, {metadata.precision}",
            preset=metadata.preset,
            parameters=metadata.parameters,
            size_bytes=len(read_model(model)),
            data=metadata.data,
            data_sha256=metadata.data_sha256,
            seed=metadata.seed,
            epochs=metadata.epochs,
            reject_threshold=metadata.reject_threshold,
        ),
        class_names=metadata.class_names,
        predict=classifier.probabilities,
    )


def load_run(folder: RunFolder, predict: Predictor) -> EvaluatedModel:
    """Describe a finished training run.

    Args:
        folder: Folder of the run.
        predict: Runs the Keras model of the run. This package does not import Keras.

    Raises:
        RunError: The run is not finished, or its history is damaged.
    """
    record = folder.read_record()
    return EvaluatedModel(
        facts=ModelFacts(
            name=folder.path.resolve().name,
            kind="Keras run",
            preset=record.preset,
            parameters=record.parameters,
            size_bytes=folder.model_path.stat().st_size,
            data=record.data,
            data_sha256=record.data_sha256,
            seed=record.seed,
            epochs=record.epochs,
            reject_threshold=None,
        ),
        class_names=record.class_names,
        predict=predict,
        training=_read_training(folder, record),
    )


def _read_training(folder: RunFolder, record: RunRecord) -> Training:
    """Read the training history of a run.

    Raises:
        RunError: The history is missing, truncated, or of another run.
    """
    epochs = _read_history(folder.history_path)
    if record.best_epoch not in {epoch.epoch for epoch in epochs}:
        raise RunError(
            f"{folder.history_path} lacks epoch {record.best_epoch}, the best epoch of "
            f"{folder.record_path}: the files are of different runs; train again"
        )
    return Training(
        epochs=epochs,
        best_epoch=record.best_epoch,
        time_s=record.training_time_s,
        machine=record.machine,
    )


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
