"""From a run to LiteRT files: ``python -m edge_bench.peers.litert_files RUN FOLDER``.

A process of its own, because TensorFlow is large and talkative. The network is cut before
its scaling, so that in int8 the picture's bytes are the quantized input, as they are in
our own files; activations get their ranges from the same images as ours do. Shapes are
fixed, a file a batch: LiteRT then needs no nodes that work out the batch.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edge_bench.peers.stacks import BATCHES, litert_file
from edge_infer.io.atomic import atomic_path
from edge_infer.model.run_folder import RunFolder


def write_litert_files(run: Path, folder: Path) -> None:
    """Convert a run to float and int8, for each of the batches."""
    model: Any = keras.saving.load_model(RunFolder(run).model_path, compile=False)
    images = RunFolder(run).read_calibration().validation_images
    body: Any = keras.Model(model.get_layer("plane").output, model.output)
    for batch in BATCHES:
        pixels: Any = keras.Input(batch_shape=(batch, 28, 28))
        network: Any = keras.Model(pixels, body(keras.layers.Reshape((28, 28, 1))(pixels)))
        for form in ("float", "int8"):
            converter: Any = tf.lite.TFLiteConverter.from_keras_model(network)
            if form == "int8":
                _quantize(converter, _batches(images, batch))
            with atomic_path(folder / litert_file(form, batch), overwrite=True) as temporary:
                temporary.write_bytes(converter.convert())


def _quantize(converter: Any, batches: Callable[[], Iterator[list[NDArray[np.float32]]]]) -> None:
    """Ask for full int8, with bytes in and probabilities out."""
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = batches
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    converter.inference_output_type = tf.float32


def _batches(
    images: NDArray[np.uint8], size: int
) -> Callable[[], Iterator[list[NDArray[np.float32]]]]:
    """Cut images into batches in 0-1; what does not fill the last one is left."""

    def batches() -> Iterator[list[NDArray[np.float32]]]:
        for at in range(0, len(images) - size + 1, size):
            yield [images[at : at + size] * np.float32(1 / 255)]

    return batches


if __name__ == "__main__":
    write_litert_files(Path(sys.argv[1]), Path(sys.argv[2]))
