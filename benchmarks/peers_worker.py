"""One runtime in a process of its own: ``python peers_worker.py STACK THREADS FOLDER``.

It answers JSON Lines as ``edge_bench.json_process`` describes. A request names a
``form`` of the network, such as ``int8``, and what to ``do``: ``classify`` all images
(``class_ids``), or with a ``batch`` to ``warm_up``, or to time a ``turn`` of calls
(``seconds``).

A loader returns a function that does the whole task of ``Classifier.probabilities``: from
uint8 (batch, 28, 28) to float32 (batch, classes), both in memory. Runtimes are imported inside
the loaders, so that a process loads one only.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_bench.interleaved import Loop

BATCHES: Final = (1, 64)
PIXEL_SCALE: Final = np.float32(1 / 255)

Recognise = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@dataclass(frozen=True)
class Place:
    """The folder and form of the network, the number of threads and images per call."""

    folder: Path
    form: str
    threads: int
    batch: int


def load_classifier(place: Place) -> Recognise:
    """Load the runtime of this project."""
    from edge_infer.glyph.classifier import Classifier

    path = place.folder / f"{place.form}.onnx"
    return Classifier.load(path, threads=place.threads).probabilities


def load_keras(place: Place) -> Recognise:
    """Load Keras: ``predict``, or a call compiled by ``tf.function``."""
    tf: Any = importlib.import_module("tensorflow")
    keras: Any = importlib.import_module("keras")
    if tf.config.threading.get_intra_op_parallelism_threads() != place.threads:
        tf.config.threading.set_intra_op_parallelism_threads(place.threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    model: Any = keras.saving.load_model(place.folder / "model.keras", compile=False)
    if place.form == "predict":
        return lambda images: model.predict(images, batch_size=place.batch, verbose=0)

    def call(batch: Any) -> Any:
        return model(batch, training=False)

    compiled: Any = tf.function(call)
    return lambda images: compiled(tf.constant(images)).numpy()


def load_litert(place: Place) -> Recognise:
    """Load LiteRT's interpreter, which uses XNNPACK by default."""
    litert: Any = importlib.import_module("ai_edge_litert.interpreter")
    path = place.folder / f"{place.form}.{place.batch}.tflite"
    interpreter: Any = litert.Interpreter(str(path), num_threads=place.threads)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]

    def recognise(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        pixels = images * PIXEL_SCALE if place.form == "float" else images
        interpreter.set_tensor(source, pixels)
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(target))

    return recognise


def load_openvino(place: Place) -> Recognise:
    """Load OpenVINO's CPU plugin on the ONNX files of this project, with fixed shapes."""
    openvino: Any = importlib.import_module("openvino")
    core: Any = openvino.Core()
    model: Any = core.read_model(place.folder / f"{place.form}.onnx")
    model.reshape([place.batch, 28, 28])
    options: dict[str, Any] = {"INFERENCE_NUM_THREADS": place.threads, "NUM_STREAMS": 1}
    options["PERFORMANCE_HINT"] = "LATENCY"
    request: Any = core.compile_model(model, "CPU", options).create_infer_request()
    return lambda images: np.asarray(request.infer([images], share_inputs=True)[0])


