"""Apply passes to graphs, and run graphs, for tests of `edge_export`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray

from edge_export.graph import Graph


def apply(graph: Graph, *passes: Callable[[Graph], None]) -> Graph:
    """Return a checked copy of a graph that the passes have edited."""
    before = graph.to_model()
    edited = graph.copy()
    for each in passes:
        each(edited)
    assert graph.to_model() == before
    onnx.checker.check_model(edited.to_model(), full_check=True)
    return edited


def run(graph: Graph, **inputs: Any) -> list[Any]:
    """Return the outputs of a graph."""
    outputs: list[Any] = _open(graph).run(None, inputs)
    return outputs


def answer(graph: Graph, pictures: NDArray[Any]) -> NDArray[np.float32]:
    """Return the output for one, for seven and for all pictures."""
    session = _open(graph)
    batches = (pictures[:1], pictures[-7:], pictures)
    return np.concatenate([session.run(None, {"image": batch})[0] for batch in batches])


def optimized_ops(graph: Graph) -> list[str]:
    """Return the operators that onnxruntime really runs, in order."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "optimized.onnx")
        _open(graph, str(path))
        return [node.op_type for node in onnx.load(path).graph.node]


def _open(graph: Graph, optimized_model_filepath: str = "") -> Any:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.optimized_model_filepath = optimized_model_filepath
    model = graph.to_model().SerializeToString()
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
