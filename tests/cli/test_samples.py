"""`edge-mnist samples`: the files, their spread over classes, and what is refused."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from edge_infer.errors import OutputError, UsageError
from edge_mnist.app import app
from edge_train.data import Dataset
from edge_train.data.samples import spread_over_classes, write_samples

TEST_LABELS = np.array([0] * 30 + [1] * 5 + [2] * 25, np.int64)
TEST_IMAGES = np.random.default_rng(3).integers(0, 256, (60, 28, 28), np.uint8)


@pytest.fixture
def data_path(tmp_path: Path) -> Path:
    path = tmp_path / "set.npz"
    np.savez(
        path,
        x_train=np.zeros((6, 28, 28), np.uint8),
        y_train=np.array([0, 1, 2] * 2),
        x_test=TEST_IMAGES,
        y_test=TEST_LABELS,
    )
    return path


def _dataset(class_names: tuple[str, ...] = ("a", "b", "c")) -> Dataset:
    train = np.zeros((6, 28, 28), np.uint8), np.arange(6) % 3
    return Dataset("set", class_names, *train, TEST_IMAGES, TEST_LABELS)


def test_samples_writes_the_pictures_and_says_what_next(tmp_path: Path, data_path: Path) -> None:
    folder = tmp_path / "a folder"

    result = CliRunner().invoke(
        app, ["samples", "--data", str(data_path), "-o", str(folder), "--count", "9"]
    )

    assert result.exit_code == 0, result.output
    paths = sorted(folder.iterdir())
    assert Counter(path.stem.rpartition("-")[2] for path in paths) == {"0": 3, "1": 3, "2": 3}
    for path in paths:
        index = int(path.name[:4])
        assert path.name == f"{index:04d}_label-{TEST_LABELS[index]}.png"
        stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(stored, TEST_IMAGES[index])
    assert "wrote 9 pictures" in result.stdout
    assert f"edge-mnist predict '{folder}'" in result.stdout


def test_samples_all_writes_every_test_picture(tmp_path: Path, data_path: Path) -> None:
    folder = tmp_path / "all"

    result = CliRunner().invoke(
        app, ["samples", "--data", str(data_path), "-o", str(folder), "--all"]
    )

    assert result.exit_code == 0, result.output
    assert len(list(folder.iterdir())) == 60


def test_samples_needs_a_folder() -> None:
    result = CliRunner().invoke(app, ["samples"])

    assert result.exit_code == 2
    assert "--output" in result.output


def test_samples_force_reaches_the_writing(tmp_path: Path, data_path: Path) -> None:
    (tmp_path / "kept.txt").touch()
    arguments = ["samples", "--data", str(data_path), "-o", str(tmp_path)]

    refused = CliRunner().invoke(app, arguments)
    forced = CliRunner().invoke(app, [*arguments, "--force"])

    assert isinstance(refused.exception, OutputError)
    assert forced.exit_code == 0, forced.output
    assert (tmp_path / "kept.txt").exists()


def test_occupied_folder_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").touch()

    with pytest.raises(OutputError, match=r"is not empty; .*--force"):
        write_samples(_dataset(), tmp_path, count=3, seed=0)

    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


def test_folder_that_is_a_file_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(OutputError, match="cannot write"):
        write_samples(_dataset(), tmp_path / "file", count=3, seed=0)


def test_count_under_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="found 0"):
        write_samples(_dataset(), tmp_path, count=0, seed=0)


def test_class_names_make_safe_file_names(tmp_path: Path) -> None:
    paths = write_samples(_dataset(("a/b", "c:d", "ö")), tmp_path, count=3, seed=0)

    assert sorted(path.name[5:] for path in paths) == [
        "label-a_b.png",
        "label-c_d.png",
        "label-ö.png",
    ]
    assert all(path.is_file() for path in paths)


def test_seed_decides_the_pictures() -> None:
    first, same, other = (
        spread_over_classes(TEST_LABELS, 12, seed=seed).tolist() for seed in (0, 0, 1)
    )

    assert first == same
    assert first != other


@given(
    labels=st.lists(st.integers(0, 5), min_size=1, max_size=60),
    count=st.none() | st.integers(1, 80),
)
def test_spread_is_even_until_a_class_runs_out(labels: list[int], count: int | None) -> None:
    array = np.array(labels, np.int64)

    indices = spread_over_classes(array, count, seed=0)

    assert len(set(indices.tolist())) == min(len(labels), count or len(labels))
    assert (np.diff(indices) > 0).all()
    available, taken = Counter(labels), Counter(array[indices].tolist())
    most = max(taken.values())
    for label, size in available.items():
        assert taken[label] >= min(size, most - 1)
