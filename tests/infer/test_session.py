"""Opening model files, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_infer.errors import ModelError
from edge_infer.model.session import MAX_MODEL_BYTES, open_model, read_model_bytes

Change = Callable[[Any], None]


@pytest.fixture
def changed_model(tiny_model_path: Path) -> Callable[[Change], bytes]:
    """Return ``change(edit) -> bytes``: the tiny model with an edit of its protobuf."""
    onnx = pytest.importorskip("onnx", reason="changing a model needs the onnx package")

    def change(edit: Change) -> bytes:
        model = onnx.load(tiny_model_path)
        edit(model)
        return bytes(model.SerializeToString())

    return change


def test_tiny_model_is_what_its_script_makes(tiny_model_path: Path, tiny_model_script) -> None:
    pytest.importorskip("onnx", reason="making a model needs the onnx package")
    assert tiny_model_script.build() == tiny_model_path.read_bytes()
    assert tiny_model_path.stat().st_size < 5000


def test_sessions_have_one_thread_do_not_spin_and_answer_alike(tiny_model_path: Path) -> None:
    opened = open_model(tiny_model_path.read_bytes(), "tiny")
    assert opened.metadata.preset == "tiny"
    sessions = [opened.session, opened.new_session(), opened.new_session(arena=False)]
    options = [session.get_session_options() for session in sessions]
    for one in options:
        assert (one.intra_op_num_threads, one.inter_op_num_threads) == (1, 1)
        assert one.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert [one.enable_cpu_mem_arena for one in options] == [True, True, False]
    images = np.random.default_rng(0).integers(0, 256, (7, 28, 28), dtype=np.uint8)
    for batch in (0, 1, 7):
        answers = [session.run(None, {"image": images[:batch]})[0] for session in sessions]
        assert answers[0].shape == (batch, 10)
        assert all(np.array_equal(answer, answers[0]) for answer in answers)


def _set_size(model: Any, sizes: dict[int, int]) -> None:
    for axis, size in sizes.items():
        model.graph.input[0].type.tensor_type.shape.dim[axis].dim_value = size


def _rename_input(model: Any) -> None:
    model.graph.input[0].name = "pixels_u8"
    model.graph.node[0].input[0] = "pixels_u8"


def _claim_eleven_classes(model: Any) -> None:
    prop = model.metadata_props[0]
    prop.value = prop.value.replace('"9"]', '"9", "X"]')


def _poison_bias(model: Any) -> None:
    bias = next(value for value in model.graph.initializer if value.name == "bias")
    bias.raw_data = np.full(10, np.nan, np.float32).tobytes()


def _drop_softmax(model: Any) -> None:
    model.graph.node[-1].op_type = "Identity"
    model.graph.node[-1].ClearField("attribute")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            lambda model: model.ClearField("metadata_props"),
            "not a model of edge-mnist.*edge-mnist export",
        ),
        (
            lambda model: setattr(model.opset_import[0], "version", 21),
            "opset 21, expected at most 17",
        ),
        (_rename_input, "pixels_u8"),
        (lambda model: _set_size(model, {0: 1}), r"\[1, 28, 28\]"),
        (lambda model: _set_size(model, {1: 32, 2: 32}), r"\[any, 32, 32\]|cannot load"),
        (_claim_eleven_classes, r"expected .*\[any, 11\].*found .*\[any, 10\]"),
        (_poison_bias, "must sum to 1"),
        (_drop_softmax, "must sum to 1"),
        (
            lambda model: setattr(model.graph.node[2], "op_type", "Unknown"),
            "onnxruntime cannot load it",
        ),
    ],
)
def test_model_that_breaks_the_contract_is_refused_in_one_quiet_line(
    changed_model, capfd, edit: Change, message: str
) -> None:
    with pytest.raises(ModelError, match=f"other.onnx: .*{message}") as caught:
        open_model(changed_model(edit), "other.onnx")
    assert "\n" not in caught.value.message
    assert (caught.value.code == "foreign") == ("not a model" in message)
    assert capfd.readouterr() == ("", "")


def test_damaged_model_is_refused_or_still_serves(tiny_model_path: Path, capfd) -> None:
    data = tiny_model_path.read_bytes()
    refused = 0
    for at in range(0, len(data), 37):
        damaged = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
        try:
            open_model(damaged, "damaged.onnx")
        except ModelError as error:
            refused += 1
            assert error.message.startswith("damaged.onnx: ")
    assert refused > 10
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "size_bytes", "code"),
    [
        ("none.onnx", None, "not_found"),
        ("empty.onnx", 0, "damaged"),
        ("large.onnx", MAX_MODEL_BYTES + 1, "too_large"),
        (".", None, "unreadable"),
        ("a\0b", None, "unreadable"),
    ],
)
def test_unreadable_file_is_refused(tmp_path: Path, name: str, size_bytes, code: str) -> None:
    path = tmp_path / name
    if size_bytes is not None:
        with path.open("wb") as file:
            file.truncate(size_bytes)
    with pytest.raises(ModelError) as caught:
        read_model_bytes(path)
    assert caught.value.code == code
    assert code != "not_found" or "edge-mnist export RUN -o" in caught.value.message
