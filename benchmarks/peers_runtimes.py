"""The runtimes of ``peers.py``: files and loader of each, and the tasks of a lane's process.

A loader returns a function that does the whole task of ``Classifier.probabilities``: from
uint8 (batch, 28, 28) to float32 (batch, classes), both in memory. Runtimes are imported inside
the loaders, so that a process loads one only.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_bench.timing import Loop
from edge_infer.errors import ModelError, RunError
from edge_infer.io.atomic import atomic_path
from edge_infer.model.run_folder import RunFolder

BATCHES: Final = (1, 64)
_PIXEL_SCALE: Final = np.float32(1 / 255)

Recognise = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@dataclass(frozen=True)
class Lane:
    """A runtime with one form of the network, such as int8, from the files in ``folder``."""

    runtime: str
    form: str
    threads: int
    folder: Path


def _load_classifier(lane: Lane, _batch: int) -> Recognise:
    from edge_infer.glyph.classifier import Classifier

    return Classifier.load(lane.folder / f"{lane.form}.onnx", threads=lane.threads).probabilities


def _load_keras(lane: Lane, batch: int) -> Recognise:
    tf: Any = importlib.import_module("tensorflow")
    keras: Any = importlib.import_module("keras")
    if tf.config.threading.get_intra_op_parallelism_threads() != lane.threads:
        tf.config.threading.set_intra_op_parallelism_threads(lane.threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    model: Any = keras.saving.load_model(lane.folder / "model.keras", compile=False)
    if lane.form == "predict":
        return lambda images: model.predict(images, batch_size=batch, verbose=0)

    def call(images: Any) -> Any:
        return model(images, training=False)

    compiled: Any = tf.function(call)
    return lambda images: compiled(tf.constant(images)).numpy()


def _load_litert(lane: Lane, batch: int) -> Recognise:
    """Load LiteRT's interpreter, which uses XNNPACK by default."""
    litert: Any = importlib.import_module("ai_edge_litert.interpreter")
    path = lane.folder / f"{lane.form}.{batch}.tflite"
    interpreter: Any = litert.Interpreter(str(path), num_threads=lane.threads)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]

    def recognise(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        pixels = images * _PIXEL_SCALE if lane.form == "float" else images
        interpreter.set_tensor(source, pixels)
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(target))

    return recognise


def _load_openvino(lane: Lane, batch: int) -> Recognise:
    """Load OpenVINO's CPU plugin on the ONNX files of this project, with fixed shapes."""
    core: Any = importlib.import_module("openvino").Core()
    model: Any = core.read_model(lane.folder / f"{lane.form}.onnx")
    model.reshape([batch, 28, 28])
    options: dict[str, Any] = {"INFERENCE_NUM_THREADS": lane.threads, "NUM_STREAMS": 1}
    options["PERFORMANCE_HINT"] = "LATENCY"
    request: Any = core.compile_model(model, "CPU", options).create_infer_request()
    return lambda images: np.asarray(request.infer([images], share_inputs=True)[0])


