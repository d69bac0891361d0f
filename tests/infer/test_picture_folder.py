"""Pictures under names that every file system takes."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_infer import OutputError, read_image
from edge_infer.io.picture_folder import PictureFolder, safe_name

IMAGE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)


def test_pages_of_one_name_are_numbered(tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path)
    sources = ["a/p.jpg", "b/p.jpg", "a/p.png", "P.jpg", "p-2.jpg", "-", "q.jpg"]
    assert [folder.page_name(source) for source in sources] == [
        "p",
        "p-2",
        "p-3",
        "P-4",
        "p-2-2",
        "standard-input",
        "q",
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("größe 数字", "größe 数字"),
        (os.fsdecode(b"a\xffb"), "a_b"),
        ('a:b*c?"<>|\\d', "a_b_c______d"),
        ("a\nb\x1b", "a_b_"),
        ("..", "_"),
        (".hidden", "hidden"),
        ("", "_"),
        ("é" * 200, "é" * 75),
    ],
)
def test_names_are_safe_on_every_file_system(text: str, name: str) -> None:
    assert safe_name(text) == name


def test_pictures_are_written_whole_and_leave_nothing_beside(tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path / "new" / "größe")
    folder.write_png("a", IMAGE)
    folder.write_jpeg("b/..", IMAGE)
    assert sorted(os.listdir(tmp_path / "new" / "größe")) == ["a.png", "b_.jpg"]
    np.testing.assert_array_equal(read_image(tmp_path / "new/größe/a.png"), IMAGE)


def test_picture_too_long_for_a_jpeg_becomes_a_png(tmp_path: Path) -> None:
    PictureFolder(tmp_path).write_jpeg("long", np.zeros((1, 70_000, 3), np.uint8))
    assert cv2.imread(str(tmp_path / "long.png")).shape == (1, 70_000, 3)


def test_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot write into .*file: not a folder"):
        PictureFolder(tmp_path / "file")
    with pytest.raises(OutputError, match="cannot write into"):
        PictureFolder(tmp_path / "file" / "below")

    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(OutputError, match="Permission denied"):
        PictureFolder(tmp_path)