def load_opencv(place: Place) -> Recognise:
    """Load OpenCV's network module, in OpenCV 5 its classic engine, which is the quicker one."""
    cv2: Any = importlib.import_module("cv2")
    cv2.setNumThreads(place.threads)
    engine = getattr(cv2.dnn, "ENGINE_CLASSIC", None)
    path = str(place.folder / "plain.onnx")
    network: Any = cv2.dnn.readNetFromONNX(path, *(() if engine is None else (engine,)))

    def recognise(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        network.setInput(images[:, np.newaxis] * PIXEL_SCALE)
        return np.asarray(network.forward())

    return recognise


def load_ncnn(place: Place) -> Recognise:
    """Load ncnn, which has no batches: images are given one by one."""
    ncnn: Any = importlib.import_module("ncnn")
    network: Any = ncnn.Net()
    network.opt.num_threads = place.threads
    parameters, weights = (str(place.folder / f"plain.ncnn.{end}") for end in ("param", "bin"))
    if network.load_param(parameters) or network.load_model(weights):
        raise RuntimeError("ncnn cannot load the files that pnnx wrote")

    def recognise(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        rows: list[NDArray[np.float32]] = []
        for plane in images[:, np.newaxis] * PIXEL_SCALE:
            extractor: Any = network.create_extractor()
            extractor.input("in0", ncnn.Mat(plane))
            rows.append(np.array(extractor.extract("out0")[1]))
        return np.stack(rows)

    return recognise


@dataclass(frozen=True)
class Stack:
    """A runtime.

    Attributes:
        name: Name for people.
        load: Loader of the network.
        forms: Forms in which it takes the network.
        module: Module that a program imports first.
        distribution: Distribution whose version is shown.
        install: Command that installs it.
    """

    name: str
    load: Callable[[Place], Recognise]
    forms: tuple[str, ...]
    module: str
    distribution: str
    install: str = "pip install 'edge-mnist[peers]'"


_BOTH: Final = ("int8", "float")
_PNNX: Final = "pip install 'edge-mnist[peers]' and pip install --no-deps pnnx"
_TRAIN: Final = "pip install 'edge-mnist[train]'"
_KERAS: Final = ("compiled", "predict")
_OURS: Final = "edge_infer.glyph.classifier"
STACKS: Final[Mapping[str, Stack]] = {
    "classifier": Stack("Classifier (onnxruntime)", load_classifier, _BOTH, _OURS, "onnxruntime"),
    "litert": Stack("LiteRT", load_litert, _BOTH, "ai_edge_litert.interpreter", "ai-edge-litert"),
    "openvino": Stack("OpenVINO", load_openvino, _BOTH, "openvino", "openvino"),
    "opencv": Stack("OpenCV DNN", load_opencv, ("float",), "cv2", "opencv-python"),
    "ncnn": Stack("ncnn", load_ncnn, ("float",), "ncnn", "ncnn", _PNNX),
    "keras": Stack("Keras (TensorFlow)", load_keras, _KERAS, "keras", "tensorflow", _TRAIN),
}


class Worker:
    """Answers requests with one runtime and one number of threads."""

    def __init__(self, load: Callable[[Place], Recognise], folder: Path, threads: int) -> None:
        self._images: NDArray[np.uint8] = np.load(folder / "images.npy")

        @cache
        def recogniser(form: str, batch: int) -> Recognise:
            return load(Place(folder, form, threads, batch))

        @cache
        def loop(form: str, batch: int) -> Loop:
            recognise, images = recogniser(form, batch), self._images[:batch]
            return Loop(lambda: recognise(images))

        self._recogniser, self._loop = recogniser, loop

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one request, with ``error`` where the runtime fails."""
        try:
            if request["do"] == "classify":
                return {"class_ids": self._classify(request["form"])}
            loop = self._loop(request["form"], request["batch"])
            if request["do"] == "warm_up":
                return {"warm": loop.warm_up()}
            return {"seconds": loop.turn().seconds.tolist()}
        except Exception as error:  # noqa: BLE001 - a runtime that fails is left out
            reason = (str(error).strip() or "no reason given").splitlines()[0]
            return {"error": f"{type(error).__name__}: {reason}"}

    def _classify(self, form: str) -> list[int]:
        """Return the class id of every image; the last batch is filled up, as shapes are fixed."""
        batch, images = BATCHES[-1], self._images
        recognise = self._recogniser(form, batch)
        filled = np.concatenate([images, images[: -len(images) % batch]])
        rows = [recognise(filled[at : at + batch]) for at in range(0, len(filled), batch)]
        class_ids: list[int] = np.concatenate(rows)[: len(images)].argmax(axis=1).tolist()
        return class_ids


def main(words: list[str]) -> int:
    """Answer requests until the end of the input."""
    key, threads, folder = words
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # What libraries print must not be among the answers.
    if hasattr(os, "sched_setaffinity"):  # All workers share the same cores, where possible.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-int(threads) :])
    stack = STACKS[key]
    try:
        importlib.import_module(stack.module)
    except ImportError as error:
        print(json.dumps({"missing": str(error)}), file=answers, flush=True)
        return 0
    print(json.dumps({"version": version(stack.distribution)}), file=answers, flush=True)
    worker = Worker(stack.load, Path(folder), int(threads))
    for line in sys.stdin:
        print(json.dumps(worker.answer(json.loads(line))), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
