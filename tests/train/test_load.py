"""Loading by word and path, splits, and written samples."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_infer.errors import DataError, OutputError, UsageError
from edge_train.data import Dataset, load_dataset, split_validation
from edge_train.data.samples import spread_over_classes, write_samples
from edge_train.data.split import hold_out_test


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
    return load_dataset("digits", notify=str)


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


def test_each_kind_of_path_is_read_under_its_name(tmp_path: Path, write_idx, draw_digit) -> None:
    file = _save_npz(tmp_path / "my set.npz", [0, 1] * 3, [1, 0])
    (tmp_path / "keras").mkdir()
    _save_npz(tmp_path / "keras" / "mnist.npz", [0, 1] * 3, [1, 0])
    for label, index in np.ndindex(2, 4):
        path = tmp_path / "glyphs" / str(label) / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), draw_digit(label, 50 + index))
    sizes = {file: 8, tmp_path / "keras": 8, write_idx(tmp_path / "idx"): 40, path.parents[1]: 8}
    for source, size in sizes.items():
        dataset = load_dataset(str(source), notify=str)
        assert dataset.name == source.name
        assert len(dataset.train_labels) + len(dataset.test_labels) == size


def test_labels_with_gaps_become_class_names(tmp_path: Path) -> None:
    path = _save_npz(tmp_path / "set.npz", [26, 1, 7] * 2, [7, 26])
    dataset = load_dataset(str(path), notify=str)
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
def test_unfit_labels_are_refused(tmp_path: Path, train, test, message: str) -> None:
    path = _save_npz(tmp_path / "set.npz", train, test)
    with pytest.raises(DataError, match=message) as caught:
        load_dataset(str(path), notify=pytest.fail)
    assert str(path) in caught.value.message


@pytest.mark.parametrize("word", ["mnits", "MNIST", "digit"])
def test_misspelt_word_gets_a_suggestion(word: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=rf"no data set '{word}' \(did you mean (mnist|digits)\?\)"):
        load_dataset(word, notify=pytest.fail)


@pytest.mark.parametrize("source", ["", "qqq", "no/such/folder", "x" * 5000, "nul\0byte"])
def test_source_that_is_nothing_is_a_data_error(source: str, tmp_path: Path, monkeypatch) -> None:
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
    assert load_dataset("digits", notify=str).sha256 == digits.sha256


def shuffled_labels(sizes: list[int]) -> np.ndarray:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return np.random.default_rng(0).permutation(labels).astype(np.int64)


@given(sizes=st.lists(st.integers(2, 60), min_size=1, max_size=12))
def test_split_is_complete_disjoint_and_has_every_class_on_both_sides(sizes: list[int]) -> None:
    labels = shuffled_labels(sizes)
    for split in (split_validation, hold_out_test):
        kept, chosen = split(labels)
        assert sorted([*kept, *chosen]) == list(range(len(labels)))
        for indices in (kept, chosen):
            assert (np.diff(indices) > 0).all()
            assert np.bincount(labels[indices], minlength=len(sizes)).min() >= 1
        assert all((a == b).all() for a, b in zip(split(labels), (kept, chosen), strict=True))


def test_mnist_is_split_as_usual() -> None:
    train, validation = split_validation(shuffled_labels([6000] * 10))
    assert (len(train), len(validation)) == (55_000, 5_000)
    kept, test = hold_out_test(shuffled_labels([30, 70]))
    assert (len(kept), len(test)) == (80, 20)


def test_split_is_the_same_on_every_machine() -> None:
    validation = split_validation(np.arange(72, dtype=np.int64) % 4)[1]
    assert validation.tolist() == [4, 17, 23, 32, 45, 66]


def test_class_with_one_image_cannot_be_split() -> None:
    with pytest.raises(DataError, match="label 7 occurs once among 3 pictures"):
        split_validation(np.array([1, 1, 7]))


def test_last_images_can_validate_if_the_order_is_mixed() -> None:
    labels = np.arange(60, dtype=np.int64) % 4
    train, validation = split_validation(labels, rule="last")
    assert train.tolist() == list(range(55))
    assert validation.tolist() == list(range(55, 60))
    with pytest.raises(DataError, match="mixed order"):
        split_validation(np.repeat(np.arange(10, dtype=np.int64), 2), rule="last")


TEST_LABELS = np.array([0] * 30 + [1] * 5 + [2] * 25, np.int64)
TEST_IMAGES = np.random.default_rng(3).integers(0, 256, (60, 28, 28), np.uint8)


def dataset(class_names: tuple[str, ...] = ("a", "b", "c")) -> Dataset:
    train = np.zeros((6, 28, 28), np.uint8), np.arange(6) % 3
    return Dataset("set", class_names, *train, TEST_IMAGES, TEST_LABELS)


@pytest.mark.parametrize(
    ("name", "count", "error", "message"),
    [
        (".", 3, OutputError, "--force"),
        ("kept.txt", 3, OutputError, "kept"),
        ("new", 0, UsageError, "found 0"),
    ],
)
def test_samples_that_cannot_be_written_are_refused(tmp_path, name, count, error, message) -> None:
    (tmp_path / "kept.txt").touch()
    with pytest.raises(error, match=message):
        write_samples(dataset(), tmp_path / name, count=count, seed=0)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


def test_class_names_make_safe_file_names(tmp_path: Path) -> None:
    paths = write_samples(dataset(("a/b", "c:d", "ö")), tmp_path, count=3, seed=0)
    names = sorted(path.name[5:] for path in paths)
    assert names == ["label-a_b.png", "label-c_d.png", "label-ö.png"]
    assert all(path.is_file() for path in paths)


def test_seed_determines_the_pictures() -> None:
    first, same, other = (spread_over_classes(TEST_LABELS, 12, seed=seed) for seed in (0, 0, 1))
    assert (first == same).all()
    assert not np.array_equal(first, other)


@given(
    labels=st.lists(st.integers(0, 5), min_size=1, max_size=60),
    count=st.none() | st.integers(1, 80),
)
def test_classes_are_equally_frequent_until_one_runs_out(labels, count) -> None:
    array = np.array(labels, np.int64)
    indices = spread_over_classes(array, count, seed=0)
    assert len(set(indices.tolist())) == min(len(labels), count or len(labels))
    assert (np.diff(indices) > 0).all()
    available, taken = Counter(labels), Counter(array[indices].tolist())
    most = max(taken.values())
    for label, size in available.items():
        assert taken[label] >= min(size, most - 1)
