"""Reading IDX files: the good ones, and each way in which one can be bad."""

from __future__ import annotations

import gzip
import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_infer.errors import DataError
from edge_train.data.idx import (
    idx_sha256,
    is_idx_folder,
    read_idx_folder,
    read_idx_images,
    read_idx_labels,
)

IdxBytes = Callable[[NDArray[np.uint8]], bytes]
WriteIdx = Callable[..., Path]
IMAGES = np.arange(3 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(3, 28, 28)


def _file(folder: Path, data: bytes) -> Path:
    path = folder / "pictures"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_images_come_back_plain_and_gzipped(
    tmp_path: Path, idx_bytes: IdxBytes, pack: Callable[[bytes], bytes]
) -> None:
    read = read_idx_images(_file(tmp_path, pack(idx_bytes(IMAGES))))

    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, IMAGES)


def test_labels_come_back_as_int64(tmp_path: Path, idx_bytes: IdxBytes) -> None:
    read = read_idx_labels(_file(tmp_path, idx_bytes(np.array([3, 255, 0], np.uint8))))

    assert read.dtype == np.int64
    assert read.tolist() == [3, 255, 0]


def test_sha256_is_that_of_the_file(idx_bytes: IdxBytes) -> None:
    assert idx_sha256(IMAGES) == hashlib.sha256(idx_bytes(IMAGES)).hexdigest()


@pytest.mark.parametrize("kept", [0, 3, 10, 16, 500, -1])
@pytest.mark.parametrize("gzipped", [False, True])
def test_truncated_file_is_refused(
    tmp_path: Path, idx_bytes: IdxBytes, kept: int, gzipped: bool
) -> None:
    data = idx_bytes(IMAGES)[:kept]

    with pytest.raises(DataError, match="truncated") as caught:
        read_idx_images(_file(tmp_path, gzip.compress(data) if gzipped else data))

    assert caught.value.code == "truncated"


def test_broken_off_gzip_stream_is_refused(tmp_path: Path, idx_bytes: IdxBytes) -> None:
    with pytest.raises(DataError, match="gzip stream breaks off"):
        read_idx_images(_file(tmp_path, gzip.compress(idx_bytes(IMAGES))[:-20]))


def test_damaged_gzip_stream_is_refused(tmp_path: Path, idx_bytes: IdxBytes) -> None:
    data = bytearray(gzip.compress(idx_bytes(IMAGES)))
    data[-6] ^= 0xFF

    with pytest.raises(DataError, match="CRC") as caught:
        read_idx_images(_file(tmp_path, bytes(data)))

    assert caught.value.code == "unreadable"


def test_bytes_after_the_end_are_refused(tmp_path: Path, idx_bytes: IdxBytes) -> None:
    with pytest.raises(DataError, match="goes on after the 3 entries"):
        read_idx_images(_file(tmp_path, idx_bytes(IMAGES) + b"\0"))


def test_labels_in_place_of_images_are_named(tmp_path: Path, idx_bytes: IdxBytes) -> None:
    with pytest.raises(DataError, match=r"expected .* pictures .*, found labels"):
        read_idx_images(_file(tmp_path, idx_bytes(np.zeros(9, np.uint8))))


def test_wrong_magic_number_is_shown(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found 0x89504e47") as caught:
        read_idx_images(_file(tmp_path, b"\x89PNG" + bytes(99)))

    assert caught.value.code == "wrong_magic"


def test_float_pixels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found float32") as caught:
        read_idx_images(_file(tmp_path, struct.pack(">4I", 0x0D03, 1, 28, 28) + bytes(4 * 784)))

    assert caught.value.code == "wrong_dtype"


def test_other_sizes_are_sent_to_class_folders(tmp_path: Path, idx_bytes: IdxBytes) -> None:
    with pytest.raises(DataError, match=r"32x16 pixels, expected 28x28.*class folders"):
        read_idx_images(_file(tmp_path, idx_bytes(np.zeros((2, 32, 16), np.uint8))))


def test_absurd_count_is_refused_before_reading(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="claims 4,294,967,295 entries"):
        read_idx_images(_file(tmp_path, struct.pack(">4I", 0x0803, 2**32 - 1, 28, 28)))


@given(data=st.binary(max_size=64), gzipped=st.booleans())
def test_any_bytes_give_an_array_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, gzipped: bool
) -> None:
    path = _file(tmp_path_factory.getbasetemp(), gzip.compress(data) if gzipped else data)
    try:
        labels = read_idx_labels(path)
    except DataError as error:
        labels, message = None, error.message
    else:
        message = ""

    assert (labels is None) == (str(path) in message)
    assert labels is None or labels.shape == (len(data) - 8,)


@pytest.mark.parametrize("gzipped", [False, True])
def test_folder_gives_both_parts(
    tmp_path: Path, write_idx: WriteIdx, mnist_like: dict[str, NDArray[np.uint8]], gzipped: bool
) -> None:
    train, test = read_idx_folder(write_idx(tmp_path, gzipped=gzipped))

    assert test is not None
    np.testing.assert_array_equal(train.images, mnist_like["train-images-idx3-ubyte"])
    np.testing.assert_array_equal(test.labels, mnist_like["t10k-labels-idx1-ubyte"])


def test_folder_takes_names_with_a_dot(tmp_path: Path, write_idx: WriteIdx) -> None:
    for path in list(write_idx(tmp_path).iterdir()):
        path.rename(path.with_name(path.name.replace("-idx", ".idx")))

    train, test = read_idx_folder(tmp_path)

    assert test is not None
    assert (len(train.labels), len(test.labels)) == (30, 10)


def test_folder_without_test_files_has_no_test_part(tmp_path: Path, write_idx: WriteIdx) -> None:
    for path in write_idx(tmp_path).glob("t10k*"):
        path.unlink()

    assert read_idx_folder(tmp_path)[1] is None


@pytest.mark.parametrize("missing", ["train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"])
def test_missing_half_is_named(tmp_path: Path, write_idx: WriteIdx, missing: str) -> None:
    (write_idx(tmp_path) / f"{missing}.gz").unlink()

    assert is_idx_folder(tmp_path)
    with pytest.raises(DataError, match=f"{missing} is missing"):
        read_idx_folder(tmp_path)


def test_counts_that_disagree_are_refused(
    tmp_path: Path, write_idx: WriteIdx, idx_bytes: IdxBytes
) -> None:
    path = write_idx(tmp_path) / "train-labels-idx1-ubyte.gz"
    path.write_bytes(idx_bytes(np.zeros(29, np.uint8)))

    with pytest.raises(DataError, match=r"30 pictures but .* has 29 labels") as caught:
        read_idx_folder(tmp_path)

    assert caught.value.code == "count_mismatch"
