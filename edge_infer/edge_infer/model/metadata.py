"""The model file's contract: what every ``.onnx`` of this project says about itself.

A model file has one input ``image``, uint8 ``[batch, 28, 28]``, bright ink on dark
ground, and one output ``probabilities``, float32 ``[batch, classes]``. All else that
a program needs stands in ``metadata_props["edge_mnist"]`` as the JSON of
:class:`ModelMetadata`. The exporter writes it, the runtime reads it; neither knows
more of the other than this module.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from edge_infer.errors import ModelError

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
# A class of this name means "none of the others, not one whole glyph": an answer of it is
# a refusal. A folder of this name among the user's own classes works the same.
OTHER_CLASS: Final = "other"


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """Correct answers on one set: ``correct`` of ``n`` images."""

    correct: int
    n: int

    def __post_init__(self) -> None:
        _check_kinds(self)
        if not 0 <= self.correct <= self.n or not self.n:
            raise ModelError(f"found {self.correct} correct answers of {self.n}")

    @property
    def fraction(self) -> float:
        """Accuracy in 0-1."""
        return self.correct / self.n


@dataclass(frozen=True, kw_only=True)
class ModelMetadata:
    """What a model file says about itself.

    ``format_version`` is raised when a reader of the old version would go wrong on a
    new file: a field it needs is gone or means something else. A field added with a
    default does not raise it; readers ignore fields that they do not know.

    Attributes:
        class_names: Label of each output column, 2-100 of them, none twice.
        preset: Name of the network in ``edge_train.presets``.
        precision: ``"float32"`` or ``"int8"``.
        reject_threshold: Confidence in 0-1 under which an answer counts as rejected;
            chosen on validation images.
        temperature: What the logits were divided by (already folded into the last
            layer); found on validation images (Guo et al. 2017).
        data: Name of the training data.
        data_sha256: SHA-256 over the arrays that it was trained and tested on.
        seed: Random seed of the run.
        epochs: Epochs trained.
        validation_accuracy_keras: The Keras model on the validation images.
        validation_accuracy: This file on the same images.
        test_accuracy_keras: The Keras model on the test images.
        test_accuracy: This file on the same images.
        parameters: Number of trained values in the Keras model.
        versions: Tool name to version, of what made the file.
        licence: One line.
        preprocessing_version: :data:`PREPROCESSING_VERSION` it was made for.
        format_version: See above.
        weight_bits: In an int8 file, 8, or 4 where most of its weights are that small.
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
        _check_kinds(self)
        check_class_names(self.class_names)
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
        """Return the JSON that stands in the model file."""
        document = asdict(self)
        # A later field: files that do not need it keep the bytes that they had without it.
        if self.weight_bits == USUAL_WEIGHT_BITS:
            del document["weight_bits"]
        separators = (",", ":")
        return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=separators)

    @classmethod
    def from_json(cls, text: str) -> ModelMetadata:
        """Read what :meth:`to_json` wrote.

        Raises:
            ModelError: Not JSON, a field is missing or of the wrong kind, or the
                format or preprocessing version is one that this program cannot serve.
        """
        try:
            document: dict[str, Any] = json.loads(text)
            _check_versions(document)
            known = {field.name for field in fields(cls)}
            values = {name: value for name, value in document.items() if name in known}
            for name, value in values.items():
                if name.endswith(("accuracy", "accuracy_keras")):
                    values[name] = Accuracy(**value)
            values["class_names"] = _texts(values["class_names"])
            return cls(**values)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ModelError(f"the model's metadata cannot be understood: {error}") from error


def check_class_names(class_names: tuple[str, ...]) -> None:
    """Refuse anything but 2-100 different, non-empty names.

    Raises:
        ModelError: The names break that rule.
    """
    if not 2 <= len(class_names) <= 100:
        raise ModelError(f"expected 2-100 classes, found {len(class_names)}")
    if len(set(class_names)) != len(class_names) or not all(class_names):
        raise ModelError(f"class names must be different and not empty, found {class_names}")


_KINDS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "str": str,
    "int": int,
    "float": (int, float),
    "Accuracy": Accuracy,
}


def _check_kinds(record: Any) -> None:
    """Refuse a field whose value is not of the kind that its annotation names."""
    for field in fields(record):
        kind = _KINDS.get(str(field.type))
        value = getattr(record, field.name)
        if kind is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            raise ModelError(f"{field.name} must be of the kind {field.type}, found {value!r}")


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ModelError(f"class_names must be a list of texts, found {value!r}")
    return tuple(value)


def _check_versions(document: Mapping[str, Any]) -> None:
    for name, served in (
        ("format_version", FORMAT_VERSION),
        ("preprocessing_version", PREPROCESSING_VERSION),
    ):
        if document[name] != served:
            raise ModelError(
                f"the model file has {name} {document[name]}, this program serves {served}: "
                "export it again with this version, or upgrade edge-mnist"
            )
