"""The models of a run: files, metadata, settings of the runtime, and time per node."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from edge_bench.record import MeasuredModel, Runtime
from edge_infer.model.metadata import IMAGE_SIZE, INPUT_NAME, OUTPUT_NAME
from edge_infer.model.scan import scan_onnx
from edge_infer.model.session import open_model
from edge_infer.model.shipped import read_model, shipped_models

_SPINNING: Final = "session.intra_op.allow_spinning"


@dataclass(frozen=True)
class Chosen:
    """A model to measure.

    Attributes:
        name: Unique name in the record.
        model: Name of a shipped model, or path of a file.
    """

    name: str
    model: str


def choose(models: Iterable[str]) -> tuple[Chosen, ...]:
    """Give each shipped model or file a unique name."""
    chosen: list[Chosen] = []
    for model in models:
        is_shipped = model in shipped_models()
        stem = model if is_shipped else Path(model).stem
        before = sum(each.name.partition(" #")[0] == stem for each in chosen)
        name = f"{stem} #{before + 1}" if before else stem
        chosen.append(Chosen(name, model))
    return tuple(chosen)


def describe(chosen: Chosen) -> MeasuredModel:
    """Read a model file and its metadata.

    Raises:
        ModelError: Missing, foreign or damaged.
    """
    data = read_model(chosen.model)
    metadata = open_model(data, chosen.model).metadata
    is_shipped = chosen.model in shipped_models()
    return MeasuredModel(
        name=chosen.name,
        file=f"{chosen.model}.onnx" if is_shipped else Path(chosen.model).name,
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        opset=scan_onnx(data).opset,
        precision=metadata.precision,
        preset=metadata.preset,
        accuracy_percent=round(100 * metadata.test_accuracy.fraction, 4),
        metadata=json.loads(metadata.to_json()),
    )


def describe_runtime(chosen: Chosen, threads: Sequence[int]) -> Runtime:
    """Read the settings of a session; ``threads`` are the numbers that are measured."""
    session: Any = open_model(read_model(chosen.model), chosen.model).session
    options = session.get_session_options()
    return Runtime(
        onnxruntime=str(ort.__version__),
        opencv=str(cv2.__version__),
        numpy=np.__version__,
        provider=session.get_providers()[0],
        threads=tuple(sorted(set(threads))),
        spinning=options.get_session_config_entry(_SPINNING) != "0",
        graph_level=options.graph_optimization_level.name,
    )


BATCH: Final = 64
_WARM_UP_RUNS: Final = 50
_RUNS: Final = 500
_SEED: Final = 0
_NODE_SUFFIX: Final = "_kernel_time"


@dataclass(frozen=True, kw_only=True)
class NodeTime:
    """Time of one node, in microseconds.

    Attributes:
        name: Name in the graph after optimisation by onnxruntime.
        kind: Operator.
        output: Shape for one image, such as ``"1x14x14x32"``, and element type.
        alone_us: Time in an inference of one image.
        batch_us: Time per image in a batch of :data:`BATCH`.
    """

    name: str
    kind: str
    output: str
    alone_us: float
    batch_us: float


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The nodes in the order of execution, and the time of a whole inference per image."""

    nodes: tuple[NodeTime, ...]
    alone_us: float
    batch_us: float


def profile(model: str) -> Profile:
    """Profile a model on one thread, with one image and with a batch.

    A time is the mean of the middle half of all runs. The profiler counts whole microseconds
    and takes some time itself, so small times are useful as shares only.

    Args:
        model: Name of a shipped model or path of a file.

    Raises:
        ModelError: Missing, foreign or damaged.
    """
    images = np.random.default_rng(_SEED).integers(0, 256, (BATCH, IMAGE_SIZE, IMAGE_SIZE))
    images_u8 = images.astype(np.uint8)
    alone = _events(model, images_u8[:1])
    batch = _events(model, images_u8)
    nodes = [
        NodeTime(
            name=name.removesuffix(_NODE_SUFFIX),
            kind=events[0]["args"]["op_name"],
            output=_shape(events[0]),
            alone_us=_middle_us(events),
            batch_us=_middle_us(batch[name]) / BATCH,
        )
        for name, events in alone.items()
        if name.endswith(_NODE_SUFFIX)
    ]
    return Profile(
        nodes=tuple(nodes),
        alone_us=_middle_us(alone["model_run"]),
        batch_us=_middle_us(batch["model_run"]) / BATCH,
    )


def _events(model: str, images_u8: NDArray[np.uint8]) -> Mapping[str, list[Any]]:
    """Return the events of the profiler by name, in the order of first occurrence."""
    data = read_model(model)
    # A second session with the options of the usual one.
    usual: Any = open_model(data, model).session
    options = usual.get_session_options()
    with tempfile.TemporaryDirectory(prefix="edge-mnist-profile-") as folder:
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "run")
        session = ort.InferenceSession(data, options, providers=usual.get_providers())
        for _ in range(_WARM_UP_RUNS + _RUNS):
            session.run((OUTPUT_NAME,), {INPUT_NAME: images_u8})
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    by_name: dict[str, list[Any]] = {}
    for event in events:
        by_name.setdefault(event["name"], []).append(event)
    return by_name


def _middle_us(events: list[Any]) -> float:
    """Return the mean of the middle half; it resolves more than a median of integers."""
    times_us = np.sort([event["dur"] for event in events[_WARM_UP_RUNS:]])
    return float(times_us[len(times_us) // 4 : -(len(times_us) // 4) or None].mean())


def _shape(event: Any) -> str:
    ((kind, shape),) = event["args"]["output_type_shape"][0].items()
    return f"{'x'.join(map(str, shape))} {kind}"
