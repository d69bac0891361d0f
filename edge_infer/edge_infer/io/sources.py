"""Turn what a person names on the command line into pictures, one at a time.

Nothing is read until it is asked for (but standard input when its turn comes), and
nothing is kept: of a folder only the names of its files are held, of an ``.npz`` only a
block of rows. What cannot be served is an
item too, which fails in its turn, so that the others go on.
"""

from __future__ import annotations

import glob
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import EdgeMnistError, ImageError
from edge_infer.glyph.preprocess import prepare_digit
from edge_infer.io.images import (
    DEFAULT_MAX_PIXELS,
    IMAGE_SUFFIXES,
    decode_image,
    read_image,
    read_stream,
)

STANDARD_INPUT: Final = "-"
_ARCHIVE_SUFFIX: Final = ".npz"
_NAMES: Final = "give a picture, a folder, a glob, an .npz file, or - for standard input"
_NO_PAGE: Final = "holds single digits and no page: `edge-mnist predict` recognises those"

ImageU8 = NDArray[np.uint8]


class Item(Protocol):
    """One picture to come."""

    @property
    def name(self) -> str:
        """What results call it."""
        ...

    def image(self) -> ImageU8:
        """Read it: uint8 (h, w) grey, (h, w, 3) BGR or (h, w, 4) BGRA, upright.

        Raises:
            EdgeMnistError: It cannot be read.
        """
        ...

    def tensor(self, image: ImageU8) -> ImageU8 | None:
        """Make the model's uint8 (28, 28) of what :meth:`image` read; None when it holds no ink.

        Raises:
            EdgeMnistError: It is no picture of a glyph.
        """
        ...


@dataclass(frozen=True, slots=True)
class FileItem:
    """A picture file."""

    name: str
    max_pixels: int

    def image(self) -> ImageU8:
        """Read the file; see :class:`Item`."""
        return read_image(self.name, max_pixels=self.max_pixels)

    def tensor(self, image: ImageU8) -> ImageU8 | None:
        """Prepare the picture; see :class:`Item`."""
        return prepare_digit(image)


@dataclass(frozen=True, slots=True)
class StandardInputItem:
    """A picture file that came on standard input."""

    data: bytes
    max_pixels: int
    name: str = STANDARD_INPUT

    def image(self) -> ImageU8:
        """Decode it; see :class:`Item`."""
        return decode_image(self.data, "standard input", max_pixels=self.max_pixels)

    def tensor(self, image: ImageU8) -> ImageU8 | None:
        """Prepare the picture; see :class:`Item`."""
        return prepare_digit(image)


@dataclass(frozen=True, slots=True)
class TensorItem:
    """A row of an array, normalised as MNIST is, so that nothing is left to prepare."""

    name: str
    image_u8_hw: ImageU8

    def image(self) -> ImageU8:
        """Return the row itself; see :class:`Item`."""
        return self.image_u8_hw

    def tensor(self, image: ImageU8) -> ImageU8 | None:
        """Return the row itself, or None when all of it is ground; see :class:`Item`."""
        return image if image.any() else None


@dataclass(frozen=True, slots=True)
class BadItem:
    """A source that gives no picture."""

    name: str
    error: EdgeMnistError

    def image(self) -> ImageU8:
        """Raise the error; see :class:`Item`."""
        raise self.error

    def tensor(self, image: ImageU8) -> ImageU8 | None:
        """Raise the error; see :class:`Item`."""
        raise self.error


def open_sources(
    arguments: Iterable[str],
    *,
    recursive: bool = False,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    archives: bool = True,
) -> Iterator[Item]:
    """List pictures lazily, in the order of the arguments, names in a folder sorted.

    Args:
        arguments: Each a picture file, a folder (of which files with an image suffix are
            taken, hidden ones left out), a glob (``**`` for any depth), an ``.npz`` with a
            uint8 (n, 28, 28) array, or ``-`` for a picture on standard input.
        recursive: Whether to go into the folders of a folder (not through links).
        max_pixels: Pictures that claim more are refused; see ``decode_image``.
        archives: Whether an ``.npz`` is served, or is one item that fails with the code
            ``not_an_image``: its rows are single glyphs and no pages.

    Yields:
        Items that read their picture when asked to; a folder or glob without pictures
        gives one that fails with the code ``empty``.
    """
    for argument in arguments:
        if argument == STANDARD_INPUT:
            yield _standard_input(max_pixels)
            continue
        paths = _matches(argument)
        if not paths:
            message = f"nothing matches {argument}: {_NAMES}"
            yield BadItem(argument, ImageError(message, code="empty"))
        for path in paths:
            if not archives and _is_archive(path):
                yield BadItem(path, ImageError(f"{path} {_NO_PAGE}", code="not_an_image"))
            else:
                yield from _path(path, recursive=recursive, max_pixels=max_pixels)


