"""One trained network as Keras model and as ONNX files, timed in turns.

Usage: ``python -m edge_bench.latency_parity RUN FLOAT.onnx INT8.onnx``

It prints medians and ratios. The exit code is 1 where the int8 file on one image is less than
20 times as fast as ``keras.predict`` or 3 times as fast as the compiled Keras call.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_bench.interleaved import Timing, time_interleaved
from edge_infer import Classifier
from edge_infer.host import machine_name
from edge_infer.model.run_folder import RunFolder

KERAS_PREDICT: Final = "Keras predict"
KERAS_COMPILED: Final = "Keras compiled call"
ONNX_FLOAT: Final = "Classifier, float ONNX"
ONNX_INT8: Final = "Classifier, int8 ONNX"
BATCHES: Final = (1, 64)
# Least ratio to the time of int8 ONNX on one image.
MIN_RATIOS: Final = {KERAS_PREDICT: 20.0, KERAS_COMPILED: 3.0}
ROUNDS: Final = 30


def contenders(
    run: Path, float_file: Path, int8_file: Path, images: NDArray[np.uint8]
) -> dict[str, Callable[[], object]]:
    """Return four functions that recognise the same images.

    Args:
        run: Folder of a finished run.
        float_file: Float export of the run.
        int8_file: Int8 export of the run.
        images: uint8 (n, 28, 28).
    """
    import keras
    import tensorflow as tf

    model: Any = keras.models.load_model(RunFolder(run).model_path)

    def call(batch: Any) -> Any:
        return model(batch, training=False)

    compiled: Any = tf.function(call)
    float_classifier, int8_classifier = Classifier.load(float_file), Classifier.load(int8_file)

    def predict() -> object:
        return model.predict(images, verbose=0)

    def call_compiled() -> object:
        return compiled(tf.constant(images)).numpy()

    return {
        KERAS_PREDICT: predict,
        KERAS_COMPILED: call_compiled,
        ONNX_FLOAT: lambda: float_classifier.classify_batch(images),
        ONNX_INT8: lambda: int8_classifier.classify_batch(images),
    }


def measure(run: Path, float_file: Path, int8_file: Path) -> dict[int, dict[str, Timing]]:
    """Time all contenders in turns, on one image and on a batch of 64."""
    images = RunFolder(run).read_calibration().test_images
    return {
        batch: time_interleaved(
            contenders(run, float_file, int8_file, images[:batch]), rounds=ROUNDS
        )
        for batch in BATCHES
    }


def shortfalls(one_image: dict[str, Timing]) -> list[str]:
    """Return a line for each ratio of :data:`MIN_RATIOS` that is not reached on one image."""
    int8_ms = one_image[ONNX_INT8].p50_ms
    return [
        f"{name} takes only {one_image[name].p50_ms / int8_ms:.1f} times as long as int8 "
        f"ONNX on one image, expected at least {minimum:.0f}"
        for name, minimum in MIN_RATIOS.items()
        if one_image[name].p50_ms < minimum * int8_ms
    ]


def main() -> int:
    """Measure and print; exit 1 where a ratio is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for name in ("run", "float_file", "int8_file"):
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    results = measure(arguments.run, arguments.float_file, arguments.int8_file)
    missed = shortfalls(results[1])
    _print_table(results)
    for line in missed:
        print(f"FAILED: {line}", file=sys.stderr)
    return 1 if missed else 0


def _print_table(results: dict[int, dict[str, Timing]]) -> None:
    print(f"{machine_name()}; interleaved, one thread for ONNX")
    for batch, timings in results.items():
        int8_ms = timings[ONNX_INT8].p50_ms
        print(f"\nbatch of {batch}" + " " * 19 + "p50 ms       p10       p90   calls   x int8")
        for timing in timings.values():
            print(
                f"  {timing.name:<24}{timing.p50_ms:10.4f}{timing.p10_ms:10.4f}"
                f"{timing.p90_ms:10.4f}{timing.calls:8d}{timing.p50_ms / int8_ms:9.1f}"
            )


if __name__ == "__main__":
    sys.exit(main())
