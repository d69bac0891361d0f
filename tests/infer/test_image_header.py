"""Sizes from headers, before anything is decoded."""

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_infer.io.image_header import image_format, read_header

SUFFIXES = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".bmp": "BMP",
    ".gif": "GIF",
    ".webp": "WebP",
    ".tiff": "TIFF",
    ".ppm": "PNM",
    ".pgm": "PNM",
    ".jp2": "JPEG 2000",
    ".avif": "AVIF",
}
WRITABLE = [suffix for suffix in SUFFIXES if cv2.haveImageWriter(f"x{suffix}")]


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    smooth = np.add.outer(np.arange(37), 2 * np.arange(53)).astype(np.uint8)
    return np.stack([smooth, smooth // 2, 255 - smooth], axis=-1)


@pytest.mark.parametrize("suffix", WRITABLE)
def test_header_agrees_with_opencv_and_may_be_cut_anywhere(bad_files, picture, suffix) -> None:
    image = picture[:, :, 0].copy() if suffix == ".pgm" else picture
    data = bad_files.encoded(suffix, image)
    header = read_header(data)
    assert header is not None
    assert (header.format, header.width, header.height) == (SUFFIXES[suffix], 53, 37)
    for length in range(min(len(data), 700)):
        header = read_header(data[:length])
        assert header is None or (header.width, header.height) == (53, 37)


@pytest.mark.parametrize("quality", [1, 50, 101])
def test_webp_of_each_kind_is_read(bad_files, picture, quality: int) -> None:
    alpha = cv2.cvtColor(picture, cv2.COLOR_BGR2BGRA)
    alpha[:5, :, 3] = 0
    for image in (picture, alpha):
        _, data = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, quality])
        header = read_header(data.tobytes())
        assert header is not None
        assert (header.width, header.height) == (53, 37)


@pytest.mark.parametrize(("order", "mark"), [("<", b"II"), (">", b"MM")])
@pytest.mark.parametrize("kind", [3, 4])
def test_tiff_of_either_byte_order_is_read(order: str, mark: bytes, kind: int) -> None:
    def entry(tag: int, value: int) -> bytes:
        number = struct.pack(order + ("HH" if kind == 3 else "I"), *([value, 0][: 5 - kind]))
        return struct.pack(order + "HHI", tag, kind, 1) + number

    data = mark + struct.pack(order + "HIH", 42, 8, 2) + entry(256, 1234) + entry(257, 99)
    header = read_header(data)
    assert header is not None
    assert (header.width, header.height) == (1234, 99)


def test_big_tiff_is_read() -> None:
    entries = b"".join(struct.pack("<HHQQ", tag, 16, 1, tag * 1000) for tag in (256, 257))
    data = b"II" + struct.pack("<HHHQQ", 43, 8, 0, 16, 2) + entries
    header = read_header(data)
    assert header is not None
    assert (header.format, header.width, header.height) == ("TIFF", 256_000, 257_000)


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (b"P5\n# a comment 9 9\n 640\t480\n255\n", (640, 480)),
        (b"P1 3 2\n101010", (3, 2)),
        (b"P7\nWIDTH 7\nHEIGHT 5\nDEPTH 1\nMAXVAL 255\nENDHDR\n", (7, 5)),
        (b"BM" + bytes(12) + struct.pack("<Iii", 40, 31, -17), (31, 17)),
        (b"BM" + bytes(12) + struct.pack("<IHH", 12, 31, 17), (31, 17)),
        (b"GIF89a" + struct.pack("<HH", 300, 200), (300, 200)),
        (b"\xff\x4f\xff\x51" + struct.pack(">HHIIII", 47, 0, 90, 60, 10, 20), (80, 40)),
        (b"\xff\xd8\xff\xff\xe0\0\4ab\xff\xc4\0\2\xff\xc2\0\x11\x08\0\x20\0\x10", (16, 32)),
    ],
)
def test_rarer_headers_are_read(data: bytes, size: tuple[int, int]) -> None:
    header = read_header(data)
    assert header is not None
    assert (header.width, header.height) == size


@pytest.mark.parametrize(
    "data", [b"", b"hello, world", b"P9\n1 1\n", b"RIFF\0\0\0\0WAVEfmt ", b"MZ"]
)
def test_what_is_no_picture_has_no_format(data: bytes) -> None:
    assert image_format(data) is None
    assert read_header(data) is None


HEADS = [
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"\xff\xd8\xff",
    b"BM",
    b"GIF89a",
    b"RIFF0000WEBPVP8X",
    b"II*\0\x08\0\0\0",
    b"MM\0*\0\0\0\x08",
    b"P6 ",
    b"\0\0\0\x0cjP  \r\n\x87\nihdr",
    b"\0\0\0\x1cftypavifispe",
]


@given(st.sampled_from(HEADS), st.binary(max_size=200))
def test_random_headers_never_crash(head: bytes, rest: bytes) -> None:
    assert image_format(head + rest) is not None
    header = read_header(head + rest)
    assert header is None or (header.width >= 0 and header.height >= 0)
