"""Reading IDX files: valid ones, and the ways in which a file can be invalid."""

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
from edge_train.data.array_files import (
    IMAGES_MAGIC,
    LABELS_MAGIC,
    idx_sha256,
    is_idx_folder,
    read_idx,
    read_idx_folder,
)

IdxBytes = Callable[[NDArray[np.uint8]], bytes]
WriteIdx = Callable[..., Path]
IMAGES = np.arange(3 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(3, 28, 28)


def write(folder: Path, data: bytes) -> Path:
    path = folder / "pictures"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_arrays_are_read_plain_and_gzipped(
    tmp_path: Path, idx_bytes: IdxBytes, pack: Callable[[bytes], bytes]
) -> None:
    read = read_idx(write(tmp_path, pack(idx_bytes(IMAGES))), IMAGES_MAGIC)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, IMAGES)
    labels = np.array([3, 255, 0], np.uint8)
    read = read_idx(write(tmp_path, pack(idx_bytes(labels))), LABELS_MAGIC)
    np.testing.assert_array_equal(read, labels)
    assert idx_sha256(IMAGES) == hashlib.sha256(idx_bytes(IMAGES)).hexdigest()


@pytest.mark.parametrize("kept", [0, 3, 10, 16, 500, -1])
@pytest.mark.parametrize("gzipped", [False, True])
def test_truncated_file_is_refused(
    tmp_path: Path, idx_bytes: IdxBytes, kept: int, gzipped: bool
) -> None:
    data = idx_bytes(IMAGES)[:kept]
    with pytest.raises(DataError) as caught:
        read_idx(write(tmp_path, gzip.compress(data) if gzipped else data), IMAGES_MAGIC)
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
def test_invalid_file_is_refused(
    tmp_path: Path, data: bytes, magic: int, words: str, code: str
) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read_idx(write(tmp_path, data), magic)
    assert caught.value.code == code


@given(data=st.binary(max_size=64), gzipped=st.booleans())
def test_any_bytes_give_an_array_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, gzipped: bool
) -> None:
    path = write(tmp_path_factory.getbasetemp(), gzip.compress(data) if gzipped else data)
    try:
        labels = read_idx(path, LABELS_MAGIC)
    except DataError as error:
        assert str(path) in error.message
    else:
        assert labels.shape == (len(data) - 8,)


@pytest.mark.parametrize("gzipped", [False, True])
@pytest.mark.parametrize("dot", [False, True])
def test_folder_gives_both_parts(
    tmp_path: Path,
    write_idx: WriteIdx,
    mnist_like: dict[str, NDArray[np.uint8]],
    gzipped: bool,
    dot: bool,
) -> None:
    for path in list(write_idx(tmp_path, gzipped=gzipped).iterdir()):
        path.rename(path.with_name(path.name.replace("-idx", ".idx") if dot else path.name))
    train, test = read_idx_folder(tmp_path)
    assert test is not None
    assert train.labels.dtype == np.int64
    np.testing.assert_array_equal(train.images, mnist_like["train-images-idx3-ubyte"])
    np.testing.assert_array_equal(test.labels, mnist_like["t10k-labels-idx1-ubyte"])


def test_folder_without_test_files_has_no_test_part(tmp_path: Path, write_idx: WriteIdx) -> None:
    for path in write_idx(tmp_path).glob("t10k*"):
        path.unlink()
    assert read_idx_folder(tmp_path)[1] is None


@pytest.mark.parametrize("missing", ["train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"])
def test_missing_file_is_named(tmp_path: Path, write_idx: WriteIdx, missing: str) -> None:
    (write_idx(tmp_path) / f"{missing}.gz").unlink()
    assert is_idx_folder(tmp_path)
    with pytest.raises(DataError, match=f"{missing} is missing"):
        read_idx_folder(tmp_path)


def test_different_numbers_of_images_and_labels_are_refused(
    tmp_path: Path, write_idx: WriteIdx, idx_bytes: IdxBytes
) -> None:
    path = write_idx(tmp_path) / "train-labels-idx1-ubyte.gz"
    path.write_bytes(idx_bytes(np.zeros(29, np.uint8)))
    with pytest.raises(DataError, match=r"30 pictures but .* has 29 labels") as caught:
        read_idx_folder(tmp_path)
    assert caught.value.code == "count_mismatch"
