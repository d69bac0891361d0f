"""One network in each runtime, as a function from ready images to probabilities.

Every function does the whole job of ``Classifier.probabilities``: from uint8
(batch, 28, 28) in memory to float32 (batch, classes) in memory, whatever the runtime
wants in between. Each is written as its own manual has it, with shapes fixed where that
helps. Imports stand inside: a worker loads one runtime and no other.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_bench.peers.stacks import BARE_FILE, KERAS_FILE, NCNN_FILES, litert_file, onnx_file

Recognise = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
_PIXEL_SCALE: Final = np.float32(1 / 255)


@dataclass(frozen=True)
class Place:
    """Where and how a network is to run.

    Attributes:
        folder: Its files.
        form: Such as ``"int8"``.
        threads: To work with.
        batch: Images a call.
    """

    folder: Path
    form: str
    threads: int
    batch: int


def load_classifier(place: Place) -> Recognise:
    """Load the runtime of this project."""
    from edge_infer.glyph.classifier import Classifier

    path = place.folder / onnx_file(place.form)
    return Classifier.load(path, threads=place.threads).probabilities


def load_keras(place: Place) -> Recognise:
    """Load Keras: its ``predict``, or a call compiled by ``tf.function``."""
    tf: Any = importlib.import_module("tensorflow")
    keras: Any = importlib.import_module("keras")
    if tf.config.threading.get_intra_op_parallelism_threads() != place.threads:
        tf.config.threading.set_intra_op_parallelism_threads(place.threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    model: Any = keras.saving.load_model(place.folder / KERAS_FILE, compile=False)
    if place.form == "predict":
        return lambda images: model.predict(images, batch_size=place.batch, verbose=0)

    def call(batch: Any) -> Any:
        return model(batch, training=False)

    compiled: Any = tf.function(call)
    return lambda images: compiled(tf.constant(images)).numpy()


def load_litert(place: Place) -> Recognise:
    """Load LiteRT's interpreter; XNNPACK is its default on a CPU."""
    litert: Any = importlib.import_module("ai_edge_litert.interpreter")
    path = place.folder / litert_file(place.form, place.batch)
    interpreter: Any = litert.Interpreter(str(path), num_threads=place.threads)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]
    is_float = place.form == "float"

    def recognise(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        interpreter.set_tensor(source, images * _PIXEL_SCALE if is_float else images)
        interpreter.invoke()
        probabilities: NDArray[np.float32] = interpreter.get_tensor(target)
        return probabilities

    return recognise


def load_openvino(place: Place) -> Recognise:
    """Load OpenVINO's CPU plugin on the ONNX files of this project."""
    openvino: Any = importlib.import_module("openvino")
    core: Any = openvino.Core()
    model: Any = core.read_model(place.folder / onnx_file(place.form))
    model.reshape([place.batch, 28, 28])
    options = {
        "INFERENCE_NUM_THREADS": place.threads,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
    }
    request: Any = core.compile_model(model, "CPU", options).create_infer_request()

    def recognise(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        probabilities: NDArray[np.float32] = request.infer([images], share_inputs=True)[0]
        return probabilities

    return recognise


def load_opencv(place: Place) -> Recognise:
    """Load OpenCV's own network module: of the two engines of OpenCV 5 the classic one."""
    cv2: Any = importlib.import_module("cv2")
    cv2.setNumThreads(place.threads)
    path = str(place.folder / BARE_FILE)
    # The quicker of two here; OpenCV 4 has no other, and no name for it.
    engine = getattr(cv2.dnn, "ENGINE_CLASSIC", None)
    network: Any = cv2.dnn.readNetFromONNX(path, *(() if engine is None else (engine,)))

    def recognise(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        network.setInput(images[:, np.newaxis] * _PIXEL_SCALE)
        probabilities: NDArray[np.float32] = network.forward()
        return probabilities

    return recognise


def load_ncnn(place: Place) -> Recognise:
    """Load ncnn, which knows no batch: images go one by one."""
    ncnn: Any = importlib.import_module("ncnn")
    network: Any = ncnn.Net()
    network.opt.num_threads = place.threads
    parameters, weights = (str(place.folder / name) for name in NCNN_FILES)
    if network.load_param(parameters) or network.load_model(weights):
        raise RuntimeError("ncnn cannot load what pnnx made")

    def recognise_one(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        extractor: Any = network.create_extractor()
        extractor.input("in0", ncnn.Mat(plane))
        _, row = extractor.extract("out0")
        return np.array(row)

    def recognise(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        planes = images[:, np.newaxis] * _PIXEL_SCALE
        return np.stack([recognise_one(plane) for plane in planes])

    return recognise


LOADERS: Final[Mapping[str, Callable[[Place], Recognise]]] = {
    "classifier": load_classifier,
    "keras": load_keras,
    "litert": load_litert,
    "ncnn": load_ncnn,
    "opencv": load_opencv,
    "openvino": load_openvino,
}
