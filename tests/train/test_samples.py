"""Writing test pictures of a data set as files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_infer.errors import OutputError, UsageError
from edge_train.data import Dataset
from edge_train.data.samples import spread_over_classes, write_samples

TEST_LABELS = np.array([0] * 30 + [1] * 5 + [2] * 25, np.int64)
TEST_IMAGES = np.random.default_rng(3).integers(0, 256, (60, 28, 28), np.uint8)


def dataset(class_names: tuple[str, ...] = ("a", "b", "c")) -> Dataset:
    train = np.zeros((6, 28, 28), np.uint8), np.arange(6) % 3
    return Dataset("set", class_names, *train, TEST_IMAGES, TEST_LABELS)


def test_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").touch()
    with pytest.raises(OutputError, match="--force"):
        write_samples(dataset(), tmp_path, count=3, seed=0)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


def test_folder_that_is_a_file_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file"):
        write_samples(dataset(), tmp_path / "file", count=3, seed=0)


def test_count_below_one_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="found 0"):
        write_samples(dataset(), tmp_path, count=0, seed=0)


def test_class_names_make_safe_file_names(tmp_path: Path) -> None:
    paths = write_samples(dataset(("a/b", "c:d", "ö")), tmp_path, count=3, seed=0)
    names = sorted(path.name[5:] for path in paths)
    assert names == ["label-a_b.png", "label-c_d.png", "label-ö.png"]
    assert all(path.is_file() for path in paths)


def test_seed_determines_the_pictures() -> None:
    first, same, other = (
        spread_over_classes(TEST_LABELS, 12, seed=seed).tolist() for seed in (0, 0, 1)
    )
    assert first == same
    assert first != other


@given(
    labels=st.lists(st.integers(0, 5), min_size=1, max_size=60),
    count=st.none() | st.integers(1, 80),
)
def test_classes_are_equally_frequent_until_one_runs_out(
    labels: list[int], count: int | None
) -> None:
    array = np.array(labels, np.int64)
    indices = spread_over_classes(array, count, seed=0)
    assert len(set(indices.tolist())) == min(len(labels), count or len(labels))
    assert (np.diff(indices) > 0).all()
    available, taken = Counter(labels), Counter(array[indices].tolist())
    most = max(taken.values())
    for label, size in available.items():
        assert taken[label] >= min(size, most - 1)