def reads_from(arguments: Iterable[str], folder: Path, *, recursive: bool = False) -> str | None:
    """Return the first argument that takes pictures from a folder; None where none does.

    What a program writes there could replace its own sources, or be read as one.

    Args:
        arguments: As for :func:`open_sources`.
        folder: It need not exist.
        recursive: Likewise.
    """
    wanted = folder.resolve()
    for argument in arguments:
        for path in _matches(argument) if argument != STANDARD_INPUT else ():
            place = os.path.realpath(path)
            inner = Path(place) if _is_folder(place) else Path(place).parent
            if inner == wanted or (recursive and _is_folder(place) and inner in wanted.parents):
                return argument
    return None


def _standard_input(max_pixels: int) -> Item:
    """Read it here, where items are drawn: a thread that waits for it cannot be interrupted."""
    try:
        return StandardInputItem(read_stream(sys.stdin.buffer), max_pixels)
    except ImageError as error:
        return BadItem(STANDARD_INPUT, error)
    except OSError as error:
        message = f"cannot read standard input: {error.strerror}"
        return BadItem(STANDARD_INPUT, ImageError(message, code="unreadable"))


def _matches(argument: str) -> list[str]:
    """Expand a glob, unless there is a file of that very name."""
    if not glob.has_magic(argument) or os.path.lexists(argument):
        return [argument]
    paths = glob.glob(argument, recursive=True)  # noqa: PTH207 - keeps "./"
    paths.sort()  # In place: there may be a million.
    return paths


def _is_archive(path: str) -> bool:
    return path.lower().endswith(_ARCHIVE_SUFFIX) and not _is_folder(path)


def _path(path: str, *, recursive: bool, max_pixels: int) -> Iterator[Item]:
    if _is_folder(path):
        yield from _folder(path, recursive=recursive, max_pixels=max_pixels)
    elif _is_archive(path):
        yield from _archive(path)
    else:
        yield FileItem(path, max_pixels)


def _folder(folder: str, *, recursive: bool, max_pixels: int) -> Iterator[Item]:
    empty = True
    for item in _pictures_in(folder, recursive=recursive, max_pixels=max_pixels):
        empty = False
        yield item
    if empty:
        hint = "" if recursive else "; --recursive looks into its folders too"
        message = f"{folder} holds no picture files (by their suffixes){hint}"
        yield BadItem(folder, ImageError(message, code="empty"))


def _pictures_in(folder: str, *, recursive: bool, max_pixels: int) -> Iterator[Item]:
    try:
        names, folders = _listing(folder)
    except OSError as error:
        message = f"cannot list {folder}: {error.strerror}"
        yield BadItem(folder, ImageError(message, code="unreadable"))
        return
    for name in names:
        yield FileItem(os.path.join(folder, name), max_pixels)  # noqa: PTH118 - keeps "./"
    for name in folders if recursive else ():
        inner = os.path.join(folder, name)  # noqa: PTH118
        yield from _pictures_in(inner, recursive=True, max_pixels=max_pixels)


def _listing(folder: str) -> tuple[list[str], list[str]]:
    """Return the names of picture files and of folders, both sorted."""
    names, folders = list[str](), list[str]()
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            elif _suffix(entry.name) in IMAGE_SUFFIXES and not entry.is_dir():
                names.append(entry.name)
    names.sort()
    folders.sort()
    return names, folders


def _suffix(name: str) -> str:
    return name[name.rfind(".") :].lower()


def _archive(path: str) -> Iterator[Item]:
    from edge_infer.io.npz_images import npz_rows  # zipfile is not needed by most runs

    try:
        for index, row in enumerate(npz_rows(Path(path))):
            yield TensorItem(f"{path}[{index}]", row)
    except EdgeMnistError as error:
        yield BadItem(path, error)


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116 - as in the line below
    except (OSError, ValueError):
        return False
