"""Reading IDX files and Keras' .npz layout: what is read, refused, and never opened."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib import format as npy
from numpy.typing import NDArray

from edge_infer.errors import DataError
from edge_train.data.array_files import (
    IMAGES_MAGIC,
    LABELS_MAGIC,
    idx_sha256,
    is_idx_folder,
    read_idx,
    read_idx_folder,
    read_npz,
)

IMAGES = np.arange(3 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(3, 28, 28)


def write_file(folder: Path, data: bytes) -> Path:
    path = folder / "pictures"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_arrays_are_read_plain_and_gzipped(tmp_path: Path, idx_bytes, pack) -> None:
    read = read_idx(write_file(tmp_path, pack(idx_bytes(IMAGES))), IMAGES_MAGIC)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, IMAGES)
    labels = np.array([3, 255, 0], np.uint8)
    read = read_idx(write_file(tmp_path, pack(idx_bytes(labels))), LABELS_MAGIC)
    np.testing.assert_array_equal(read, labels)
    assert idx_sha256(IMAGES) == hashlib.sha256(idx_bytes(IMAGES)).hexdigest()


@pytest.mark.parametrize("kept", [0, 3, 10, 16, 500, -1])
@pytest.mark.parametrize("gzipped", [False, True])
def test_truncated_idx_file_is_refused(tmp_path: Path, idx_bytes, kept: int, gzipped: bool) -> None:
    data = idx_bytes(IMAGES)[:kept]
    with pytest.raises(DataError) as caught:
        read_idx(write_file(tmp_path, gzip.compress(data) if gzipped else data), IMAGES_MAGIC)
    assert caught.value.code == "truncated"


@pytest.mark.parametrize(
    ("data", "magic", "words", "code"),
    [
        (gzip.compress(bytes(500))[:-20], IMAGES_MAGIC, "ends early", "truncated"),
        (gzip.compress(b"\0\0\x08\1\0\0\0\1\7")[:-6] + bytes(6), LABELS_MAGIC, "CRC", "unreadable"),
        (b"\0\0\x08\1\0\0\0\1\7\0", LABELS_MAGIC, "bytes after", "trailing_bytes"),
        (b"\0\0\x08\1\0\0\0\1\7", IMAGES_MAGIC, "pictures .*, found uint8 labels", "wrong_magic"),
        (b"\x89PNG" + bytes(99), IMAGES_MAGIC, "found another .*0x89504e47", "wrong_magic"),
        (
            struct.pack(">4I", 0x0803, 2, 32, 16),
            IMAGES_MAGIC,
            r"\(2, 32, 16\).*class folders",
            "wrong_shape",
        ),
        (struct.pack(">4I", 0x0803, 2**32 - 1, 28, 28), IMAGES_MAGIC, "4,294,967,295", "too_large"),
    ],
)
def test_invalid_idx_file_is_refused(tmp_path: Path, data, magic, words: str, code: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read_idx(write_file(tmp_path, data), magic)
    assert caught.value.code == code


@given(data=st.binary(max_size=64), gzipped=st.booleans())
def test_any_bytes_give_an_array_or_a_data_error(tmp_path_factory, data, gzipped: bool) -> None:
    path = write_file(tmp_path_factory.getbasetemp(), gzip.compress(data) if gzipped else data)
    try:
        labels = read_idx(path, LABELS_MAGIC)
    except DataError as error:
        assert str(path) in error.message
    else:
        assert labels.shape == (len(data) - 8,)


@pytest.mark.parametrize("gzipped", [False, True])
@pytest.mark.parametrize("dot", [False, True])
def test_folder_gives_both_parts(tmp_path: Path, write_idx, mnist_like, gzipped, dot) -> None:
    for path in list(write_idx(tmp_path, gzipped=gzipped).iterdir()):
        path.rename(path.with_name(path.name.replace("-idx", ".idx") if dot else path.name))
    train, test = read_idx_folder(tmp_path)
    assert test is not None
    assert train.labels.dtype == np.int64
    np.testing.assert_array_equal(train.images, mnist_like["train-images-idx3-ubyte"])
    np.testing.assert_array_equal(test.labels, mnist_like["t10k-labels-idx1-ubyte"])


def test_folder_without_test_files_has_no_test_part(tmp_path: Path, write_idx) -> None:
    for path in write_idx(tmp_path).glob("t10k*"):
        path.unlink()
    assert read_idx_folder(tmp_path)[1] is None


@pytest.mark.parametrize("missing", ["train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"])
def test_missing_file_is_named(tmp_path: Path, write_idx, missing: str) -> None:
    (write_idx(tmp_path) / f"{missing}.gz").unlink()
    assert is_idx_folder(tmp_path)
    with pytest.raises(DataError, match=f"{missing} is missing"):
        read_idx_folder(tmp_path)


def test_different_numbers_of_images_and_labels_are_refused(tmp_path, write_idx, idx_bytes) -> None:
    path = write_idx(tmp_path) / "train-labels-idx1-ubyte.gz"
    path.write_bytes(idx_bytes(np.zeros(29, np.uint8)))
    with pytest.raises(DataError, match=r"30 pictures but .* has 29 labels") as caught:
        read_idx_folder(tmp_path)
    assert caught.value.code == "count_mismatch"


@pytest.fixture
def arrays() -> dict[str, NDArray[np.generic]]:
    return {
        "x_train": np.arange(6 * 784).astype(np.uint8).reshape(6, 28, 28),
        "y_train": np.array([0, 1, 2, 0, 1, 2], np.uint8),
        "x_test": np.full((3, 28, 28), 9, np.uint8),
        "y_test": np.array([0, 1, 2], np.int32),
    }


@pytest.fixture
def save(tmp_path: Path, arrays) -> Callable[..., Path]:
    """Return ``save(**changes)``: writes the arrays, some replaced or (None) left out."""

    def write(**changes: NDArray[np.generic] | None) -> Path:
        path = tmp_path / "set.npz"
        kept = {name: array for name, array in {**arrays, **changes}.items() if array is not None}
        np.savez_compressed(path, allow_pickle=True, **kept)
        return path

    return write


@pytest.mark.parametrize("layout", [np.ascontiguousarray, np.asfortranarray])
def test_both_parts_of_an_npz_file_are_read(save, arrays, layout) -> None:
    train, test = read_npz(save(x_train=layout(arrays["x_train"])))
    assert test is not None
    np.testing.assert_array_equal(train.images, arrays["x_train"])
    assert train.labels.dtype == test.labels.dtype == np.int64
    assert test.labels.tolist() == [0, 1, 2]


def test_channel_axis_and_missing_test_part_are_accepted(save, arrays) -> None:
    train, test = read_npz(save(x_train=arrays["x_train"][..., None], x_test=None, y_test=None))
    assert train.images.shape == (6, 28, 28)
    assert test is None


@pytest.mark.parametrize("name", ["x_train", "y_train", "x_test", "y_test"])
def test_missing_npz_array_is_named(save: Callable[..., Path], name: str) -> None:
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
def test_unfit_array_is_refused(save, name: str, array, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_npz(save(**{name: array}))


class _Trap:
    """Fails the test when unpickled."""

    def __reduce__(self) -> Any:
        return pytest.fail, ("a pickle was opened",)


@pytest.mark.parametrize("name", ["x_train", "y_train"])
def test_pickle_is_refused_unopened(save: Callable[..., Path], name: str) -> None:
    with pytest.raises(DataError, match="Python objects") as caught:
        read_npz(save(**{name: np.array([_Trap()] * 6, dtype=object)}))
    assert caught.value.code == "pickle"


def test_bare_pickle_as_member_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "set.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x_train.npy", pickle.dumps(_Trap()))
    with pytest.raises(DataError, match=r"no \.npy array"):
        read_npz(path)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((10**12, 28, 28), "claims 1,000,000,000,000 entries"),
        ((3, 10**6, 10**6), "28x28, found"),
        ((2, 28, 28), "truncated"),
    ],
)
def test_header_is_checked_before_data_are_read(tmp_path: Path, shape, message: str) -> None:
    path, header = tmp_path / "set.npz", io.BytesIO()
    npy.write_array_header_1_0(header, {"shape": shape, "fortran_order": False, "descr": "|u1"})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x_train.npy", header.getvalue() + bytes(100))
    with pytest.raises(DataError, match=message):
        read_npz(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-100],
        lambda data: data[:200] + bytes(value ^ 0xFF for value in data[200:210]) + data[210:],
        lambda data: b"no archive",
    ],
    ids=["truncated", "flipped", "other"],
)
def test_damaged_npz_file_is_refused(save, damage: Callable[[bytes], bytes]) -> None:
    path = save()
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=r"damaged|truncated"):
        read_npz(path)
