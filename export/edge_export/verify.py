"""Compare a model file with the Keras model of its run.

Both answer the test images of the run: Keras from ``model.keras``, the file through
:class:`edge_infer.Classifier`, as users run it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edge_export.calibrate import softmax
from edge_export.changed_images import draw_changed
from edge_export.metadata import IDENTITY
from edge_export.parity import GateOptions, ParityReport, compare
from edge_export.reference import Reference
from edge_infer.errors import ModelError
from edge_infer.glyph.classifier import Classifier
from edge_infer.model.metadata import ModelMetadata
from edge_infer.model.run_folder import RunRecord


@dataclass(frozen=True, kw_only=True)
class VerifyConfig:
    """Options of ``edge-mnist verify``.

    Attributes:
        run: Folder of the training run that the file was exported from.
        file: The model file.
        show_changed: Picture to write of the images whose label changed; None for none.
        gates: Limits that override the defaults.
    """

    run: Path
    file: Path
    show_changed: Path | None = None
    gates: GateOptions = field(default_factory=GateOptions)


def verify_file(config: VerifyConfig, notify: Callable[[str], None]) -> ParityReport:
    """Compare a model file with the run it was exported from.

    Args:
        config: The file, the run and the limits.
        notify: Called with a few words when a longer step begins.

    Returns:
        The report. A file outside the limits raises no error here.

    Raises:
        RunError: The run is not finished or damaged.
        ModelError: The file is missing, damaged, or of another run.
        OutputError: The picture of changed images cannot be written.
    """
    classifier = Classifier.load(config.file)
    notify("reading the Keras model")
    reference = Reference.load(config.run)
    metadata, calibration = classifier.metadata, reference.calibration
    _check_same_run(metadata, reference.record, config.file)
    notify("running Keras")
    logits = reference.logits(calibration.test_images)
    keras = softmax(logits, metadata.temperature).astype(np.float32)
    notify("running the file")
    report = compare(classifier, keras, calibration, config.gates)
    if config.show_changed is not None:
        answers = (keras, classifier.probabilities(calibration.test_images))
        names = metadata.class_names
        draw_changed(config.show_changed, calibration, report.changed_indices, answers, names)
    return report


def _check_same_run(metadata: ModelMetadata, record: RunRecord, file: Path) -> None:
    """Refuse a file whose classes, network, data, seed or epochs are not those of the run."""
    differences = [
        f"{name} {getattr(record, name)!r} in the run, {getattr(metadata, name)!r} in the file"
        for name in IDENTITY
        if getattr(record, name) != getattr(metadata, name)
    ]
    if differences:
        raise ModelError(
            f"{file} was exported from another run: {'; '.join(differences)}", code="another_run"
        )
