"""Reading Keras' .npz layout: what is taken, and that nothing dangerous is opened."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.lib import format as npy
from numpy.typing import NDArray

from edge_infer.errors import DataError
from edge_train.data.array_files import read_npz

Arrays = dict[str, NDArray[np.generic]]


@pytest.fixture
def arrays() -> Arrays:
    return {
        "x_train": np.arange(6 * 784).astype(np.uint8).reshape(6, 28, 28),
        "y_train": np.array([0, 1, 2, 0, 1, 2], np.uint8),
        "x_test": np.full((3, 28, 28), 9, np.uint8),
        "y_test": np.array([0, 1, 2], np.int32),
    }


@pytest.fixture
def save(tmp_path: Path, arrays: Arrays) -> Callable[..., Path]:
    """Return ``save(**changes)``: writes the arrays, some replaced or (None) left out."""

    def write(**changes: NDArray[np.generic] | None) -> Path:
        path = tmp_path / "set.npz"
        kept = {name: array for name, array in {**arrays, **changes}.items() if array is not None}
        np.savez_compressed(path, allow_pickle=True, **kept)
        return path

    return write


def _npy_header(shape: tuple[int, ...], descr: str) -> bytes:
    header = io.BytesIO()
    npy.write_array_header_1_0(header, {"shape": shape, "fortran_order": False, "descr": descr})
    return header.getvalue()


@pytest.mark.parametrize("layout", [np.ascontiguousarray, np.asfortranarray])
def test_both_parts_are_read(
    save: Callable[..., Path], arrays: Arrays, layout: Callable[..., NDArray[np.generic]]
) -> None:
    train, test = read_npz(save(x_train=layout(arrays["x_train"])))
    assert test is not None
    np.testing.assert_array_equal(train.images, arrays["x_train"])
    assert train.labels.dtype == test.labels.dtype == np.int64
    assert test.labels.tolist() == [0, 1, 2]


def test_channel_axis_and_missing_test_part_are_accepted(
    save: Callable[..., Path], arrays: Arrays
) -> None:
    train, test = read_npz(save(x_train=arrays["x_train"][..., None], x_test=None, y_test=None))
    assert train.images.shape == (6, 28, 28)
    assert test is None


@pytest.mark.parametrize("name", ["x_train", "y_train", "x_test", "y_test"])
def test_missing_array_is_named(save: Callable[..., Path], name: str) -> None:
    with pytest.raises(DataError, match=f"{name} is missing; expected x_train"):
        read_npz(save(**{name: None}))


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("x_train", np.zeros((6, 28, 28), np.float32), "found float32"),
        ("x_train", np.zeros((6, 28, 28), np.int16), "found int16"),
        ("x_train", np.zeros((6, 32, 32), np.uint8), r"28x28, found .*\(6, 32, 32\)"),
        ("x_train", np.zeros((6, 28, 28, 3), np.uint8), "28x28, found"),
        ("x_train", np.zeros((6, 784), np.uint8), "28x28, found"),
        ("x_train", np.uint8(3), "28x28, found"),
        ("y_train", np.zeros(6, np.float64), "whole numbers as labels, found float64"),
        ("y_train", np.array(list("abcabc")), "whole numbers as labels"),
        ("y_train", np.zeros((6, 10), np.uint8), "one label per picture"),
        ("y_train", np.zeros(5, np.uint8), "6 pictures but y_train has 5 labels"),
    ],
)
def test_unfit_array_is_refused(
    save: Callable[..., Path], name: str, array: NDArray[np.generic], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read_npz(save(**{name: array}))


class _Trap:
    """Sets a flag when unpickled."""

    sprung = False

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return _spring, ()


def _spring() -> None:
    _Trap.sprung = True


@pytest.mark.parametrize("name", ["x_train", "y_train"])
def test_pickle_is_refused_unopened(save: Callable[..., Path], name: str) -> None:
    with pytest.raises(DataError, match="Python objects") as caught:
        read_npz(save(**{name: np.array([_Trap()] * 6, dtype=object)}))
    assert caught.value.code == "pickle"
    assert not _Trap.sprung


def test_bare_pickle_as_member_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "set.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x_train.npy", pickle.dumps(_Trap()))
    with pytest.raises(DataError, match=r"no \.npy array"):
        read_npz(path)
    assert not _Trap.sprung


@pytest.mark.parametrize(
    ("shape", "descr", "message"),
    [
        ((10**12, 28, 28), "|u1", "claims 1,000,000,000,000 entries"),
        ((3, 10**6, 10**6), "|u1", "28x28, found"),
        ((2, 28, 28), "|u1", "truncated"),
    ],
)
def test_header_is_checked_before_data_are_read(
    tmp_path: Path, shape: tuple[int, ...], descr: str, message: str
) -> None:
    path = tmp_path / "set.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x_train.npy", _npy_header(shape, descr) + bytes(100))
    with pytest.raises(DataError, match=message):
        read_npz(path)


@pytest.mark.parametrize("damage", ["truncated", "flipped", "other"])
def test_damaged_file_is_refused(save: Callable[..., Path], damage: str) -> None:
    path = save()
    data = bytearray(path.read_bytes())
    if damage == "truncated":
        data = data[:-100]
    elif damage == "flipped":
        data[200:210] = bytes(value ^ 0xFF for value in data[200:210])
    else:
        data = bytearray(b"no archive")
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"damaged|truncated"):
        read_npz(path)