def _load_opencv(lane: Lane, _batch: int) -> Recognise:
    """Load OpenCV's network module, in OpenCV 5 its classic engine, which is the quicker one."""
    cv2: Any = importlib.import_module("cv2")
    cv2.setNumThreads(lane.threads)
    engine = getattr(cv2.dnn, "ENGINE_CLASSIC", None)
    path = str(lane.folder / "plain.onnx")
    network: Any = cv2.dnn.readNetFromONNX(path, *(() if engine is None else (engine,)))

    def recognise(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        network.setInput(images[:, np.newaxis] * _PIXEL_SCALE)
        return np.asarray(network.forward())

    return recognise


def _load_ncnn(lane: Lane, _batch: int) -> Recognise:
    """Load ncnn, which has no batches: images are given one by one."""
    ncnn: Any = importlib.import_module("ncnn")
    network: Any = ncnn.Net()
    network.opt.num_threads = lane.threads
    parameters, weights = (str(lane.folder / f"plain.ncnn.{end}") for end in ("param", "bin"))
    if network.load_param(parameters) or network.load_model(weights):
        raise RunError("ncnn cannot load the files that pnnx wrote")

    def recognise(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        rows: list[NDArray[np.float32]] = []
        for plane in images[:, np.newaxis] * _PIXEL_SCALE:
            extractor: Any = network.create_extractor()
            extractor.input("in0", ncnn.Mat(plane))
            rows.append(np.array(extractor.extract("out0")[1]))
        return np.stack(rows)

    return recognise


@cache
def _recogniser(lane: Lane, batch: int) -> Recognise:
    return RUNTIMES[lane.runtime].load(lane, batch)


@cache
def _loop(lane: Lane, batch: int) -> Loop:
    recognise, images = _recogniser(lane, batch), np.load(lane.folder / "images.npy")[:batch]
    return Loop(lambda: recognise(images))


def silence() -> None:
    """Suppress what libraries print in this process, which is not part of the report."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


def start(lane: Lane) -> tuple[str, NDArray[np.int64]]:
    """Prepare this process for a lane, and classify all images.

    Returns:
        The version of the runtime, and the class ids, int64 (n,).

    Raises:
        PackageNotFoundError: The runtime is not installed.
    """
    if hasattr(os, "sched_setaffinity"):  # All processes share the same cores, where possible.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-lane.threads :])
    found = version(RUNTIMES[lane.runtime].distribution)
    batch, images = BATCHES[-1], np.load(lane.folder / "images.npy")
    recognise = _recogniser(lane, batch)
    # Shapes are fixed, so the last batch is filled up.
    filled = np.concatenate([images, images[: -len(images) % batch]])
    rows = [recognise(filled[at : at + batch]) for at in range(0, len(filled), batch)]
    return found, np.concatenate(rows)[: len(images)].argmax(axis=1)


def warm_up(lane: Lane, batch: int) -> None:
    """Call until the calls become no quicker, in the process of the lane."""
    _loop(lane, batch).warm_up()


def turn(lane: Lane, batch: int) -> NDArray[np.float64]:
    """Return the seconds of each call, float64 (calls,), of some 20 ms of calls."""
    return _loop(lane, batch).turn().seconds


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


def _write_litert(run: Path, folder: Path) -> None:
    """Write a float and an int8 file for each batch, as LiteRT's shapes are fixed.

    The activation ranges come from the same images as those of ``edge-mnist export``.
    """
    import keras
    import tensorflow as tf

    model: Any = keras.saving.load_model(RunFolder(run).model_path, compile=False)
    images = RunFolder(run).read_calibration().validation_images * _PIXEL_SCALE
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
            (folder / f"{form}.{batch}.tflite").write_bytes(converter.convert())


def _as_inputs(batches: Sequence[NDArray[np.float32]]) -> Iterator[list[NDArray[np.float32]]]:
    return ([batch] for batch in batches)


def _write_ncnn(_run: Path, folder: Path) -> None:
    """Convert ``float.onnx`` by pnnx; raise RunError where pnnx is missing or fails."""
    # The program in the package pnnx alone: its Python half needs PyTorch.
    package = importlib.util.find_spec("pnnx")
    if package is None or not package.submodule_search_locations:
        raise RunError("pnnx is missing: pip install --no-deps pnnx")
    program = Path(package.submodule_search_locations[0]) / "pnnx"
    # ncnn has no batches, and pnnx takes a batch of open length for channels. By default it
    # rounds weights to half precision.
    single = folder / "single"
    single.mkdir(exist_ok=True)
    write_plain(folder / "float.onnx", single / "plain.onnx", batch=1)
    call(program, "plain.onnx", "fp16=0", cwd=single)
    for end in ("param", "bin"):
        (single / f"plain.ncnn.{end}").replace(folder / f"plain.ncnn.{end}")


def call(*words: str | Path, cwd: Path | None = None) -> None:
    """Run a program; raise RunError with the last line of its messages where it fails."""
    try:
        subprocess.run(
            words, cwd=cwd, capture_output=True, encoding="utf-8", errors="replace", check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        messages = (getattr(error, "stderr", None) or str(error)).strip()
        raise RunError(f"{Path(words[0]).name} failed: {messages.splitlines()[-1]}") from error


@dataclass(frozen=True)
class Runtime:
    """A runtime.

    Attributes:
        name: Name for people.
        distribution: Distribution whose version is shown.
        forms: Forms in which it takes the network.
        load: Loader of a lane, for a number of images per call.
        write: Writes files from a run into a folder, beside those that all use.
    """

    name: str
    distribution: str
    forms: tuple[str, ...]
    load: Callable[[Lane, int], Recognise]
    write: Callable[[Path, Path], None] | None = None


_BOTH: Final = ("int8", "float")
_KERAS: Final = ("compiled", "predict")
RUNTIMES: Final[Mapping[str, Runtime]] = {
    "classifier": Runtime("Classifier (onnxruntime)", "onnxruntime", _BOTH, _load_classifier),
    "litert": Runtime("LiteRT", "ai-edge-litert", _BOTH, _load_litert, _write_litert),
    "openvino": Runtime("OpenVINO", "openvino", _BOTH, _load_openvino),
    "opencv": Runtime("OpenCV DNN", "opencv-python", ("float",), _load_opencv),
    "ncnn": Runtime("ncnn", "ncnn", ("float",), _load_ncnn, _write_ncnn),
    "keras": Runtime("Keras (TensorFlow)", "tensorflow", _KERAS, _load_keras),
}
