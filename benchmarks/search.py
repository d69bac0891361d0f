"""Times candidate networks before anybody trains them.

What a network of this size costs in onnxruntime hangs on its nodes and their shapes, not
on its weights: an untrained one, converted and quantized as a trained one would be, is
timed in seconds where training takes an hour. Usage::

    python benchmarks/search.py                      # the default candidates, both classes
    python benchmarks/search.py --of nano            # those of one class
    python benchmarks/search.py "c5s2-16 c3-32 gap"  # one's own, beside today's edge

A candidate is layers from the picture on, in words::

    c<kernel>[s<stride>][v]-<filters>  convolution, batch-norm, ReLU; same or (v) valid padding
    d<kernel>[s<stride>][v]            the same, depthwise
    p<size>                            max-pooling
    gap | gdw | flat                   from a plane to features: mean; a learned weighted mean
                                       (a depthwise convolution over the whole plane, with
                                       batch-norm); all of it
    fc-<units>                         dense layer, ReLU

The dense layer to ten classes and the softmax are added to each.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray

from edge_bench import Timing, time_interleaved
from edge_bench.candidates import CANDIDATES, REFERENCE, add_layers
from edge_infer import Classifier
from edge_infer.errors import EdgeMnistError
from edge_infer.host import cpu_name
from edge_infer.metadata import Accuracy, ModelMetadata
from edge_infer.session import open_model

BATCHES: Final = (1, 64)
_CLASSES: Final = tuple("0123456789")
_CALIBRATION_IMAGES: Final = 200


@dataclass(frozen=True)
class Built:
    """A candidate as files: parameters and MACs of the network, bytes of each precision."""

    spec: str
    parameters: int
    macs: int
    float32: bytes
    int8: bytes


@dataclass(frozen=True)
class Result:
    """What a candidate costs: p50 in microseconds for one image, and per image of 64."""

    spec: str
    parameters: int
    macs: int
    int8_bytes: int
    float_us: float
    int8_us: float
    float_us_of_64: float
    int8_us_of_64: float
    ratio: float
    front: bool = False


def build_model(spec: str) -> Any:
    """Build a candidate's untrained Keras model, uint8 [batch, 28, 28] to [batch, 10]."""
    from edge_train.networks import build_network

    model = build_network(partial(add_layers, spec), len(_CLASSES), name="candidate")
    # A bias of nothing but zeros would be dropped on the way, and a trained one stays.
    weight, bias = model.get_layer("logits").get_weights()
    model.get_layer("logits").set_weights([weight, bias + np.linspace(-0.1, 0.1, len(bias))])
    return model


def build(spec: str, images: NDArray[np.uint8]) -> Built:
    """Make a candidate's two files as an export would.

    Args:
        spec: The candidate.
        images: uint8 (n, 28, 28); give the ranges of the int8 file.

    Raises:
        UsageError: The candidate cannot be read.
        ModelError: It has layers that do not convert cleanly.
    """
    from edge_export.convert import convert_trunk
    from edge_export.face import add_face, add_metadata
    from edge_export.quantize import quantize_trunk
    from edge_export.quiet import quiet_tools
    from edge_export.trunk import tidy_trunk
    from edge_train.presets import layer_costs

    model = build_model(spec)
    costs = layer_costs(model)
    parameters = sum(cost.parameters for cost in costs)
    with quiet_tools(verbose=False):
        trunk = tidy_trunk(convert_trunk(model))
        files: dict[str, onnx.ModelProto] = {
            "float32": add_face(trunk),
            "int8": add_face(quantize_trunk(trunk, images)),
        }
    return Built(
        spec,
        parameters,
        sum(cost.macs for cost in costs),
        **{name: add_metadata(file, _metadata(name, parameters)) for name, file in files.items()},
    )


def _metadata(precision: str, parameters: int) -> ModelMetadata:
    """As much as a trained file says about itself, so that the bytes are comparable."""
    from edge_export.export import LICENCE

    nothing = Accuracy(correct=0, n=10000)
    names = ("edge-mnist", "keras", "numpy", "onnx", "onnxruntime", "onnxslim", "python")
    return ModelMetadata(
        class_names=_CLASSES,
        preset="nano",
        precision=precision,
        reject_threshold=0.5123456789012345,
        temperature=0.5123456789012345,
        data="mnist",
        data_sha256="0" * 64,
        seed=0,
        epochs=100,
        validation_accuracy_keras=nothing,
        validation_accuracy=nothing,
        test_accuracy_keras=nothing,
        test_accuracy=nothing,
        parameters=parameters,
        versions=dict.fromkeys((*names, "tensorflow", "tf2onnx"), "2.10.10"),
        licence=LICENCE,
    )


