"""The models of a run: files, metadata, and the settings of the runtime."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import onnxruntime as ort

from edge_bench.record import MeasuredModel, Runtime
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
