"""One trained network as Keras model and as ONNX files, timed in turns.

Usage: ``python benchmarks/latency_parity.py RUN``; RUN contains float.onnx and int8.onnx too.

It prints medians and ratios. The exit code is 1 where the int8 file on one image is less than
20 times as fast as ``keras.predict`` or 3 times as fast as the compiled Keras call.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_bench.timing import Timing, time_interleaved
from edge_infer import Classifier
from edge_infer.host import machine_name
from edge_infer.model.run_folder import RunFolder

KERAS_PREDICT: Final = "Keras predict"
KERAS_COMPILED: Final = "Keras compiled call"
ONNX_FLOAT: Final = "Classifier, float ONNX"
ONNX_INT8: Final = "Classifier, int8 ONNX"
# Name to file in the run folder.
FILES: Final = {ONNX_FLOAT: "float.onnx", ONNX_INT8: "int8.onnx"}
BATCHES: Final = (1, 64)
# Least ratio to the time of int8 ONNX on one image.
MIN_RATIOS: Final = {KERAS_PREDICT: 20.0, KERAS_COMPILED: 3.0}
ROUNDS: Final = 30


def contenders(run: Path, images: NDArray[np.uint8]) -> dict[str, Callable[[], object]]:
    """Return four functions that recognise the same images.

    Args:
        run: Folder of a finished run with its two exports.
        images: uint8 (n, 28, 28).
    """
    import keras
    import tensorflow as tf

    model: Any = keras.models.load_model(RunFolder(run).model_path)

    def call(batch: Any) -> Any:
        return model(batch, training=False)

    compiled: Any = tf.function(call)

    def predict() -> object:
        return model.predict(images, verbose=0)

    def call_compiled() -> object:
        return compiled(tf.constant(images)).numpy()

    float_classifier, int8_classifier = (Classifier.load(run / file) for file in FILES.values())
    return {
        KERAS_PREDICT: predict,
        KERAS_COMPILED: call_compiled,
        ONNX_FLOAT: lambda: float_classifier.classify_batch(images),
        ONNX_INT8: lambda: int8_classifier.classify_batch(images),
    }


def shortfalls(one_image: Mapping[str, Timing]) -> list[str]:
    """Return a line for each ratio of :data:`MIN_RATIOS` that is not reached on one image."""
    int8_ms = one_image[ONNX_INT8].p50_ms
    return [
        f"{name} takes only {one_image[name].p50_ms / int8_ms:.1f} times as long as int8 "
        f"ONNX on one image, expected at least {minimum:.0f}"
        for name, minimum in MIN_RATIOS.items()
        if one_image[name].p50_ms < minimum * int8_ms
    ]


def main(run: Path) -> int:
    """Measure and print; return 1 where a ratio is missed."""
    images = RunFolder(run).read_calibration().test_images
    print(f"{machine_name()}; interleaved, one thread for ONNX")
    missed: list[str] = []
    for batch in BATCHES:
        timings = time_interleaved(contenders(run, images[:batch]), rounds=ROUNDS)
        int8_ms = timings[ONNX_INT8].p50_ms
        print(
            f"\nbatch of {batch:<17}{'p50 ms':>10}{'p10':>10}{'p90':>10}{'calls':>8}{'x int8':>9}"
        )
        for each in timings.values():
            print(
                f"  {each.name:<24}{each.p50_ms:10.4f}{each.p10_ms:10.4f}{each.p90_ms:10.4f}"
                f"{each.calls:8d}{each.p50_ms / int8_ms:9.1f}"
            )
        if batch == 1:
            missed = shortfalls(timings)
    for line in missed:
        print(f"FAILED: {line}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
