"""Read whole-number tags of a TIFF directory: sizes of TIFF files, orientation in EXIF.

EXIF is a small TIFF file inside another format, so one reader serves both (Adobe,
TIFF Revision 6.0, 1992; BigTIFF as libtiff reads it).
"""

from __future__ import annotations

import struct
from typing import Final

_CLASSIC: Final = 42
_BIG: Final = 43
# Codes of the types that hold one whole number: BYTE, SHORT, LONG, LONG8.
_FORMATS: Final = {1: "B", 3: "H", 4: "I", 16: "Q"}
_MAX_ENTRIES: Final = 4096


def read_tags(data: bytes, wanted: frozenset[int], start: int = 0) -> dict[int, int]:
    """Read tags of the first directory.

    Args:
        data: Bytes that hold a TIFF structure.
        wanted: Tag numbers.
        start: Where the structure begins.

    Returns:
        Tag to its first value, for those of ``wanted`` that are there with a whole
        number of at most eight bytes; empty when the structure is damaged.
    """
    try:
        return _directory(data, wanted, start)
    except struct.error:
        return {}


def _directory(data: bytes, wanted: frozenset[int], start: int) -> dict[int, int]:
    order = {b"II": "<", b"MM": ">"}.get(data[start : start + 2])
    if order is None:
        return {}
    (version,) = struct.unpack_from(order + "H", data, start + 2)
    if version == _CLASSIC:
        (offset,) = struct.unpack_from(order + "I", data, start + 4)
        count_format, entry_size, value_at = "H", 12, 8
    elif version == _BIG:
        (offset,) = struct.unpack_from(order + "Q", data, start + 8)
        count_format, entry_size, value_at = "Q", 20, 12
    else:
        return {}
    (count,) = struct.unpack_from(order + count_format, data, start + offset)
    first = start + offset + struct.calcsize(count_format)
    tags: dict[int, int] = {}
    for entry in range(first, first + entry_size * min(count, _MAX_ENTRIES), entry_size):
        tag, kind = struct.unpack_from(order + "HH", data, entry)
        if tag in wanted and kind in _FORMATS:
            (tags[tag],) = struct.unpack_from(order + _FORMATS[kind], data, entry + value_at)
    return tags
