"""edge_infer: recognise handwritten digits with numpy, OpenCV and onnxruntime.

Names are imported at their first use (PEP 562). So a program that recognises single digits does
not load the page reader, and one that only catches errors loads no library.
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

# The wheels of onnxruntime 1.27 and later for Linux and macOS report usage to Microsoft and write
# a device number into the home folder, unless this is set before their import. Set 0 to allow it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

# Module of each name; all other names are in ``errors``.
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
    globals()[name] = value  # Later uses do not call this function.
    return value


def __dir__() -> list[str]:
    return __all__
