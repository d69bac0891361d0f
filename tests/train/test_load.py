"""Loading by word and path, and what all sources have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.errors import DataError
from edge_train.data import Dataset, load_dataset

WriteIdx = Callable[..., Path]


def _ignore(message: str) -> None:
    del message


def _save_npz(path: Path, train_labels: list[int], test_labels: list[int] | None = None) -> Path:
    arrays: dict[str, NDArray[np.generic]] = {
        "x_train": np.zeros((len(train_labels), 28, 28), np.uint8),
        "y_train": np.array(train_labels, np.int64),
    }
    if test_labels is not None:
        arrays["x_test"] = np.zeros((len(test_labels), 28, 28), np.uint8)
        arrays["y_test"] = np.array(test_labels, np.int64)
    np.savez(path, allow_pickle=False, **arrays)
    return path


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits", notify=_ignore)


def test_digits_are_brought_to_mnist_form(digits: Dataset) -> None:
    images = np.concatenate([digits.train_images, digits.test_images])
    assert digits.class_names == tuple("0123456789")
    assert images.shape == (1797, 28, 28)
    assert images.dtype == np.uint8
    assert np.bincount(digits.test_labels).min() >= 34
    # The foreground is in a box of 20x20 with its centre of mass in the middle.
    inked = images.any(axis=0)
    assert not inked[0].any()
    assert not inked[:, 0].any()
    moments = images.sum(axis=(1, 2), dtype=np.int64)
    rows = images.sum(axis=2, dtype=np.int64) @ np.arange(28) / moments
    columns = images.sum(axis=1, dtype=np.int64) @ np.arange(28) / moments
    assert np.abs(rows - 14).max() < 1.5
    assert np.abs(columns - 14).max() < 1.5


def test_each_kind_of_path_is_read_under_its_name(
    tmp_path: Path, write_idx: WriteIdx, draw_digit: Callable[..., NDArray[np.uint8]]
) -> None:
    file = _save_npz(tmp_path / "my set.npz", [0, 1] * 3, [1, 0])
    (tmp_path / "keras").mkdir()
    _save_npz(tmp_path / "keras" / "mnist.npz", [0, 1] * 3, [1, 0])
    for label, index in np.ndindex(2, 4):
        path = tmp_path / "glyphs" / str(label) / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), draw_digit(label, 50 + index))
    sizes = {file: 8, tmp_path / "keras": 8, write_idx(tmp_path / "idx"): 40, path.parents[1]: 8}
    for source, size in sizes.items():
        dataset = load_dataset(str(source), notify=_ignore)
        assert dataset.name == source.name
        assert len(dataset.train_labels) + len(dataset.test_labels) == size


def test_labels_with_gaps_become_class_names(tmp_path: Path) -> None:
    path = _save_npz(tmp_path / "set.npz", [26, 1, 7] * 2, [7, 26])
    dataset = load_dataset(str(path), notify=_ignore)
    assert dataset.class_names == ("1", "7", "26")
    assert dataset.train_labels.tolist() == [2, 0, 1] * 2
    assert dataset.test_labels.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        ([0, 1, -1], [0], "labels go from -1 to 1"),
        ([0, 1, 100], [0], "labels go from 0 to 100"),
        ([0, 1] * 2, [300], "labels go from 300 to 300"),
        ([0, 1] * 2, [0, 2], "label 2 occurs in the test part but never in training"),
        ([4] * 9, [4], "expected 2 to 100 classes, found 1"),
        ([0, 0, 1], [0], "class '1' has too few .* at least 2, found 1"),
        ([0, 0, 0, 1, 1], None, "class '1' has too few .* at least 3, found 2"),
        ([0, 1] * 2, [], "test part holds no pictures"),
        ([], [], "expected 2 to 100 classes, found 0"),
    ],
)
def test_unfit_labels_are_refused(
    tmp_path: Path, train: list[int], test: list[int] | None, message: str
) -> None:
    path = _save_npz(tmp_path / "set.npz", train, test)
    with pytest.raises(DataError, match=message) as caught:
        load_dataset(str(path), notify=pytest.fail)
    assert str(path) in caught.value.message


@pytest.mark.parametrize("word", ["mnits", "MNIST", "digit"])
def test_misspelt_word_gets_a_suggestion(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=rf"no data set '{word}' \(did you mean (mnist|digits)\?\)"):
        load_dataset(word, notify=pytest.fail)


@pytest.mark.parametrize("source", ["", "qqq", "no/such/folder", "x" * 5000, "nul\0byte"])
def test_source_that_is_nothing_is_a_data_error(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError):
        load_dataset(source, notify=pytest.fail)


def test_folder_without_data_says_what_was_expected(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DataError, match=r"holds no data set; expected IDX files"):
        load_dataset(str(tmp_path), notify=pytest.fail)


def test_fingerprint_sees_every_part(digits: Dataset) -> None:
    one_pixel = digits.test_images.copy()
    one_pixel[-1, -1, -1] ^= 1
    others = [
        replace(digits, name="others"),
        replace(digits, class_names=(*"012345678", "nine")),
        replace(digits, test_images=one_pixel),
        replace(digits, train_labels=digits.train_labels[::-1]),
    ]
    assert len({digits.sha256, *(other.sha256 for other in others)}) == 5
    assert load_dataset("digits", notify=_ignore).sha256 == digits.sha256
