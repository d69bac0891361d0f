"""Compare a model file, run as users run it, with the Keras model of its run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from edge_export.changed_images import draw_changed
from edge_export.metadata import IDENTITY
from edge_export.parity import GateOptions, ParityReport, compare
from edge_export.reference import Reference, softmax
from edge_infer.errors import ModelError
from edge_infer.glyph.classifier import Classifier
from edge_infer.model.metadata import ModelMetadata
from edge_infer.model.run_folder import RunRecord


def verify_file(
    run: Path,
    file: Path,
    notify: Callable[[str], None],
    *,
    gates: GateOptions,
    show_changed: Path | None = None,
) -> ParityReport:
    """Compare a model file with the run it was exported from.

    A file outside the limits raises no error here. ``notify`` is called with a few words when a
    longer step begins. ``show_changed`` is a picture to write of the images that changed label.

    Raises:
        RunError: The run is not finished or damaged.
        ModelError: The file is missing, damaged, or of another run.
        OutputError: The picture of changed images cannot be written.
    """
    classifier = Classifier.load(file)
    notify("reading the Keras model")
    reference = Reference.load(run)
    metadata, calibration = classifier.metadata, reference.calibration
    _check_same_run(metadata, reference.record, file)
    notify("running Keras")
    logits = reference.logits(calibration.test_images)
    keras = softmax(logits, metadata.temperature).astype(np.float32)
    notify("running the file")
    probabilities = classifier.probabilities(calibration.test_images)
    labels = calibration.test_labels
    report = compare(metadata.precision, keras, probabilities, labels, gates)
    if show_changed is not None:
        answers, names = (keras, probabilities), metadata.class_names
        draw_changed(show_changed, calibration, report.changed_indices, answers, names)
    return report


def _check_same_run(metadata: ModelMetadata, record: RunRecord, file: Path) -> None:
    differences = [
        f"{name} {getattr(record, name)!r} in the run, {getattr(metadata, name)!r} in the file"
        for name in IDENTITY
        if getattr(record, name) != getattr(metadata, name)
    ]
    if differences:
        raise ModelError(
            f"{file} was exported from another run: {'; '.join(differences)}", code="another_run"
        )
