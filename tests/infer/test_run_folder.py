"""The run folder, which training writes and export reads."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_records import run_record

from edge_infer.errors import RunError
from edge_infer.model.run_folder import Calibration, RunFolder

RECORD = run_record(
    config={"preset": "edge", "augment": {"rotate_deg": 15}},
    class_names=("0", "ß"),
    versions={"keras": "3"},
)


def calibration(n: int = 4, m: int = 3) -> Calibration:
    rng = np.random.default_rng(0)
    return Calibration(
        rng.integers(0, 256, (n, 28, 28), dtype=np.uint8),
        rng.integers(0, 10, n),
        rng.integers(0, 256, (m, 28, 28), dtype=np.uint8),
        rng.integers(0, 10, m),
    )


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A finished run."""
    run = RunFolder(tmp_path / "run")
    run.write_record(RECORD)
    run.model_path.write_bytes(b"keras")
    calibration().save(run.calibration_path)
    return run


def change(run: RunFolder, **values: object) -> None:
    document = json.loads(run.record_path.read_text()) | values
    run.record_path.write_text(json.dumps(document))


def test_record_and_calibration_survive_the_round_trip(run: RunFolder) -> None:
    change(run, mood="sunny")
    assert run.read_record() == RECORD
    loaded, saved = run.read_calibration(), calibration()
    for name in vars(saved):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(saved, name))


@pytest.mark.parametrize("missing", ["record_path", "model_path", "calibration_path"])
def test_missing_and_unfinished_runs_say_how_to_mend_it(run: RunFolder, missing: str) -> None:
    getattr(run, missing).unlink()
    with pytest.raises(RunError, match="is incomplete, train again|train --resume"):
        run.read_record()
        run.read_calibration()
    with pytest.raises(RunError, match="edge-mnist train"):
        RunFolder(run.path / "none").read_record()


@pytest.mark.parametrize(
    ("field", "value"), [("format_version", 2), ("epochs", "many"), ("class_names", None)]
)
def test_record_with_another_value_is_refused_by_name(run: RunFolder, field, value) -> None:
    change(run, **{field: value})
    with pytest.raises(RunError, match=field):
        run.read_record()


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"format_version": 1}'],
)
def test_damaged_record_is_a_run_error(run: RunFolder, text: bytes) -> None:
    run.record_path.write_bytes(text)
    with pytest.raises(RunError):
        run.read_record()


@given(st.data())
def test_calibration_with_a_changed_byte_is_refused_or_sound(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    run = RunFolder(tmp_path_factory.getbasetemp())
    path = run.calibration_path
    calibration().save(path)
    damaged = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(damaged) - 1))
    damaged[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(damaged)
    try:
        loaded = run.read_calibration()
    except RunError:
        return
    assert loaded.validation_images.shape[1:] == (28, 28)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test_images": np.zeros((3, 28, 28), np.float32)}, "test_images must be"),
        ({"test_images": np.zeros((2, 28, 28), np.uint8)}, "test_images must be"),
        ({"test_images": np.zeros((3, 32, 32), np.uint8)}, "test_images must be"),
        ({"test_labels": np.zeros((3, 1), np.int64)}, "test_labels must be"),
        ({"test_labels": np.zeros(3, np.float64)}, "test_labels must be"),
        ({"test_labels": np.int64(3)}, "test_labels must be"),
        ({"test_labels": np.array([object()])}, "cannot be read"),
    ],
)
def test_arrays_of_another_dtype_or_shape_are_refused(run: RunFolder, changes, message) -> None:
    np.savez(run.calibration_path, **(vars(calibration()) | changes), allow_pickle=True)
    with pytest.raises(RunError, match=message):
        run.read_calibration()


def test_file_that_is_no_calibration_is_refused(run: RunFolder) -> None:
    np.savez(run.calibration_path, test_labels=np.zeros(3, np.int64))
    with pytest.raises(RunError, match="validation_images"):
        run.read_calibration()
    np.save(run.calibration_path.with_suffix(".npy"), np.zeros(3))
    for data in (run.calibration_path.with_suffix(".npy").read_bytes(), b"PK\x03\x04"):
        run.calibration_path.write_bytes(data)
        with pytest.raises(RunError):
            run.read_calibration()
