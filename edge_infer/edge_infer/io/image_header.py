"""Read the format, size and orientation of a picture from its header, without decoding it.

A PNG of a few kB can claim gigapixels, and OpenCV would allocate them. OpenCV cannot read a
header alone and the runtime has no other imaging library, so this module parses the common
formats itself.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

ORIENTATION_TAG: Final = 274
_TIFF_WIDTH: Final = 256
_TIFF_HEIGHT: Final = 257
_TIFF_SIZE: Final = frozenset({_TIFF_WIDTH, _TIFF_HEIGHT})
# JPEG markers: start of frame, C0-CF except DHT, JPG and DAC; markers without a length.
_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
# Versions of TIFF (Adobe, TIFF Revision 6.0, 1992; BigTIFF as in libtiff).
_CLASSIC: Final = 42
_BIG: Final = 43
# Codes of the TIFF types that hold one whole number: BYTE, SHORT, LONG, LONG8.
_FORMATS: Final = {1: "B", 3: "H", 4: "I", 16: "Q"}
_MAX_ENTRIES: Final = 4096
_PNM_GAP: Final = rb"(?:\s|#[^\n\r]*[\n\r])+"
_PNM_HEADER: Final = re.compile(rb"P[1-6]" + _PNM_GAP + rb"(\d+)" + _PNM_GAP + rb"(\d+)\s")
_PNM_LONGEST_HEADER: Final = 4096
_BOX_SEARCH: Final = 65536


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """The size that the header of a picture claims.

    Attributes:
        format: Name of the file format, such as ``"PNG"``.
        width: Width in pixels as stored, before rotation by EXIF.
        height: Height in pixels.
        frame_offset: Offset of a JPEG's frame header in bytes; 0 in other formats.
    """

    format: str
    width: int
    height: int
    frame_offset: int = 0


def image_format(data: bytes) -> str | None:
    """Return the name of the format by the first bytes of a file; None for an unknown one."""
    parser = _parser(data)
    return None if parser is None else parser[0]


def read_header(data: bytes) -> ImageHeader | None:
    """Read the header of a picture.

    Args:
        data: The file, or its beginning.

    Returns:
        The header; None when the format is not PNG, JPEG, BMP, GIF, WebP, TIFF, PNM, JPEG 2000
        or AVIF, or when the header is incomplete or invalid.
    """
    parser = _parser(data)
    if parser is None:
        return None
    name, parse = parser
    try:
        found = parse(data)
    except struct.error:
        return None
    return None if found is None else ImageHeader(name, *found)


def read_tags(data: bytes, wanted: frozenset[int], start: int = 0) -> dict[int, int]:
    """Read whole-number tags from the first directory of a TIFF structure, which EXIF is too.

    Args:
        data: Bytes that contain the structure.
        wanted: Tag numbers.
        start: Offset of the structure in bytes.

    Returns:
        Tag to its first value, for the tags of ``wanted`` that exist and hold a whole number of
        at most eight bytes; empty when the structure is damaged.
    """
    try:
        return _directory(data, wanted, start)
    except struct.error:
        return {}


_Size = tuple[int, int] | tuple[int, int, int]


def _png(data: bytes) -> _Size | None:
    return struct.unpack_from(">II", data, 16) if data[12:16] == b"IHDR" else None


def _jpeg(data: bytes) -> _Size | None:
    """Walk the segments to the frame header (ITU-T T.81, annex B)."""
    position = 2
    while True:
        fill, marker = struct.unpack_from(">BB", data, position)
        if fill != 0xFF:
            return None
        if marker == 0xFF:
            position += 1
        elif marker in _JPEG_BARE:
            position += 2
        elif marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, position + 5)
            return width, height, position
        else:
            (length,) = struct.unpack_from(">H", data, position + 2)
            position += 2 + length


def _bmp(data: bytes) -> _Size | None:
    (header_size,) = struct.unpack_from("<I", data, 14)
    if header_size == 12:
        return struct.unpack_from("<HH", data, 18)
    width, height = struct.unpack_from("<ii", data, 18)
    # A negative height means that the rows run from top to bottom.
    return abs(width), abs(height)


def _gif(data: bytes) -> _Size | None:
    return struct.unpack_from("<HH", data, 6)


def _webp(data: bytes) -> _Size | None:
    kind = data[12:16]
    if kind == b"VP8X":
        low_w, high_w, low_h, high_h = struct.unpack_from("<HBHB", data, 24)
        return 1 + low_w + (high_w << 16), 1 + low_h + (high_h << 16)
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def _tiff(data: bytes) -> _Size | None:
    tags = read_tags(data, _TIFF_SIZE)
    return (tags[_TIFF_WIDTH], tags[_TIFF_HEIGHT]) if len(tags) == 2 else None


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


def _pnm(data: bytes) -> _Size | None:
    match = _PNM_HEADER.match(data[:_PNM_LONGEST_HEADER])
    return (int(match[1]), int(match[2])) if match else None


def _pam(data: bytes) -> _Size | None:
    head = data[:_PNM_LONGEST_HEADER]
    width = re.search(rb"\nWIDTH\s+(\d+)", head)
    height = re.search(rb"\nHEIGHT\s+(\d+)", head)
    return (int(width[1]), int(height[1])) if width and height else None


def _jpeg2000(data: bytes) -> _Size | None:
    box = data.find(b"ihdr", 0, _BOX_SEARCH)
    if box < 0:
        return None
    height, width = struct.unpack_from(">II", data, box + 4)
    return width, height


def _codestream(data: bytes) -> _Size | None:
    width, height, left, top = struct.unpack_from(">IIII", data, 8)
    return max(width - left, 0), max(height - top, 0)


def _avif(data: bytes) -> _Size | None:
    """Return the largest size of all planes and tiles in the file."""
    sizes = [
        struct.unpack_from(">II", data, match.end() + 4)
        for match in re.finditer(b"ispe", data[:_BOX_SEARCH])
    ]
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


_Parser = Callable[[bytes], _Size | None]
_BY_FIRST_BYTES: Final[tuple[tuple[bytes, str, _Parser], ...]] = (
    (b"\x89PNG\r\n\x1a\n", "PNG", _png),
    (b"\xff\xd8\xff", "JPEG", _jpeg),
    (b"BM", "BMP", _bmp),
    (b"GIF8", "GIF", _gif),
    (b"II*\0", "TIFF", _tiff),
    (b"MM\0*", "TIFF", _tiff),
    (b"II+\0", "TIFF", _tiff),
    (b"MM\0+", "TIFF", _tiff),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000", _jpeg2000),
    (b"\xff\x4f\xff\x51", "JPEG 2000", _codestream),
    (b"P7\n", "PNM", _pam),
)


def _parser(data: bytes) -> tuple[str, _Parser] | None:
    for first_bytes, name, parser in _BY_FIRST_BYTES:
        if data.startswith(first_bytes):
            return name, parser
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP", _webp
    if data[4:8] == b"ftyp" and data[8:12] in {b"avif", b"avis"}:
        return "AVIF", _avif
    if data[:1] == b"P" and data[1:2] in b"123456" and data[2:3] in b" \t\r\n#":
        return "PNM", _pnm
    return None
