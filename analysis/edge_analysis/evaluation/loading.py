"""Load a model file or a training run as the subject of an evaluation."""

from __future__ import annotations

from pathlib import Path

from edge_analysis.evaluation.answers import Predictor
from edge_analysis.evaluation.subject import EvaluatedModel, ModelFacts
from edge_analysis.evaluation.training import read_training
from edge_infer.glyph.classifier import Classifier
from edge_infer.model.run_folder import RunFolder
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
        training=read_training(folder, record),
    )
