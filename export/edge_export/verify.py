"""Is this model file still the network that was trained?

Both answer the run's test images: Keras from ``model.keras``, the file through
:class:`edge_infer.Classifier`, which is how every user will run it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_export.calibrate import at_temperature
from edge_export.changed import draw_changed
from edge_export.config import VerifyConfig
from edge_export.parity import Gates, ParityReport, compare
from edge_export.reference import Reference
from edge_infer.errors import ModelError
from edge_infer.glyph.classifier import Classifier
from edge_infer.model.metadata import ModelMetadata
from edge_infer.model.run_folder import RunRecord

_BATCH: Final = 500
_IDENTITY: Final = ("class_names", "preset", "parameters", "data", "data_sha256", "seed", "epochs")

Notify = Callable[[str], None]


def verify_file(config: VerifyConfig, notify: Notify) -> ParityReport:
    """Compare a model file with the run it was exported from.

    Args:
        config: What to compare, and by which limits.
        notify: Called with a few words when a longer step begins.

    Returns:
        The report; whether it passes is for the caller to act on.

    Raises:
        RunError: The run is not finished or damaged.
        ModelError: The file is missing, damaged, or of another run.
        OutputError: The picture of changed images cannot be written.
    """
    classifier = Classifier.load(config.file)
    notify("reading the Keras model")
    reference = Reference.load(config.run)
    check_same_run(classifier.metadata, reference.record, str(config.file))
    calibration = reference.calibration
    notify("asking Keras")
    logits = reference.logits(calibration.test_images)
    keras_probabilities = at_temperature(logits, classifier.metadata.temperature).astype(np.float32)
    notify("asking the file")
    file_probabilities = classify_all(classifier, calibration.test_images)
    report = compare(
        keras_probabilities,
        file_probabilities,
        calibration.test_labels,
        precision=classifier.metadata.precision,
        gates=Gates.of(classifier.metadata.precision, config.gates),
    )
    if config.show_changed is not None:
        draw_changed(
            config.show_changed,
            calibration,
            report.changed_indices,
            (keras_probabilities, file_probabilities),
            reference.record.class_names,
        )
    return report


def check_same_run(metadata: ModelMetadata, record: RunRecord, name: str) -> None:
    """Refuse to compare a file with a run that it does not come from.

    Args:
        metadata: What the file says about itself.
        record: The run's record.
        name: What to call the file in the error.

    Raises:
        ModelError: Classes, network, data, seed or epochs differ.
    """
    differences = [
        f"{field} {getattr(record, field)!r} in the run, {getattr(metadata, field)!r} in the file"
        for field in _IDENTITY
        if getattr(record, field) != getattr(metadata, field)
    ]
    if differences:
        raise ModelError(
            f"{name} was exported from another run: {'; '.join(differences)}", code="another_run"
        )


def classify_all(classifier: Classifier, images_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Run a file on many images, some hundred at a time to spare memory.

    Args:
        classifier: The file.
        images_u8: uint8 (n, 28, 28), n at least 1.

    Returns:
        float32 (n, classes).
    """
    batches = np.split(images_u8, range(_BATCH, len(images_u8), _BATCH))
    return np.concatenate([classifier.probabilities(batch) for batch in batches])
