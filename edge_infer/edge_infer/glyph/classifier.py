"""The recogniser of single glyphs: a picture or ready tensors in, labels out."""

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

# More threads than any machine has cores for this; far more would hang it.
MAX_THREADS: Final = 256


@dataclass(frozen=True)
class Prediction:
    """What the recogniser makes of one picture.

    Attributes:
        label: Name of the most probable class; None when the picture holds no ink.
        class_id: Its column in ``probabilities``; None when there is no ink.
        confidence: Its probability, 0-1; 0 when there is no ink.
        probabilities: float32 (classes,), sum 1; all 0 when there is no ink.
        rejected: Whether the answer should not be trusted: no ink, a confidence under
            the model's reject threshold, or the class ``other``, which is no glyph.
    """

    label: str | None
    class_id: int | None
    confidence: float
    probabilities: NDArray[np.float32]
    rejected: bool


@dataclass(frozen=True)
class BatchPrediction:
    """What the recogniser makes of N ready tensors.

    Attributes:
        labels: N class names.
        class_ids: int64 (N,), columns of ``probabilities``.
        confidences: float32 (N,), 0-1.
        probabilities: float32 (N, classes), rows sum to 1.
        rejected: bool (N,), confidence under the model's reject threshold, or the class
            ``other``.
    """

    labels: tuple[str, ...]
    class_ids: NDArray[np.int64]
    confidences: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    rejected: NDArray[np.bool_]


class Classifier:
    """Recognises one glyph in a picture. Made ready by :meth:`load`.

    It may be shared by threads: onnxruntime sessions run concurrently.
    """

    def __init__(self, model: OpenModel, *, threads: int = 1) -> None:
        """Wrap an opened model; most callers want :meth:`load`.

        Args:
            model: That answers.
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
            model: A shipped model's name, or the path of an ``.onnx`` made by
                ``edge-mnist export``; None for the shipped default.
            threads: That share out a batch, from 32 images on; more than there are cores
                is of no use. Answers are the same to the bit, each thread takes a few MB,
                and one image is the work of one thread always.

        Raises:
            ModelError: Missing, foreign or damaged.
            UsageError: ``threads`` outside 1-256.
        """
        name = DEFAULT_MODEL if model is None else model
        return cls(open_model(read_model(name), str(name)), threads=threads)

    @property
    def metadata(self) -> ModelMetadata:
        """What the model file says about itself."""
        return self._metadata

    def classify(self, image: NDArray[np.uint8]) -> Prediction:
        """Recognise the one glyph in a picture.

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
        """Recognise ready tensors, without any preprocessing.

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
        """Run the network on ready tensors and nothing else.

        Args:
            images_u8: uint8 (N, 28, 28), N at least 0.

        Returns:
            float32 (N, classes), rows sum to 1.
        """
        # What is anything else onnxruntime refuses.
        if images_u8.shape == ONE_SHAPE and images_u8.dtype == UINT8:
            return self._one.probabilities(images_u8)
        if not len(images_u8):
            return np.zeros((0, len(self._names)), np.float32)
        return self._many.probabilities(images_u8)

    def _blank(self) -> Prediction:
        nothing = np.zeros(len(self._names), np.float32)
        return Prediction(None, None, 0.0, nothing, rejected=True)
