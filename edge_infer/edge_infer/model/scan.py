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

# Field numbers of onnx.proto.
_IR_VERSION: Final = 1
_GRAPH: Final = 7
_OPSET: Final = 8
_OPSET_DOMAIN: Final = 1
_OPSET_VERSION: Final = 2
_METADATA: Final = 14
_EXTERNAL_DATA: Final = 13
_DATA_LOCATION: Final = 14
# The messages that can contain tensors, and the fields and types of their children.
_CHILDREN: Final[dict[str, dict[int, str]]] = {
    "model": {_GRAPH: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse tensor"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {
        **dict.fromkeys((5, 10), "tensor"),
        **dict.fromkeys((6, 11), "graph"),
        **dict.fromkeys((22, 23), "sparse tensor"),
    },
    "sparse tensor": {1: "tensor", 2: "tensor"},
}
_MAX_GRAPH_DEPTH: Final = 16

# Wire types of protobuf, and the lengths in bytes of those of a fixed length.
_VARINT: Final = 0
_BYTES: Final = 2
_MAX_VARINT_BYTES: Final = 10
_FIXED_LENGTHS: Final = {1: 8, 5: 4}


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
    model = memoryview(data)
    ir_version, opset, metadata, has_graph = 0, 0, dict[str, str](), False
    for field, value in _fields(model):
        if field == _IR_VERSION and isinstance(value, int):
            ir_version = value
        elif field == _GRAPH:
            has_graph = True
        elif field == _OPSET:
            opset = max(opset, _default_opset(_message(value)))
        elif field == _METADATA:
            pair = {key: bytes(_message(text)) for key, text in _fields(_message(value))}
            metadata[_text(pair.get(1, b""))] = _text(pair.get(2, b""))
    if not has_graph or not ir_version:
        raise ModelError("this is not an ONNX model: it has no graph", code="not_onnx")
    _check_self_contained(model, "model", _MAX_GRAPH_DEPTH)
    return OnnxSummary(ir_version, opset, metadata)


def _check_self_contained(message: memoryview, kind: str, depth: int) -> None:
    """Check a message and its children; ``depth`` limits the nesting of graphs."""
    if depth < 0:
        raise ModelError("the model nests graphs too deeply", code="damaged")
    children = _CHILDREN.get(kind, {})
    for field, value in _fields(message):
        if field in children:
            child = children[field]
            _check_self_contained(_message(value), child, depth - (child == "graph"))
        elif kind == "tensor" and (
            field == _EXTERNAL_DATA or (field == _DATA_LOCATION and value != 0)
        ):
            raise ModelError(
                "the model refers to tensors in other files, which are never read; "
                "save it as one self-contained file",
                code="external_data",
            )


def _default_opset(message: memoryview) -> int:
    values = dict(_fields(message))
    domain = bytes(_message(values.get(_OPSET_DOMAIN, memoryview(b""))))
    version = values.get(_OPSET_VERSION, 0)
    return version if domain in {b"", b"ai.onnx"} and isinstance(version, int) else 0


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise _damaged()
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
        elif wire_type in _FIXED_LENGTHS:
            length = _FIXED_LENGTHS[wire_type]
        else:
            raise _damaged()
        if position + length > len(message):
            raise _damaged()
        yield key >> 3, message[position : position + length]
        position += length


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(message[position : position + _MAX_VARINT_BYTES]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, position + index + 1
    raise _damaged()


def _damaged() -> ModelError:
    return ModelError("this is not an ONNX model, or it is truncated or damaged", code="damaged")
