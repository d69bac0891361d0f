"""Safety check of an ONNX file before onnxruntime opens it.

A model file may refer to tensors in other files (``external_data``), which onnxruntime would
open. Only self-contained files are accepted. The check is own code because it must run before
onnxruntime sees the file, and the runtime does not depend on the onnx package. It parses just
enough of the protobuf wire format (protobuf.dev/programming-guides/encoding) to find the
metadata, the opset and references to other files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from edge_infer.errors import ModelError

# Field numbers from onnx.proto.
_MODEL_IR_VERSION: Final = 1
_MODEL_GRAPH: Final = 7
_MODEL_OPSET: Final = 8
_MODEL_METADATA: Final = 14
_OPSET_DOMAIN: Final = 1
_OPSET_VERSION: Final = 2
_TENSOR_EXTERNAL_DATA: Final = 13
_TENSOR_DATA_LOCATION: Final = 14
# The fields through which a graph can contain tensors.
_GRAPH_NODE: Final = 1
_GRAPH_INITIALIZER: Final = 5
_GRAPH_SPARSE_INITIALIZER: Final = 15
_NODE_ATTRIBUTE: Final = 5
_ATTRIBUTE_TENSORS: Final = (5, 10)
_ATTRIBUTE_GRAPHS: Final = (6, 11)
_ATTRIBUTE_SPARSE_TENSORS: Final = (22, 23)
_SPARSE_TENSORS: Final = (1, 2)
_MODEL_FUNCTIONS: Final = 25
_FUNCTION_NODE: Final = 7
_FUNCTION_DEFAULTS: Final = 11

_VARINT: Final = 0
_FIXED64: Final = 1
_BYTES: Final = 2
_FIXED32: Final = 5
_MAX_GRAPH_DEPTH: Final = 16


@dataclass(frozen=True)
class OnnxSummary:
    """The properties of an ONNX file that are checked before it is loaded."""

    ir_version: int
    opset: int
    metadata: dict[str, str]


def scan_onnx(data: bytes) -> OnnxSummary:
    """Parse an ONNX file and check that it is self-contained.

    Args:
        data: The whole file.

    Returns:
        The IR version, the opset of the default domain and the metadata.

    Raises:
        ModelError: Not an ONNX file, truncated, or with tensors in other files.
    """
    ir_version, opset, metadata, has_graph = 0, 0, dict[str, str](), False
    for field, value in _fields(memoryview(data)):
        if field == _MODEL_IR_VERSION and isinstance(value, int):
            ir_version = value
        elif field == _MODEL_GRAPH:
            has_graph = True
            _check_graph(_message(value), _MAX_GRAPH_DEPTH)
        elif field == _MODEL_FUNCTIONS:
            _check_function(_message(value))
        elif field == _MODEL_OPSET:
            opset = max(opset, _default_opset(_message(value)))
        elif field == _MODEL_METADATA:
            pair = {key: bytes(_message(text)) for key, text in _fields(_message(value))}
            metadata[_text(pair.get(1, b""))] = _text(pair.get(2, b""))
    if not has_graph or not ir_version:
        raise ModelError("this is not an ONNX model: it has no graph", code="not_onnx")
    return OnnxSummary(ir_version, opset, metadata)


def _default_opset(message: memoryview) -> int:
    values = dict(_fields(message))
    domain = bytes(_message(values.get(_OPSET_DOMAIN, memoryview(b""))))
    version = values.get(_OPSET_VERSION, 0)
    return version if domain in {b"", b"ai.onnx"} and isinstance(version, int) else 0


def _check_graph(graph: memoryview, depth: int) -> None:
    if depth == 0:
        raise ModelError("the model nests graphs too deeply", code="damaged")
    for field, value in _fields(graph):
        if field == _GRAPH_INITIALIZER:
            _check_tensor(_message(value))
        elif field == _GRAPH_SPARSE_INITIALIZER:
            _check_sparse(_message(value))
    _check_nodes(graph, _GRAPH_NODE, depth)


def _check_function(function: memoryview) -> None:
    for field, value in _fields(function):
        if field == _FUNCTION_DEFAULTS:
            _check_attribute(_message(value), _MAX_GRAPH_DEPTH)
    _check_nodes(function, _FUNCTION_NODE, _MAX_GRAPH_DEPTH)


def _check_nodes(owner: memoryview, node_field: int, depth: int) -> None:
    for field, node in _fields(owner):
        if field != node_field:
            continue
        for node_part, attribute in _fields(_message(node)):
            if node_part == _NODE_ATTRIBUTE:
                _check_attribute(_message(attribute), depth)


def _check_attribute(attribute: memoryview, depth: int) -> None:
    for field, value in _fields(attribute):
        if field in _ATTRIBUTE_TENSORS:
            _check_tensor(_message(value))
        elif field in _ATTRIBUTE_GRAPHS:
            _check_graph(_message(value), depth - 1)
        elif field in _ATTRIBUTE_SPARSE_TENSORS:
            _check_sparse(_message(value))


def _check_sparse(sparse: memoryview) -> None:
    for field, value in _fields(sparse):
        if field in _SPARSE_TENSORS:
            _check_tensor(_message(value))


def _check_tensor(tensor: memoryview) -> None:
    for field, value in _fields(tensor):
        if field == _TENSOR_EXTERNAL_DATA or (field == _TENSOR_DATA_LOCATION and value != 0):
            raise ModelError(
                "the model refers to tensors in other files, which are never read; "
                "save it as one self-contained file",
                code="external_data",
            )


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ModelError("this is not an ONNX model, or it is damaged", code="damaged")
    return value


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ModelError("the model's metadata are not UTF-8 text", code="damaged") from error


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield the number and value of each field of a message; fixed-width values as bytes."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        wire_type = key & 7
        if wire_type == _VARINT:
            number, position = _varint(message, position)
            yield key >> 3, number
            continue
        if wire_type == _BYTES:
            length, position = _varint(message, position)
        elif wire_type in {_FIXED64, _FIXED32}:
            length = 8 if wire_type == _FIXED64 else 4
        else:
            raise ModelError("this is not an ONNX model, or it is damaged", code="damaged")
        if position + length > len(message):
            raise ModelError("the ONNX file is truncated or damaged", code="damaged")
        yield key >> 3, message[position : position + length]
        position += length


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(message):
            break
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ModelError("the ONNX file is truncated or damaged", code="damaged")
