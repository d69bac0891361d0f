"""Folders of class folders: names, order, odd pictures, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.errors import DataError
from edge_infer.glyph.preprocess import prepare_digit
from edge_train.data.class_folders import load_class_folders

DrawDigit = Callable[..., NDArray[np.uint8]]


def _save(path: Path, image: NDArray[np.generic], suffix: str = ".png") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(suffix, image)[1].tobytes())
    return path


@pytest.fixture
def fill(draw_digit: DrawDigit) -> Callable[..., Path]:
    """Return ``fill(folder, classes, count=3)``: that many pictures in each class folder."""

    def write(folder: Path, classes: list[str], count: int = 3) -> Path:
        for label, name in enumerate(classes):
            for index in range(count):
                picture = draw_digit(label % 10, 40 + index)
                _save(folder / name / f"{index}.png", picture)
        return folder

    return write


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (["10", "9", "1"], ("1", "9", "10")),
        (["10", "9", "x"], ("10", "9", "x")),
        (["ö", "b", "A"], ("A", "b", "ö")),
        (["²", "3", "1"], ("1", "3", "²")),
        (["train", "test"], ("test", "train")),
        (["a", "b", ".git", "__MACOSX"], ("a", "b")),
    ],
)
def test_classes_follow_numbers_or_names(tmp_path: Path, fill, messages, folders, expected) -> None:
    dataset = load_class_folders(fill(tmp_path, folders), notify=messages.append)
    assert dataset.class_names == expected
    assert dataset.name == tmp_path.name


def test_pictures_go_through_the_preprocessing(tmp_path: Path, fill, draw_digit, messages) -> None:
    fill(tmp_path / "train", ["3", "5"])
    _save(tmp_path / "test" / "5" / "a.png", draw_digit(5, 77, ink=250, ground=10))
    dataset = load_class_folders(tmp_path, notify=messages.append)
    assert dataset.train_images.shape == (6, 28, 28)
    assert dataset.test_labels.tolist() == [1]
    expected = prepare_digit(draw_digit(5, 77, ink=250, ground=10))
    assert expected is not None
    np.testing.assert_array_equal(dataset.test_images[0], expected)
    assert messages == []


def test_test_part_is_held_out_when_there_is_none(tmp_path: Path, fill, messages) -> None:
    dataset = load_class_folders(fill(tmp_path, ["a", "b"], 10), notify=messages.append)
    assert (len(dataset.train_labels), len(dataset.test_labels)) == (16, 4)
    assert "4 of its 20 pictures are held out" in messages[0]


def test_bad_pictures_cost_a_line_each_and_not_the_run(tmp_path: Path, fill, messages) -> None:
    fill(tmp_path, ["a", "b"], 5)
    (tmp_path / "a" / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n no more")
    (tmp_path / "a" / "empty.jpg").touch()
    (tmp_path / "b" / "folder.png").mkdir()
    _save(tmp_path / "b" / "white.png", np.full((50, 50), 255, np.uint8))
    (tmp_path / "b" / "notes.txt").write_text("no picture, and not meant to be one")
    (tmp_path / "b" / ".hidden.png").touch()
    dataset = load_class_folders(tmp_path, notify=messages.append)
    assert len(dataset.train_labels) + len(dataset.test_labels) == 10
    left_out = [message for message in messages if message.startswith("left out")]
    names = ["damaged.png", "empty.jpg", "folder.png", "white.png"]
    assert len(left_out) == len(names)
    assert all(name in message for name, message in zip(names, left_out, strict=True))
    assert left_out[3].endswith("white.png holds no ink")


def test_progress_counts_every_picture(tmp_path: Path, fill, messages) -> None:
    seen: list[tuple[str, int, int]] = []

    load_class_folders(
        fill(tmp_path, ["a", "b"]),
        notify=messages.append,
        progress=lambda name, done, total: seen.append((name, done, total)),
    )
    assert seen == [("reading training pictures", done, 6) for done in range(1, 7)]


def test_empty_class_is_refused_before_pictures_are_read(tmp_path: Path, fill) -> None:
    fill(tmp_path, ["a", "b"])
    (tmp_path / "c").mkdir()
    with pytest.raises(DataError, match="class 'c' has no picture files") as caught:
        load_class_folders(tmp_path, notify=pytest.fail, progress=pytest.fail)
    assert caught.value.code == "empty_class"


def test_class_without_usable_pictures_is_refused(tmp_path: Path, fill, messages) -> None:
    _save(fill(tmp_path, ["a", "b"]) / "c" / "white.png", np.full((50, 50), 255, np.uint8))
    with pytest.raises(DataError, match="class 'c' has no usable pictures"):
        load_class_folders(tmp_path, notify=messages.append)


@pytest.mark.parametrize("count", [1, 101])
def test_number_of_classes_is_bounded(tmp_path: Path, fill, messages, count: int) -> None:
    fill(tmp_path, [f"c{index}" for index in range(count)], 1)
    with pytest.raises(DataError, match=f"expected 2 to 100 classes, found {count}"):
        load_class_folders(tmp_path, notify=messages.append, progress=pytest.fail)


@pytest.mark.parametrize(
    ("classes", "message"),
    [(["a", "z"], "'z' is a class of the test part only"), ([], "test part holds no pictures")],
)
def test_other_test_part_is_refused(tmp_path: Path, fill, messages, classes, message: str) -> None:
    fill(tmp_path / "train", ["a", "b"])
    (tmp_path / "test").mkdir()
    fill(tmp_path / "test", classes)
    with pytest.raises(DataError, match=message):
        load_class_folders(tmp_path, notify=messages.append)
