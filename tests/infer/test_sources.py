"""From arguments to pictures."""

import io
import os
import sys
import tracemalloc
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_infer import EdgeMnistError
from edge_infer.io.npz_images import npz_rows
from edge_infer.io.sources import open_sources, reads_from

IMAGES = np.zeros((2, 28, 28), np.uint8)


def names(*arguments: object, recursive: bool = False) -> list[str]:
    return [item.name for item in open_sources(map(str, arguments), recursive=recursive)]


def codes(*arguments: object, recursive: bool = False) -> list[str]:
    """Return the error code of each item, or "" where it gives a picture."""
    found = []
    for item in open_sources(map(str, arguments), recursive=recursive):
        try:
            item.load()
            found.append("")
        except EdgeMnistError as error:
            found.append(error.code)
    return found


@pytest.fixture
def folder(tmp_path: Path, draw_digit, monkeypatch) -> Path:
    """A folder of digits, of other files, and of folders; it is the working folder too."""
    cv2.imwrite(str(tmp_path / "b.png"), draw_digit(1))
    cv2.imwrite(str(tmp_path / "a.JPG"), draw_digit(2))
    cv2.imwrite(str(tmp_path / ".hidden.png"), draw_digit(3))
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "x.png").mkdir()
    cv2.imwrite(str(tmp_path / "x.png" / "inner.png"), draw_digit(4))
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_files_folders_and_globs_are_listed_in_order(folder: Path, draw_digit) -> None:
    cv2.imwrite(str(folder / "x.png" / "d[1].png"), draw_digit(5))
    assert names("b.png", "./a.JPG", "b.png") == ["b.png", "./a.JPG", "b.png"]
    assert names(folder) == [f"{folder}/a.JPG", f"{folder}/b.png"]
    assert names(".") == ["./a.JPG", "./b.png"]
    assert names("x.png", recursive=True) == ["x.png/d[1].png", "x.png/inner.png"]
    assert names("*.[pJ]*G", "b*.png") == ["a.JPG", "b.png"]
    assert names("**/inner.png") == ["x.png/inner.png"]
    assert codes("b.png", "none.png", "x.png/d[1].png") == ["", "not_found", ""]


def test_recursion_does_not_follow_links_to_folders(folder: Path) -> None:
    (folder / "loop").symlink_to(folder)
    (folder / "c.png").symlink_to("b.png")
    (folder / "gone.png").symlink_to("nowhere")
    assert names(".", recursive=True)[:4] == ["./a.JPG", "./b.png", "./c.png", "./gone.png"]
    assert codes(".", recursive=True) == ["", "", "", "not_found", ""]


def test_folder_and_glob_without_pictures_are_failing_items(folder: Path) -> None:
    assert codes("empty", "*.tiff", "b.png") == ["empty", "empty", ""]


def test_folder_that_cannot_be_listed_is_a_failing_item(folder: Path, monkeypatch) -> None:
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    assert codes(".", "b.png") == ["unreadable", ""]


def test_nothing_is_read_before_it_is_asked_for(folder: Path) -> None:
    items = open_sources(["b.png", "later.png"])
    next(items)
    os.rename("a.JPG", "later.png")
    assert next(items).load().ndim == 2


@pytest.mark.parametrize("name", ["größe 数字.png", os.fsdecode(b"\xff\xfe.png")])
def test_names_of_any_bytes_are_found(tmp_path: Path, bad_files, draw_digit, name: str) -> None:
    (tmp_path / name).write_bytes(bad_files.encoded(".png", draw_digit(1)))
    assert names(tmp_path) == [f"{tmp_path}/{name}"]
    assert codes(tmp_path) == [""]


def test_standard_input_is_one_picture_read_in_its_turn(bad_files, draw_digit, monkeypatch) -> None:
    items = open_sources(["none.png", "-", "-"])
    next(items)
    data = bad_files.encoded(".png", draw_digit(6))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    first, second = items
    assert (first.name, sys.stdin.buffer.read()) == ("-", b"")
    np.testing.assert_array_equal(first.load(), draw_digit(6))
    with pytest.raises(EdgeMnistError) as caught:
        second.load()
    assert caught.value.code == "empty_file"


def test_archives_are_failing_items_for_pages(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x_test=np.zeros((3, 28, 28), np.uint8))
    for argument in (tmp_path / "d.npz", tmp_path / "d*"):
        (item,) = open_sources([str(argument)], archives=False)
        with pytest.raises(EdgeMnistError, match="edge-mnist predict") as caught:
            item.load()
        assert caught.value.code == "not_an_image"


