"""The contract of a model file: its input, its output and its metadata.

A model file has one input ``image``, uint8 ``[batch, 28, 28]``, bright ink on a dark
background, and one output ``probabilities``, float32 ``[batch, classes]``. Everything else is
JSON in ``metadata_props["edge_mnist"]``, see :class:`ModelMetadata`. The exporter writes it and
the runtime reads it; they share nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from edge_infer.errors import ModelError
from edge_infer.io.json_records import read_versioned

METADATA_KEY: Final = "edge_mnist"
INPUT_NAME: Final = "image"
OUTPUT_NAME: Final = "probabilities"
IMAGE_SIZE: Final = 28
OPSET: Final = 17
IR_VERSION: Final = 8
FORMAT_VERSION: Final = 1
PREPROCESSING_VERSION: Final = 1
PRECISIONS: Final = ("float32", "int8")
WEIGHT_BITS: Final = (4, 8)
USUAL_WEIGHT_BITS: Final = 8
# The class of negatives: pictures that are not one whole glyph. An answer of this class is
# rejected. A folder of this name among the user's own classes works the same.
OTHER_CLASS: Final = "other"


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """The number of correct answers on a set of ``n`` images, at least one."""

    correct: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.correct <= self.n or not self.n:
            raise ModelError(f"found {self.correct} correct answers of {self.n}")

    @property
    def fraction(self) -> float:
        """Accuracy in 0-1."""
        return self.correct / self.n


@dataclass(frozen=True, kw_only=True)
class ModelMetadata:
    """The metadata of a model file.

    ``format_version`` is raised when an older reader would misread a new file, because a field
    that it needs is missing or has another meaning. A new field with a default does not raise
    it: readers ignore unknown fields.

    Attributes:
        class_names: Label of each output column: 2-100 different names.
        preset: Name of the network in ``edge_train.presets``.
        precision: ``"float32"`` or ``"int8"``.
        reject_threshold: Answers with a lower confidence, 0-1, are rejected. Chosen on the
            validation images.
        temperature: Divisor of the logits, already folded into the last layer. Fitted on the
            validation images (Guo et al. 2017).
        data: Name of the training data.
        data_sha256: SHA-256 over the arrays of training and test data.
        seed: Random seed of the run.
        epochs: Number of epochs trained.
        validation_accuracy_keras: Accuracy of the Keras model on the validation images.
        validation_accuracy: Accuracy of this file on the same images.
        test_accuracy_keras: Accuracy of the Keras model on the test images.
        test_accuracy: Accuracy of this file on the same images.
        parameters: Number of trained parameters of the Keras model.
        versions: Versions of the tools that made the file, by name.
        licence: One line.
        preprocessing_version: The :data:`PREPROCESSING_VERSION` that the model was trained with.
        format_version: See above.
        weight_bits: Of an int8 file: 8, or 4 if most weights have 4 bits.
    """

    class_names: tuple[str, ...]
    preset: str
    precision: str
    reject_threshold: float
    temperature: float
    data: str
    data_sha256: str
    seed: int
    epochs: int
    validation_accuracy_keras: Accuracy
    validation_accuracy: Accuracy
    test_accuracy_keras: Accuracy
    test_accuracy: Accuracy
    parameters: int
    versions: Mapping[str, str]
    licence: str
    preprocessing_version: int = PREPROCESSING_VERSION
    format_version: int = FORMAT_VERSION
    weight_bits: int = USUAL_WEIGHT_BITS

    def __post_init__(self) -> None:
        _check_class_names(self.class_names)
        if self.precision not in PRECISIONS:
            raise ModelError(f"precision must be one of {PRECISIONS}, found {self.precision!r}")
        if self.weight_bits not in WEIGHT_BITS:
            raise ModelError(f"weight_bits must be one of {WEIGHT_BITS}, found {self.weight_bits}")
        for name in ("seed", "epochs", "parameters"):
            if getattr(self, name) < 0:
                raise ModelError(f"{name} must be 0 or more, found {getattr(self, name)}")
        if not 0.0 <= self.reject_threshold <= 1.0:
            raise ModelError(f"reject_threshold must lie in 0-1, found {self.reject_threshold}")

    def to_json(self) -> str:
        """Return the JSON text for the model file."""
        document = asdict(self)
        # The field is newer than the format: files that do not need it keep their bytes.
        if self.weight_bits == USUAL_WEIGHT_BITS:
            del document["weight_bits"]
        separators = (",", ":")
        return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=separators)

    @classmethod
    def from_json(cls, text: str) -> ModelMetadata:
        """Read what :meth:`to_json` wrote.

        Raises:
            ModelError: Not JSON, a field is missing or has another type, or the format or
                preprocessing version is not supported.
        """
        return read_versioned(
            cls,
            text,
            "the metadata of the model file",
            versions={
                "format_version": FORMAT_VERSION,
                "preprocessing_version": PREPROCESSING_VERSION,
            },
            remedy="export it again with this version, or upgrade edge-mnist",
        )


def _check_class_names(class_names: tuple[str, ...]) -> None:
    if not 2 <= len(class_names) <= 100:
        raise ModelError(f"expected 2-100 classes, found {len(class_names)}")
    if len(set(class_names)) != len(class_names) or not all(class_names):
        raise ModelError(f"class names must be different and not empty, found {class_names}")