def measure(built: Sequence[Built], images: NDArray[np.uint8], *, rounds: int) -> list[Result]:
    """Time all candidates in turns, float and int8, one image and a batch of 64.

    Args:
        built: The candidates; the first is what the others are compared with.
        images: uint8 (n, 28, 28), n at least 64.
        rounds: Turns of some 20 ms for each file and batch.

    Returns:
        The candidates from the quickest int8 file on, those on the front marked.
    """
    classifiers = {
        (candidate.spec, precision): Classifier(open_model(data, candidate.spec))
        for candidate in built
        for precision, data in (("float32", candidate.float32), ("int8", candidate.int8))
    }
    timings: dict[int, dict[str, Timing]] = {}
    for batch in BATCHES:
        functions = {
            f"{precision} {spec}": _call(classifier, images[:batch])
            for (spec, precision), classifier in classifiers.items()
        }
        timings[batch] = time_interleaved(functions, rounds=rounds)
    results = [_result(candidate, built[0], timings) for candidate in built]
    return mark_front(sorted(results, key=lambda result: result.int8_us))


def _call(classifier: Classifier, images: NDArray[np.uint8]) -> Callable[[], object]:
    return lambda: classifier.probabilities(images)


def _result(candidate: Built, first: Built, timings: dict[int, dict[str, Timing]]) -> Result:
    one, many = (timings[batch] for batch in BATCHES)
    float_key, int8_key = f"float32 {candidate.spec}", f"int8 {candidate.spec}"
    return Result(
        spec=candidate.spec,
        parameters=candidate.parameters,
        macs=candidate.macs,
        int8_bytes=len(candidate.int8),
        float_us=1000 * one[float_key].p50_ms,
        int8_us=1000 * one[int8_key].p50_ms,
        float_us_of_64=1000 * many[float_key].p50_ms / BATCHES[1],
        int8_us_of_64=1000 * many[int8_key].p50_ms / BATCHES[1],
        ratio=one[int8_key].p50_ms / one[f"int8 {first.spec}"].p50_ms,
    )


def mark_front(results: Sequence[Result]) -> list[Result]:
    """Mark the candidates that no other beats.

    One beats another when it is as quick with as many MACs and as many parameters, and
    better in one of the three: MACs and parameters stand for the accuracy that nobody
    knows before training.
    """
    return [
        replace(result, front=not any(_beats(other, result) for other in results))
        for result in results
    ]


def _beats(other: Result, result: Result) -> bool:
    mine = (-result.int8_us, result.macs, result.parameters)
    others = (-other.int8_us, other.macs, other.parameters)
    return others != mine and all(a >= b for a, b in zip(others, mine, strict=True))


def main(words: Sequence[str] | None = None) -> int:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("specs", nargs="*", metavar="SPEC", help="candidates; else the defaults")
    parser.add_argument("--of", choices=sorted(CANDIDATES), help="defaults of one class alone")
    parser.add_argument("--rounds", type=int, default=20, help="turns of 20 ms each (20)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table as JSON too")
    arguments = parser.parse_args(words)
    if arguments.rounds < 1:
        parser.error(f"--rounds must be at least 1, found {arguments.rounds}")
    groups = [arguments.of] if arguments.of else list(CANDIDATES)
    specs = arguments.specs or [spec for group in groups for spec in CANDIDATES[group]]
    try:
        results = _search([REFERENCE, *specs], arguments.rounds)
    except EdgeMnistError as error:
        print(f"search.py: {error.message}", file=sys.stderr)
        return 1
    print_table(results)
    if arguments.json:
        document = {"machine": cpu_name(), "candidates": [asdict(result) for result in results]}
        arguments.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 0


def _search(specs: Sequence[str], rounds: int) -> list[Result]:
    from edge_train.data import load_dataset

    # The UCI digits come with scikit-learn: nothing has to be downloaded.
    images = load_dataset("digits", notify=lambda message: None).train_images
    unique = list(dict.fromkeys(" ".join(spec.split()) for spec in specs))
    for spec in unique:
        build_model(spec)  # A candidate that makes no network is found before the first is timed.
    built: list[Built] = []
    for number, spec in enumerate(unique, 1):
        print(f"building {number}/{len(unique)}: {spec}", file=sys.stderr)
        built.append(build(spec, images[:_CALIBRATION_IMAGES]))
    return measure(built, images, rounds=rounds)


def print_table(results: Sequence[Result]) -> None:
    """Print the results in the order given; ``*`` marks the front."""
    width = max(len(result.spec) for result in results)
    print(f"{cpu_name()}; p50 in us, one thread, interleaved; * nothing larger is as quick\n")
    print(
        f"  {'candidate':<{width}}  params    kMACs  int8 B   ratio   int8  float  int8/64 float/64"
    )
    for result in results:
        print(
            f"{'*' if result.front else ' '} {result.spec:<{width}}{result.parameters:8d}"
            f"{result.macs / 1000:9.0f}{result.int8_bytes:8d}{result.ratio:8.2f}"
            f"{result.int8_us:7.1f}{result.float_us:7.1f}"
            f"{result.int8_us_of_64:9.2f}{result.float_us_of_64:9.2f}"
        )


if __name__ == "__main__":
    sys.exit(main())
