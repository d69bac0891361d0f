"""The safety check of ONNX files."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_infer.errors import ModelError
from edge_infer.model.scan import scan_onnx


def field(number: int, value: bytes | int) -> bytes:
    """Encode one protobuf field."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def model(graph: bytes = b"", after: bytes = b"") -> bytes:
    return field(1, 8) + field(7, graph) + field(8, field(2, 17)) + after


EXTERNAL_TENSOR = field(8, b"weights") + field(14, 1)
LISTED_TENSOR = field(8, b"weights") + field(13, field(1, b"location") + field(2, b"/etc/x"))
PLACES = {
    "initializer": lambda tensor: field(5, tensor),
    "sparse initializer": lambda tensor: field(15, field(1, tensor)),
    "sparse indices": lambda tensor: field(15, field(2, tensor)),
    "node attribute": lambda tensor: field(1, field(5, field(5, tensor))),
    "list attribute": lambda tensor: field(1, field(5, field(10, tensor))),
    "sparse attribute": lambda tensor: field(1, field(5, field(22, field(1, tensor)))),
    "inner graph": lambda tensor: field(1, field(5, field(6, field(5, tensor)))),
    "inner graphs": lambda tensor: field(1, field(5, field(11, field(5, tensor)))),
}


FUNCTIONS = {
    "function node": lambda tensor: field(25, field(7, field(5, field(5, tensor)))),
    "function default": lambda tensor: field(25, field(11, field(5, tensor))),
}


def with_tensor(place: str, tensor: bytes) -> bytes:
    if place in FUNCTIONS:
        return model(after=FUNCTIONS[place](tensor))
    return model(PLACES[place](tensor))


@pytest.mark.parametrize("place", [*PLACES, *FUNCTIONS])
def test_tensor_in_another_file_is_refused(place: str) -> None:
    for tensor in (EXTERNAL_TENSOR, LISTED_TENSOR):
        with pytest.raises(ModelError) as caught:
            scan_onnx(with_tensor(place, tensor))
        assert caught.value.code == "external_data"
    scan_onnx(with_tensor(place, field(8, b"weights") + field(14, 0)))


def test_external_data_of_the_onnx_package_are_refused(
    tmp_path: Path, tiny_model_path: Path
) -> None:
    onnx = pytest.importorskip("onnx", reason="moving tensors needs the onnx package")
    path = tmp_path / "external.onnx"
    options = {"save_as_external_data": True, "location": "weights.bin", "size_threshold": 0}
    onnx.save(onnx.load(tiny_model_path), path, **options)
    with pytest.raises(ModelError) as caught:
        scan_onnx(path.read_bytes())
    assert caught.value.code == "external_data"


def test_deeply_nested_graphs_are_refused() -> None:
    graph = b""
    for _ in range(1000):
        graph = field(1, field(5, field(6, graph)))
    with pytest.raises(ModelError, match="deeply"):
        scan_onnx(model(graph))


def test_summary_has_versions_and_metadata(tiny_model_path: Path) -> None:
    summary = scan_onnx(tiny_model_path.read_bytes())
    assert (summary.ir_version, summary.opset) == (8, 17)
    assert list(summary.metadata) == ["edge_mnist"]
    other_domain = field(8, field(1, b"com.microsoft") + field(2, 99))
    assert scan_onnx(model(after=other_domain)).opset == 17


def test_truncated_model_is_refused_or_lacks_its_metadata(tiny_model_path: Path) -> None:
    data = tiny_model_path.read_bytes()
    for length in range(len(data)):
        try:
            summary = scan_onnx(data[:length])
        except ModelError:
            continue
        assert "edge_mnist" not in summary.metadata or summary.opset == 0


@given(st.data())
def test_damaged_and_random_bytes_raise_nothing_else(tiny_model_path: Path, data) -> None:
    damaged = bytearray(tiny_model_path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    noise = data.draw(st.binary(max_size=300) | st.sampled_from([b"", b"\x08\x08", b"PK\x03\x04"]))
    for candidate in (bytes(damaged), noise, model(noise), model(after=noise)):
        with suppress(ModelError):
            scan_onnx(candidate)
