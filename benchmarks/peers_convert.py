"""Files of one trained network for each runtime of ``peers.py``.

``python peers_convert.py RUN FOLDER`` writes the files of LiteRT, in a process of its own as
TensorFlow is large.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import ModelError, RunError
from edge_infer.io.atomic import atomic_path, write_text
from edge_infer.model.run_folder import RunFolder
from peers_worker import BATCHES, PIXEL_SCALE


def convert(run: RunFolder, folder: Path) -> list[str]:
    """Write the files of all runtimes; return a line for each conversion that failed.

    Raises:
        RunError: The export to ONNX fails.
    """
    with atomic_path(folder / "images.npy") as temporary:
        np.save(temporary, run.read_calibration().test_images)
    with atomic_path(folder / "model.keras") as temporary:
        shutil.copyfile(run.model_path, temporary)
    for form, options in (("float", ()), ("int8", ("--quantize",))):
        target = str(folder / f"{form}.onnx")
        export = ["-m", "edge_mnist", "export", str(run.path), *options, "--no-verify", "--force"]
        _call([sys.executable, *export, "-o", target])
    write_plain(folder / "float.onnx", folder / "plain.onnx")
    failed: list[str] = []
    for name, step in (("LiteRT", _call_litert_converter), ("ncnn", _convert_to_ncnn)):
        try:
            step(run, folder)
        except RunError as error:
            failed.append(f"{name}: not converted; {error.message}")
    return failed


def write_plain(source: Path, target: Path, *, batch: int | str = "batch") -> None:
    """Replace the input scaling by an input of float pixels, and the softmax in double by one.

    Args:
        source: A float file of ``edge-mnist export``.
        target: Gets the input ``pixels``, float32 [batch, 1, 28, 28] in 0-1.
        batch: Length of a batch, or its symbolic name.

    Raises:
        ModelError: The file begins or ends with other nodes.
    """
    import onnx
    from onnx import TensorProto, helper

    model = onnx.load(source)
    graph = model.graph
    kinds = [node.op_type for node in graph.node]
    if kinds[:2] != ["Unsqueeze", "DequantizeLinear"] or kinds[-3:] != ["Cast", "Softmax", "Cast"]:
        raise ModelError(f"{source} is not a float file of `edge-mnist export`: found {kinds}")
    pixels, logits = graph.node[1].output[0], graph.node[-3].input[0]
    body = [*graph.node[2:-3], helper.make_node("Softmax", [logits], graph.node[-1].output)]
    used = {name for node in body for name in node.input}
    tensors = [tensor for tensor in graph.initializer if tensor.name in used]
    image = helper.make_tensor_value_info(pixels, TensorProto.FLOAT, [batch, 1, 28, 28])
    plain = helper.make_graph(body, graph.name, [image], list(graph.output), tensors)
    opsets = {"opset_imports": list(model.opset_import), "ir_version": model.ir_version}
    with atomic_path(target) as temporary:
        temporary.write_bytes(helper.make_model(plain, **opsets).SerializeToString())


def _call_litert_converter(run: RunFolder, folder: Path) -> None:
    # The slowest conversion is not repeated for the same model.keras.
    stamp = folder / "litert.sha256"
    digest = hashlib.sha256(run.model_path.read_bytes()).hexdigest()
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != digest:
        _call([sys.executable, __file__, str(run.path), str(folder)])
        write_text(stamp, digest)


def _convert_to_ncnn(_run: RunFolder, folder: Path) -> None:
    # The program in the package pnnx alone: its Python half needs PyTorch.
    package = importlib.util.find_spec("pnnx")
    if package is None or not package.submodule_search_locations:
        raise RunError("pnnx is missing: pip install --no-deps pnnx")
    # ncnn has no batches, and pnnx takes a batch of open length for channels. By default it
    # rounds weights to half precision.
    single = folder / "single" / "plain.onnx"
    write_plain(folder / "float.onnx", single, batch=1)
    program = str(Path(package.submodule_search_locations[0]) / "pnnx")
    _call([program, single.name, "fp16=0"], cwd=single.parent)
    for end in ("param", "bin"):
        (single.parent / f"plain.ncnn.{end}").replace(folder / f"plain.ncnn.{end}")


def _call(words: Sequence[str], cwd: Path | None = None) -> None:
    try:
        done = subprocess.run(
            words, cwd=cwd, capture_output=True, encoding="utf-8", errors="replace", check=False
        )
    except OSError as error:
        raise RunError(f"cannot start {words[0]}: {error.strerror}") from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise RunError(f"{Path(words[0]).name} {words[1]} failed: {lines[-1]}")


def convert_to_litert(run: Path, folder: Path) -> None:
    """Convert a run to LiteRT files, float and int8, one for each batch.

    The network is cut before its input scaling, so that in int8 the pixels are the quantized
    input, as in the int8 files of this project. The ranges of activations come from the same
    images as theirs.
    """
    import keras
    import tensorflow as tf

    model: Any = keras.saving.load_model(RunFolder(run).model_path, compile=False)
    images = RunFolder(run).read_calibration().validation_images * PIXEL_SCALE
    body: Any = keras.Model(model.get_layer("plane").output, model.output)
    for batch in BATCHES:
        pixels: Any = keras.Input(batch_shape=(batch, 28, 28))
        network: Any = keras.Model(pixels, body(keras.layers.Reshape((28, 28, 1))(pixels)))
        batches = np.split(images[: len(images) // batch * batch], len(images) // batch)
        for form in ("float", "int8"):
            converter: Any = tf.lite.TFLiteConverter.from_keras_model(network)
            if form == "int8":
                converter.optimizations = [tf.lite.Optimize.DEFAULT]
                converter.representative_dataset = partial(_as_inputs, batches)
                converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
                converter.inference_input_type = tf.uint8
                converter.inference_output_type = tf.float32
            with atomic_path(folder / f"{form}.{batch}.tflite") as temporary:
                temporary.write_bytes(converter.convert())


def _as_inputs(batches: Sequence[NDArray[np.float32]]) -> Iterator[list[NDArray[np.float32]]]:
    return ([batch] for batch in batches)


if __name__ == "__main__":
    convert_to_litert(Path(sys.argv[1]), Path(sys.argv[2]))
