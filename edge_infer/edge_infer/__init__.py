"""edge_infer: recognise handwritten digits with numpy, OpenCV and onnxruntime alone.

Names are loaded when they are first asked for (PEP 562), so that a program which only
recognises single digits does not wait for what reads pages, nor one that only catches
errors for the libraries.
"""

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edge_infer.errors import (
        CameraError,
        DataError,
        EdgeMnistError,
        ImageError,
        MissingExtraError,
        ModelError,
        OutputError,
        RunError,
        UsageError,
        VerificationError,
    )
    from edge_infer.glyph.classifier import BatchPrediction, Classifier, Prediction
    from edge_infer.glyph.preprocess import prepare_digit
    from edge_infer.io.images import decode_image, read_image
    from edge_infer.model.metadata import ModelMetadata
    from edge_infer.page import Digit, Line, Page, PageReader

__all__ = [
    "BatchPrediction",
    "CameraError",
    "Classifier",
    "DataError",
    "Digit",
    "EdgeMnistError",
    "ImageError",
    "Line",
    "MissingExtraError",
    "ModelError",
    "ModelMetadata",
    "OutputError",
    "Page",
    "PageReader",
    "Prediction",
    "RunError",
    "UsageError",
    "VerificationError",
    "decode_image",
    "prepare_digit",
    "read_image",
]

# From 1.27 on onnxruntime's wheels for Linux and macOS report usage to Microsoft and leave a device
# number in the home folder, unless they are told so before they are imported. What is read
# here is nobody else's business; who wants it sets 0.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

# Where they live; all others are errors.
_MODULES: Final = {
    "BatchPrediction": "glyph.classifier",
    "Classifier": "glyph.classifier",
    "Digit": "page",
    "Line": "page",
    "ModelMetadata": "model.metadata",
    "Page": "page",
    "PageReader": "page",
    "Prediction": "glyph.classifier",
    "decode_image": "io.images",
    "prepare_digit": "glyph.preprocess",
    "read_image": "io.images",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"{__name__}.{_MODULES.get(name, 'errors')}"), name)
    globals()[name] = value  # Found without this function from now on.
    return value


def __dir__() -> list[str]:
    return __all__
