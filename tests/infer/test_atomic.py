"""Atomic writing of files."""

import os
import stat
from pathlib import Path

import pytest

from edge_infer.errors import OutputError
from edge_infer.io.atomic import atomic_path, make_folder, write_text


def test_write_text_makes_folders_and_leaves_only_the_target(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "out.txt"
    write_text(target, "Größe\n")
    assert target.read_bytes() == "Größe\n".encode()
    assert os.listdir(target.parent) == ["out.txt"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_failing_body_leaves_the_old_file(tmp_path: Path, failure) -> None:
    target = tmp_path / "out.txt"
    target.write_text("old")
    with pytest.raises(failure), atomic_path(target) as temporary:
        assert (temporary.suffix, temporary.parent) == (".txt", tmp_path)
        temporary.write_text("new")
        raise failure
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.txt"]


def test_overwrite_false_refuses_before_the_body_runs(tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    target.write_text("old")
    with pytest.raises(OutputError, match="--force") as caught:
        write_text(target, "new", overwrite=False)
    assert caught.value.code == "exists"
    assert target.read_text() == "old"


def test_full_disk_is_an_output_error(tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    with pytest.raises(OutputError, match="No space left") as caught, atomic_path(target):
        raise OSError(28, "No space left on device")
    assert caught.value.code == "unwritable"
    assert os.listdir(tmp_path) == []


def test_parent_that_is_a_file_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        write_text(tmp_path / "file" / "out.txt", "x")


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "out.txt", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out.txt").stat().st_mode) == 0o640


def test_file_system_without_permissions_is_no_obstacle(tmp_path: Path, monkeypatch) -> None:
    # FAT on a memory card refuses chmod.
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    write_text(tmp_path / "out.txt", "x")
    assert (tmp_path / "out.txt").read_text() == "x"


def test_link_stays_a_link_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("real.txt")
    write_text(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_target_that_is_no_file_is_refused_and_kept(tmp_path: Path, make) -> None:
    # Replacing /dev/null by a file would break the machine.
    target = tmp_path / "device"
    make(target)
    kind = stat.S_IFMT(target.stat().st_mode)
    with pytest.raises(OutputError, match="not a regular file"):
        write_text(target, "x")
    assert stat.S_IFMT(target.stat().st_mode) == kind
    assert os.listdir(tmp_path) == ["device"]


def test_folder_is_made_and_an_occupied_one_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    make_folder(folder, overwrite=False)
    make_folder(folder, overwrite=False)
    (folder / "old.txt").write_text("old")
    with pytest.raises(OutputError, match="not empty.*--force") as refused:
        make_folder(folder, overwrite=False)
    assert refused.value.code == "exists"
    make_folder(folder, overwrite=True)
    assert (folder / "old.txt").read_text() == "old"


def test_folder_below_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write") as refused:
        make_folder(tmp_path / "file" / "folder", overwrite=False)
    assert refused.value.code == "unwritable"
