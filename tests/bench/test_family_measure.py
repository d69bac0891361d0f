from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_bench.family.handwriting import HandwritingSet, load_handwriting
from edge_bench.family.latency import time_files
from edge_bench.family.measure import Parity, count_by_class, count_confusions, measure_file
from edge_bench.family.rows import Confusion
from edge_infer import prepare_digit
from edge_infer.errors import DataError
from edge_infer.model.metadata import Accuracy
from edge_infer.model.run_folder import Calibration

Draw = Callable[..., Any]


@pytest.fixture
def calibration(draw_digit: Draw) -> Calibration:
    """The ten digits that the tiny model knows; in the test part the 0 is called a 1."""
    images = np.stack([prepare_digit(draw_digit(digit)) for digit in range(10)])  # type: ignore[arg-type]
    labels = np.arange(10)
    return Calibration(images, labels, images, np.array([1, *range(1, 10)]))


def test_file_is_measured_on_the_runs_images(
    tiny_model_path: Path, calibration: Calibration, draw_digit: Draw
) -> None:
    parity = Parity(changed=2, max_delta=0.125, failed_gates=("2 labels changed",))
    drawn = HandwritingSet("drawn", (draw_digit(3), draw_digit(5)), ("3", "4"))
    found = measure_file(tiny_model_path, calibration, parity, (drawn,))
    assert found.size_bytes == tiny_model_path.stat().st_size
    assert (found.validation_correct, found.validation_n) == (10, 10)
    assert (found.test_correct, found.test_n) == (9, 10)
    assert found.agreement == pytest.approx(0.8)
    assert found.failed_gates == ("2 labels changed",)
    assert found.digits[0] == Accuracy(correct=1, n=2)
    assert found.confusions == (Confusion(first="0", second="1", count=1),)
    assert found.at_1_percent_rejected.n == 10
    assert [(score.name, score.correct, score.n) for score in found.handwriting] == [
        ("drawn", 1, 2)
    ]


def test_confusions_count_both_directions_and_the_most_frequent_first() -> None:
    answers, labels = np.array([4, 9, 9, 1, 2]), np.array([9, 4, 4, 7, 2])
    found = count_confusions(answers, labels, "0123456789")
    assert [(c.first, c.second, c.count) for c in found] == [("4", "9", 3), ("1", "7", 1)]


def test_classes_are_counted_in_order() -> None:
    found = count_by_class(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]))
    assert found == (Accuracy(correct=1, n=2), Accuracy(correct=2, n=2))


def test_files_are_timed_together(tiny_model_path: Path, calibration: Calibration) -> None:
    images = np.tile(calibration.test_images, (7, 1, 1))
    pair = (tiny_model_path, tiny_model_path)
    found = time_files({"a": pair, "b": pair}, images, rounds=1)
    assert found["a"].measured_at == found["b"].measured_at
    for latency in found.values():
        assert 0 < latency.int8.p50_us_per_image_64 < latency.int8.p50_us
        assert latency.float32.sha256 == latency.int8.sha256


def test_handwriting_is_read_as_it_stands(tmp_path: Path, draw_digit: Draw) -> None:
    (tmp_path / "singles").mkdir()
    cv2.imwrite(str(tmp_path / "singles" / "seven.png"), draw_digit(7))
    (tmp_path / "singles.csv").write_text("file,label,polarity\nseven.png,7,dark-on-light\n")
    np.savez(tmp_path / "optdigits32.npz", x=np.full((3, 32, 32), 255, np.uint8), y=[1, 2, 3])
    singles, optdigits = load_handwriting(tmp_path)
    assert (singles.name, singles.labels) == ("singles", ("7",))
    assert singles.pictures[0].shape[:2] == draw_digit(7).shape
    assert (optdigits.name, optdigits.labels) == ("optdigits", ("1", "2", "3"))
    assert optdigits.pictures[0].shape == (32, 32)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("other.txt", b"", "holds neither singles.csv nor optdigits32.npz"),
        ("singles.csv", b"name,digit\na,1\n", "columns file and label"),
        ("singles.csv", b"file,label\n", "holds no pictures"),
        ("optdigits32.npz", b"PK\x03\x04", "arrays x and y"),
    ],
)
def test_folder_without_handwriting_is_refused(
    name: str, content: bytes, words: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=words):
        load_handwriting(tmp_path)
