"""edge_infer: recognise handwritten digits with numpy, OpenCV and onnxruntime alone."""

from edge_infer.classifier import BatchPrediction, Classifier, Prediction
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
from edge_infer.images import decode_image, read_image
from edge_infer.metadata import ModelMetadata
from edge_infer.preprocess import prepare_digit
from edge_infer.reading import Digit, Line, Page, PageReader

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
