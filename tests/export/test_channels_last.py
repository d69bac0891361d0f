"""Flattening channels last: the same answers with one node less."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from onnx import NodeProto, helper

from edge_export.graph import Graph
from edge_export.passes.channels_last import flatten_channels_last

NETWORKS = ("edge", "nano", "walkthrough")


@pytest.mark.parametrize("network", NETWORKS)
def test_same_answers_and_a_node_less(
    files: Any,
    apply: Any,
    answer: Any,
    optimized_ops: Any,
    pictures: Any,
    network: str,
) -> None:
    plain = files(network)
    changed = apply(plain, flatten_channels_last)
    assert np.array_equal(answer(plain, pictures), answer(changed, pictures))
    assert len(optimized_ops(changed)) == len(optimized_ops(plain)) - 1


@pytest.mark.parametrize("network", NETWORKS)
def test_float_graphs_stay(files: Any, apply: Any, network: str) -> None:
    plain = files(network, "float32")
    assert apply(plain, flatten_channels_last) == plain


def _node(graph: Graph, op_type: str) -> NodeProto:
    return next(node for node in graph.nodes if node.op_type == op_type)


def _transpose_weights(graph: Graph) -> None:
    _node(graph, "Gemm").attribute.append(helper.make_attribute("transB", 1))


def _scale_rows(graph: Graph) -> None:
    source = graph.dequantizer(_node(graph, "Gemm").input[1], axis=1)
    assert source is not None
    del source.attribute[:]
    source.attribute.append(helper.make_attribute("axis", 0))


def _read_twice(graph: Graph) -> None:
    flat = _node(graph, "Flatten").output[0]
    graph.nodes.append(helper.make_node("Identity", [flat], ["copy"]))


def _share_weights(graph: Graph) -> None:
    source = graph.dequantizer(_node(graph, "Gemm").input[1], axis=1)
    assert source is not None
    graph.nodes.append(helper.make_node("Identity", [source.input[0]], ["copy"]))


@pytest.mark.parametrize(
    "edit", [_transpose_weights, _scale_rows, _read_twice, _share_weights], ids=lambda e: e.__name__
)
def test_graphs_that_it_does_not_fit_stay(files: Any, edit: Callable[[Graph], None]) -> None:
    graph = files("edge")
    edit(graph)
    before = graph.copy()
    flatten_channels_last(graph)
    assert graph == before