@pytest.mark.parametrize(
    ("argument", "target", "recursive", "taken"),
    [
        ("b.png", ".", False, True),
        ("b.png", "empty", False, False),
        ("x.png/*.png", "x.png", False, True),
        (".", ".", False, True),
        (".", "empty", False, False),
        (".", "empty", True, True),
        (".", "new/folder", True, True),
        ("empty", ".", True, False),
        ("-", ".", True, False),
    ],
)
def test_folder_of_sources_is_found(
    folder: Path, argument: str, target: str, recursive: bool, taken: bool
) -> None:
    found = reads_from(["elsewhere/a.png", argument], Path(target), recursive=recursive)
    assert found == (argument if taken else None)


@pytest.fixture
def rows() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (600, 28, 28), dtype=np.uint8)


def test_npz_gives_its_rows_as_they_stand(tmp_path: Path, rows) -> None:
    np.savez_compressed(tmp_path / "d.npz", x_test=rows, y_test=np.zeros(600))
    items = list(open_sources([str(tmp_path / "d.npz")]))
    assert items[17].name == f"{tmp_path}/d.npz[17]"
    assert len(items) == 600
    assert items[5].is_tensor
    np.testing.assert_array_equal(items[599].load(), rows[599])


@pytest.mark.parametrize(
    ("arrays", "chosen"),
    [
        (("x_train", "x_test", "images"), "x_test"),
        (("images", "test_images"), "images"),
        (("test_images", "other"), "test_images"),
        (("anything",), "anything"),
    ],
)
def test_array_is_chosen_by_name_or_because_it_is_the_only_one(
    tmp_path, rows, arrays, chosen
) -> None:
    given = {name: rows[index : index + 2] for index, name in enumerate(arrays)}
    np.savez(tmp_path / "d.npz", labels=np.zeros(3), **given)
    np.testing.assert_array_equal(list(npz_rows(tmp_path / "d.npz")), given[chosen])


@pytest.mark.parametrize(
    ("arrays", "code"),
    [
        ({"a": IMAGES, "b": IMAGES}, "wrong_shape"),
        ({"x_test": IMAGES.astype(np.float32)}, "wrong_shape"),
        ({"x_test": np.zeros((2, 32, 32), np.uint8)}, "wrong_shape"),
        ({"x_test": IMAGES[0]}, "wrong_shape"),
        ({"x_test": np.asfortranarray(IMAGES)}, "wrong_shape"),
        ({"x_test": IMAGES[:0]}, "empty"),
        ({}, "wrong_shape"),
    ],
)
def test_npz_without_one_fitting_array_is_a_failing_item(tmp_path, arrays, code) -> None:
    np.savez(tmp_path / "d.npz", **arrays)
    assert codes(tmp_path / "d.npz") == [code]


def test_missing_and_foreign_npz_have_codes(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("no archive")
    with zipfile.ZipFile(tmp_path / "odd.npz", "w") as archive:
        archive.writestr("x_test.npy", b"no array")
    np.savez(tmp_path / "pickle.npz", x_test=np.array([print], dtype=object), allow_pickle=True)
    paths = [tmp_path / f"{name}.npz" for name in ("none", "text", "odd", "pickle")]
    assert codes(*paths) == ["not_found", "damaged", "damaged", "wrong_shape"]


def test_npz_cut_or_changed_anywhere_never_crashes(tmp_path: Path, rows) -> None:
    path = tmp_path / "d.npz"
    np.savez_compressed(path, x_test=rows[:3])
    data = path.read_bytes()
    for at in range(0, len(data), 29):
        for damaged in (data[:at], data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]):
            path.write_bytes(damaged)
            assert codes(path)[-1:] in (["damaged"], ["unreadable"], ["wrong_shape"], [""])


def test_npz_that_claims_more_rows_than_it_has_gives_those_then_fails(tmp_path, rows) -> None:
    file = io.BytesIO()
    np.save(file, rows[:300])
    claiming = file.getvalue().replace(b"(300, 28, 28)", b"(999, 28, 28)")
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive:
        archive.writestr("x_test.npy", claiming)
    found = codes(tmp_path / "d.npz")
    assert found == [""] * 256 + ["damaged"]


def test_npz_is_streamed(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "d.npz", x_test=np.zeros((40_000, 28, 28), np.uint8))
    tracemalloc.start()
    count = sum(1 for _ in npz_rows(tmp_path / "d.npz"))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 40_000
    assert peak_bytes < 4_000_000
