"""Recognise single glyphs in pictures, or in tensors that are prepared already."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import ImageError, UsageError
from edge_infer.glyph.preprocess import prepare_digit
from edge_infer.model.inference import ONE_SHAPE, UINT8, BatchInference, SingleInference
from edge_infer.model.metadata import IMAGE_SIZE, OTHER_CLASS, ModelMetadata
from edge_infer.model.session import OpenModel, open_model
from edge_infer.model.shipped import DEFAULT_MODEL, read_model

# More threads than cores are useless, and very many would block a machine.
MAX_THREADS: Final = 256


@dataclass(frozen=True)
class Prediction:
    """The result of one picture.

    Attributes:
        label: Name of the most probable class; None when the picture has no ink.
        class_id: Column of the class in ``probabilities``; None when there is no ink.
        confidence: Probability of the class, 0-1; 0 when there is no ink.
        probabilities: float32 (classes,), sum 1; all 0 when there is no ink.
        rejected: Whether the label is unreliable: there is no ink, the confidence is below the
            reject threshold of the model, or the class is ``other``, which is not a glyph.
    """

    label: str | None
    class_id: int | None
    confidence: float
    probabilities: NDArray[np.float32]
    rejected: bool


@dataclass(frozen=True)
class BatchPrediction:
    """The results of N tensors.

    Attributes:
        labels: N class names.
        class_ids: int64 (N,), columns of ``probabilities``.
        confidences: float32 (N,), 0-1.
        probabilities: float32 (N, classes), rows sum to 1.
        rejected: bool (N,), confidence below the reject threshold of the model, or the class
            ``other``.
    """

    labels: tuple[str, ...]
    class_ids: NDArray[np.int64]
    confidences: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    rejected: NDArray[np.bool_]


class Classifier:
    """Recognises the glyph in a picture. Threads may share a classifier."""

    def __init__(self, model: OpenModel, *, threads: int = 1) -> None:
        """Make a classifier of an opened model; see :meth:`load` for one of a file.

        Args:
            model: The model.
            threads: As for :meth:`load`.

        Raises:
            UsageError: ``threads`` outside 1-256.
        """
        if not 1 <= threads <= MAX_THREADS:
            raise UsageError(f"threads must lie in 1-{MAX_THREADS}, found {threads}")
        self._one = SingleInference(model.new_session(arena=False), len(model.metadata.class_names))
        sessions = [model.session, *(model.new_session() for _ in range(threads - 1))]
        self._many = BatchInference(sessions, len(model.metadata.class_names))
        self._metadata = model.metadata
        self._names = np.array(model.metadata.class_names, dtype=object)
        names = model.metadata.class_names
        self._other = names.index(OTHER_CLASS) if OTHER_CLASS in names else None

    @classmethod
    def load(cls, model: str | Path | None = None, *, threads: int = 1) -> Classifier:
        """Load a shipped model or a model file.

        Args:
            model: Name of a shipped model, or path of an ``.onnx`` made by
                ``edge-mnist export``; None for the default model.
            threads: Number of threads that divide a batch of 32 images or more, each with a few
                MB of memory; the number of cores at most is useful. Results are the same bits.

        Raises:
            ModelError: The file is missing, foreign or damaged.
            UsageError: ``threads`` outside 1-256.
        """
        name = DEFAULT_MODEL if model is None else model
        return cls(open_model(read_model(name), str(name)), threads=threads)

    @property
    def metadata(self) -> ModelMetadata:
        """The metadata of the model file."""
        return self._metadata

    def classify(self, image: NDArray[np.uint8]) -> Prediction:
        """Recognise the glyph in a picture.

        Args:
            image: uint8 (h, w) grey, (h, w, 3) BGR or (h, w, 4) BGRA; any size and
                polarity.

        Raises:
            ImageError: The array is not such a picture.
        """
        tensor = prepare_digit(image)
        return self.predictions([tensor])[0]

    def predictions(self, tensors: list[NDArray[np.uint8] | None]) -> list[Prediction]:
        """Recognise prepared pictures in one inference.

        Args:
            tensors: Each uint8 (28, 28) from ``prepare_digit``, or its None for no ink.

        Returns:
            One prediction for each, in order.
        """
        inked = [tensor for tensor in tensors if tensor is not None]
        if not inked:
            return [self._blank() for _ in tensors]
        batch = self.classify_batch(np.stack(inked) if len(inked) > 1 else inked[0][np.newaxis])
        found = map(
            Prediction,
            batch.labels,
            batch.class_ids.tolist(),
            batch.confidences.tolist(),
            batch.probabilities,
            batch.rejected.tolist(),
        )
        return [self._blank() if tensor is None else next(found) for tensor in tensors]

    def classify_batch(self, images_u8: NDArray[np.uint8]) -> BatchPrediction:
        """Recognise tensors, without preprocessing.

        Args:
            images_u8: uint8 (N, 28, 28), bright ink on 0, normalised as MNIST is.

        Raises:
            ImageError: Another dtype or shape.
        """
        if images_u8.dtype != np.uint8:
            raise ImageError(f"expected uint8 images, found {images_u8.dtype}", code="wrong_dtype")
        if images_u8.ndim != 3 or images_u8.shape[1:] != (IMAGE_SIZE, IMAGE_SIZE):
            raise ImageError(
                f"expected images of shape (N, 28, 28), found {images_u8.shape}",
                code="wrong_shape",
            )
        probabilities = self.probabilities(images_u8)
        class_ids = probabilities.argmax(axis=1)
        confidences = probabilities.max(axis=1)
        rejected = confidences < self._metadata.reject_threshold
        if self._other is not None:
            rejected |= class_ids == self._other
        labels = tuple(self._names.take(class_ids))
        return BatchPrediction(labels, class_ids, confidences, probabilities, rejected)

    def probabilities(self, images_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Run the network on tensors.

        Args:
            images_u8: uint8 (N, 28, 28), N at least 0.

        Returns:
            float32 (N, classes), rows sum to 1.
        """
        # onnxruntime refuses other shapes and dtypes.
        if images_u8.shape == ONE_SHAPE and images_u8.dtype == UINT8:
            return self._one.probabilities(images_u8)
        if not len(images_u8):
            return np.zeros((0, len(self._names)), np.float32)
        return self._many.probabilities(images_u8)

    def _blank(self) -> Prediction:
        nothing = np.zeros(len(self._names), np.float32)
        return Prediction(None, None, 0.0, nothing, rejected=True)
