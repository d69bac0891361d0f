"""Write pictures into a folder, named after the pages that they show."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import OutputError
from edge_infer.io.atomic import atomic_path

# File systems allow 255 bytes; the rest is for suffixes.
_LONGEST_NAME_BYTES: Final = 150
# Characters that Windows and memory cards do not allow in a name.
_REFUSED: Final = frozenset('<>:"/\\|?*')
_STANDARD_INPUT_NAME: Final = "standard-input"
_JPEG_QUALITY: Final = 92
# Longest side of a JPEG in pixels.
_LONGEST_JPEG: Final = 65_500

ImageU8 = NDArray[np.uint8]


class PictureFolder:
    """Names and writes pictures."""

    def __init__(self, folder: Path) -> None:
        """Make the folder if it does not exist.

        Raises:
            OutputError: The folder cannot be written.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            reason = "not a folder" if folder.is_file() else error.strerror
            raise OutputError(f"cannot write into {folder}: {reason}", code="unwritable") from error
        self._folder = folder
        self._taken: set[str] = set()

    def page_name(self, source: str) -> str:
        """Return the name of a page's file, with a number when it is in use.

        Args:
            source: Path of the file, or ``-``.
        """
        wanted = _STANDARD_INPUT_NAME if source == "-" else safe_name(Path(source).stem)
        name, number = wanted, 1
        # Many file systems ignore the case of letters.
        while name.casefold() in self._taken:
            number += 1
            name = f"{wanted}-{number}"
        self._taken.add(name.casefold())
        return name

    def write_jpeg(self, name: str, image: ImageU8) -> None:
        """Write a picture as JPEG, or as PNG when it is too long for a JPEG.

        Args:
            name: File name without suffix.
            image: uint8 (h, w, 3) BGR.

        Raises:
            OutputError: It cannot be written.
        """
        if max(image.shape) > _LONGEST_JPEG:
            self.write_png(name, image)
        else:
            self._write(name, ".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])

    def write_png(self, name: str, image: ImageU8) -> None:
        """Write a picture as PNG.

        Args:
            name: File name without suffix.
            image: uint8 (h, w), (h, w, 3) BGR or (h, w, 4) BGRA.

        Raises:
            OutputError: It cannot be written.
        """
        self._write(name, ".png", image, [])

    def _write(self, name: str, suffix: str, image: ImageU8, options: list[int]) -> None:
        # Encoded in memory: OpenCV's own writing supports only ASCII names on Windows, and does
        # not report a full disk.
        _, data = cv2.imencode(suffix, image, options)
        with atomic_path(self._folder / (safe_name(name) + suffix)) as temporary:
            temporary.write_bytes(data.tobytes())


def safe_name(text: str) -> str:
    """Return text that every file system allows as a part of a file name.

    Letters of all scripts are kept. Characters that cannot be printed, or are not allowed on
    some system, become ``_``.
    """
    kept = "".join("_" if one in _REFUSED or not one.isprintable() else one for one in text)
    # A dot at the start hides a file.
    short = kept.strip(". ").encode()[:_LONGEST_NAME_BYTES].decode(errors="ignore")
    return short or "_"
