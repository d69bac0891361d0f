"""`edge-mnist samples`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

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


def test_samples_writes_pictures_and_the_next_command(
    edge_mnist, tmp_path: Path, data_path: Path
) -> None:
    folder = tmp_path / "a folder"
    ran = edge_mnist("samples", "--data", data_path, "-o", folder, "--count", "9")
    assert ran.code == 0, ran.err
    paths = sorted(folder.iterdir())
    assert Counter(path.stem.rpartition("-")[2] for path in paths) == {"0": 3, "1": 3, "2": 3}
    for path in paths:
        index = int(path.name[:4])
        assert path.name == f"{index:04d}_label-{TEST_LABELS[index]}.png"
        stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(stored, TEST_IMAGES[index])
    assert f"edge-mnist predict '{folder}' --model" in ran.out


@pytest.mark.parametrize("words", [("--all",), ("--count", "100")])
def test_samples_writes_at_most_every_test_picture(
    edge_mnist, tmp_path: Path, data_path: Path, words: tuple[str, ...]
) -> None:
    ran = edge_mnist("samples", "--data", data_path, "-o", tmp_path / "all", *words)
    assert ran.code == 0, ran.err
    assert len(list((tmp_path / "all").iterdir())) == 60
    assert ("has only 60" in ran.out) == ("--count" in words)


def test_folder_that_is_not_empty_needs_force(edge_mnist, tmp_path: Path, data_path: Path) -> None:
    (tmp_path / "kept.txt").touch()
    words = ("samples", "--data", data_path, "-o", tmp_path)
    refused = edge_mnist(*words)
    assert refused.code == 1
    assert "--force" in refused.err
    assert len(list(tmp_path.iterdir())) == 2
    assert edge_mnist(*words, "--force").code == 0
    assert (tmp_path / "kept.txt").exists()
