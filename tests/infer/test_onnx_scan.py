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
# The fields, from the outside to the inside, that hold a tensor in the graph of a model.
GRAPH = {
    "initializer": (5,),
    "sparse initializer": (15, 1),
    "sparse indices": (15, 2),
    "node attribute": (1, 5, 5),
    "list attribute": (1, 5, 10),
    "sparse attribute": (1, 5, 22, 1),
    "inner graph": (1, 5, 6, 5),
    "inner graphs": (1, 5, 11, 5),
}
PLACES = {name: (7, *path) for name, path in GRAPH.items()} | {
    "function node": (25, 7, 5, 5),
    "function default": (25, 11, 5),
}


@pytest.mark.parametrize("path", PLACES.values(), ids=PLACES)
def test_tensor_in_another_file_is_refused(path: tuple[int, ...]) -> None:
    def with_tensor(tensor: bytes) -> bytes:
        for number in reversed(path):
            tensor = field(number, tensor)
        return model(after=tensor)

    for tensor in (EXTERNAL_TENSOR, LISTED_TENSOR):
        with pytest.raises(ModelError) as caught:
            scan_onnx(with_tensor(tensor))
        assert caught.value.code == "external_data"
    scan_onnx(with_tensor(field(8, b"weights") + field(14, 0)))


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
