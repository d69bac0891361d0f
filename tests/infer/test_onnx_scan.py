"""Looking into ONNX files before they are run."""

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


def test_scan_reads_the_committed_model(tiny_model_path: Path) -> None:
    summary = scan_onnx(tiny_model_path.read_bytes())
    assert (summary.ir_version, summary.opset) == (8, 17)
    assert list(summary.metadata) == ["edge_mnist"]


@pytest.mark.parametrize("tensor", [EXTERNAL_TENSOR, LISTED_TENSOR], ids=["location", "list"])
@pytest.mark.parametrize("place", PLACES)
def test_tensor_in_another_file_is_refused(place: str, tensor: bytes) -> None:
    with pytest.raises(ModelError, match="other files") as caught:
        scan_onnx(model(PLACES[place](tensor)))
    assert caught.value.code == "external_data"


@pytest.mark.parametrize("place", PLACES)
def test_tensor_in_the_file_is_let_in(place: str) -> None:
    scan_onnx(model(PLACES[place](field(8, b"weights") + field(14, 0))))


@pytest.mark.parametrize(
    "function",
    [
        field(7, field(5, field(5, EXTERNAL_TENSOR))),
        field(11, field(5, EXTERNAL_TENSOR)),
    ],
    ids=["node", "default"],
)
def test_external_tensor_in_a_function_is_refused(function: bytes) -> None:
    with pytest.raises(ModelError) as caught:
        scan_onnx(model(after=field(25, function)))
    assert caught.value.code == "external_data"


def test_real_external_data_is_refused(tmp_path: Path, tiny_model_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="moving tensors out needs the onnx package")
    loaded = onnx.load(tiny_model_path)
    onnx.save(
        loaded,
        tmp_path / "external.onnx",
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
    )
    with pytest.raises(ModelError) as caught:
        scan_onnx((tmp_path / "external.onnx").read_bytes())
    assert caught.value.code == "external_data"


def test_graphs_nested_without_end_are_refused() -> None:
    graph = b""
    for _ in range(1000):
        graph = field(1, field(5, field(6, graph)))
    with pytest.raises(ModelError, match="deeply"):
        scan_onnx(model(graph))


def test_opset_of_other_domains_does_not_count() -> None:
    other = field(8, field(1, b"com.microsoft") + field(2, 99))
    assert scan_onnx(model(after=other)).opset == 17


@pytest.mark.parametrize("data", [b"", b"\x08\x08", b"PK\x03\x04zip", b"\x89PNG\r\n\x1a\n" * 9])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(ModelError):
        scan_onnx(data)


def test_model_cut_at_any_byte_is_refused_or_lacks_its_metadata(tiny_model_path: Path) -> None:
    data = tiny_model_path.read_bytes()
    for length in range(len(data)):
        try:
            summary = scan_onnx(data[:length])
        except ModelError:
            continue
        assert "edge_mnist" not in summary.metadata or summary.opset == 0


@given(st.binary(max_size=300))
def test_random_bytes_never_crash(data: bytes) -> None:
    for candidate in (data, model(data), model(after=data)):
        try:
            scan_onnx(candidate)
        except ModelError:
            continue


@given(st.data())
def test_flipped_bytes_never_crash(tiny_model_path: Path, data: st.DataObject) -> None:
    damaged = bytearray(tiny_model_path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        scan_onnx(bytes(damaged))
    except ModelError:
        return
