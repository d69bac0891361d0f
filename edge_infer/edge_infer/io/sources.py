"""List the pictures that the arguments of a command name.

Nothing is read before it is needed, except standard input. Of a folder only the names of its
files are held, of an ``.npz`` only a block of rows. A source that gives no picture is an item
whose loading fails, so that the other items are processed.
"""

from __future__ import annotations

import glob
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import EdgeMnistError, ImageError
from edge_infer.io.images import (
    DEFAULT_MAX_PIXELS,
    IMAGE_SUFFIXES,
    decode_image,
    read_image,
    read_stream,
)

STANDARD_INPUT: Final = "-"
_ARCHIVE_SUFFIX: Final = ".npz"
_EXPECTED: Final = "give a picture, a folder, a glob, an .npz file, or - for standard input"
_NO_PAGE: Final = "holds single digits and no page: `edge-mnist predict` recognises those"

ImageU8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Item:
    """A picture that can be loaded.

    Attributes:
        name: Name of the picture in results and errors.
        load: Returns the picture: uint8 (h, w) grey, (h, w, 3) BGR or (h, w, 4) BGRA, with the
            rotation of the file applied. Raises :class:`EdgeMnistError`.
        is_tensor: Whether the picture is a model's tensor already: uint8 (28, 28), bright ink
            on 0, normalised as MNIST is.
    """

    name: str
    load: Callable[[], ImageU8]
    is_tensor: bool = False


def open_sources(
    arguments: Iterable[str],
    *,
    recursive: bool = False,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    archives: bool = True,
) -> Iterator[Item]:
    """List pictures lazily, in the order of the arguments, and in a folder sorted by name.

    Args:
        arguments: Each a picture file, a folder (its files with an image suffix, without hidden
            ones), a glob (``**`` for any depth), an ``.npz`` with a uint8 (n, 28, 28) array, or
            ``-`` for a picture on standard input.
        recursive: Whether to search the folders of a folder too, except through links.
        max_pixels: Pictures with more pixels are refused; see ``decode_image``.
        archives: Whether the rows of an ``.npz`` are listed. Otherwise it is one item that
            fails with the code ``not_an_image``, because its rows are single digits.

    Yields:
        Items. A folder or glob without pictures is one that fails with the code ``empty``.
    """
    load = partial(read_image, max_pixels=max_pixels)
    for argument in arguments:
        if argument == STANDARD_INPUT:
            yield _standard_input(max_pixels)
            continue
        paths = _matches(argument)
        if not paths:
            yield _failing(argument, f"nothing matches {argument}: {_EXPECTED}", "empty")
        for path in paths:
            if _is_folder(path):
                yield from _folder(path, recursive=recursive, load=load)
            elif not path.lower().endswith(_ARCHIVE_SUFFIX):
                yield Item(path, partial(load, path))
            elif archives:
                yield from _archive(path)
            else:
                yield _failing(path, f"{path} {_NO_PAGE}", "not_an_image")


def reads_from(arguments: Iterable[str], folder: Path, *, recursive: bool = False) -> str | None:
    """Return the first argument that takes pictures from a folder; None when there is none.

    Files written into such a folder could replace sources or be read as one.

    Args:
        arguments: As for :func:`open_sources`.
        folder: It need not exist.
        recursive: As for :func:`open_sources`.
    """
    wanted = folder.resolve()
    for argument in arguments:
        for path in _matches(argument) if argument != STANDARD_INPUT else ():
            place = os.path.realpath(path)
            inner = Path(place) if _is_folder(place) else Path(place).parent
            if inner == wanted or (recursive and _is_folder(place) and inner in wanted.parents):
                return argument
    return None


def _failing(name: str, message: str, code: str) -> Item:
    return Item(name, partial(_raise, ImageError(message, code=code)))


def _raise(error: EdgeMnistError) -> ImageU8:
    raise error


def _standard_input(max_pixels: int) -> Item:
    """Read standard input now: a worker thread that waits for it could not be interrupted."""
    name = STANDARD_INPUT
    try:
        data = read_stream(sys.stdin.buffer)
    except ImageError as error:
        return Item(name, partial(_raise, error))
    except OSError as error:
        return _failing(name, f"cannot read standard input: {error.strerror}", "unreadable")
    return Item(name, partial(decode_image, data, "standard input", max_pixels=max_pixels))


def _matches(argument: str) -> list[str]:
    """Expand a glob, unless there is a file of that very name."""
    if not glob.has_magic(argument) or os.path.lexists(argument):
        return [argument]
    paths = glob.glob(argument, recursive=True)  # noqa: PTH207 - keeps "./"
    paths.sort()  # In place: there may be a million.
    return paths


def _folder(folder: str, *, recursive: bool, load: Callable[[str], ImageU8]) -> Iterator[Item]:
    empty = True
    for item in _pictures_in(folder, recursive=recursive, load=load):
        empty = False
        yield item
    if empty:
        hint = "" if recursive else "; --recursive searches its folders too"
        yield _failing(
            folder, f"{folder} holds no picture files (by their suffixes){hint}", "empty"
        )


def _pictures_in(folder: str, *, recursive: bool, load: Callable[[str], ImageU8]) -> Iterator[Item]:
    try:
        names, folders = _listing(folder)
    except OSError as error:
        yield _failing(folder, f"cannot list {folder}: {error.strerror}", "unreadable")
        return
    for name in names:
        path = os.path.join(folder, name)  # noqa: PTH118 - keeps "./"
        yield Item(path, partial(load, path))
    for name in folders if recursive else ():
        inner = os.path.join(folder, name)  # noqa: PTH118
        yield from _pictures_in(inner, recursive=True, load=load)


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
    from edge_infer.io.npz_images import npz_rows  # Most runs do not need zipfile.

    try:
        for index, row in enumerate(npz_rows(Path(path))):
            yield Item(f"{path}[{index}]", partial(_loaded, row), is_tensor=True)
    except EdgeMnistError as error:
        yield Item(path, partial(_raise, error))


def _loaded(image: ImageU8) -> ImageU8:
    return image


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116 - faster than a Path
    except (OSError, ValueError):
        return False
