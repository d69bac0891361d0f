"""Reading picture files, the sound and the bad."""

import os
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_infer import ImageError, decode_image, prepare_digit, read_image
from edge_infer.io import images
from edge_infer.quiet import discard_native_stderr

FORMATS = [
    s
    for s in (".png", ".jpg", ".bmp", ".webp", ".tiff", ".gif", ".ppm")
    if cv2.haveImageWriter(f"x{s}")
]
LOSSLESS = [".png", ".bmp", ".tiff", ".ppm"]


def code_of(data: bytes, **limits: int) -> str:
    with discard_native_stderr(), pytest.raises(ImageError) as caught:
        decode_image(data, "x.img", **limits)
    assert caught.value.message.startswith("x.img ")
    assert "\n" not in caught.value.message
    return caught.value.code


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    smooth = np.add.outer(2 * np.arange(40), 3 * np.arange(50)).astype(np.uint8)
    return np.stack([smooth, smooth // 2, 255 - smooth], axis=-1)


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_is_read(bad_files, picture, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture{suffix}"
    path.write_bytes(bad_files.encoded(suffix, picture))
    image = read_image(path)
    assert (image.shape[:2], image.dtype) == (picture.shape[:2], np.uint8)
    tolerance = 0 if suffix in LOSSLESS else 20
    assert np.abs(image[..., :3].astype(int) - picture).mean() <= tolerance


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("bits", [8, 10, 12, 15, 16])
def test_sixteen_bits_keep_the_eight_highest_in_use(bad_files, picture, suffix, bits: int) -> None:
    deep = picture.astype(np.uint16) << (bits - 8) | (2 ** (bits - 8) - 1)
    np.testing.assert_array_equal(decode_image(bad_files.encoded(suffix, deep)), picture)
    with_alpha = np.dstack([deep, np.full(deep.shape[:2], 65535, np.uint16)])
    image = decode_image(bad_files.encoded(".png", with_alpha))
    np.testing.assert_array_equal(image[..., :3], picture)
    assert (image[..., 3] == 255).all()


def test_floating_point_pixels_are_refused(bad_files, picture) -> None:
    data = bad_files.encoded(".tiff", picture.astype(np.float32) / 255)
    assert code_of(data) == "wrong_dtype"


def test_padding_of_a_bmp_is_not_transparency(bad_files, draw_digit) -> None:
    grey = draw_digit("5")
    image = decode_image(bad_files.bmp_with_unused_alpha(grey))
    np.testing.assert_array_equal(prepare_digit(image), prepare_digit(grey))


@pytest.mark.parametrize("orientation", [*range(10), 65535])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_exif_orientation_is_applied(bad_files, picture, orientation: int, channels: int) -> None:
    stored = np.dstack([picture, picture[:, :, :1]])[:, :, :channels].squeeze()
    rotate = bad_files.TURNS.get(orientation, bad_files.TURNS[1])
    rotated = decode_image(bad_files.png_with_exif(stored, orientation))
    np.testing.assert_array_equal(rotated, rotate(stored))
    rotated = decode_image(bad_files.jpeg_with_exif(picture, orientation))
    expected = rotate(decode_image(bad_files.encoded(".jpg", picture)))
    np.testing.assert_array_equal(rotated, expected)


def test_missing_file_folder_and_odd_name_have_codes(tmp_path: Path) -> None:
    (tmp_path / "x.png").mkdir()
    for path, code in (
        (tmp_path / "none.png", "not_found"),
        (tmp_path / "x.png", "is_directory"),
        ("a\0b.png", "unreadable"),
    ):
        with pytest.raises(ImageError) as caught:
            read_image(path)
        assert caught.value.code == code


def test_pipe_is_read_to_its_end(bad_files, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    noisy = np.random.default_rng(0).integers(0, 256, (300, 400), dtype=np.uint8)
    data = bad_files.encoded(".png", noisy)
    writer = threading.Thread(target=pipe.write_bytes, args=(data,))
    writer.start()
    np.testing.assert_array_equal(read_image(pipe), noisy)
    writer.join()


def test_files_and_devices_over_the_limit_are_too_large(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(images, "MAX_FILE_BYTES", 1_000_000)
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(1_000_001)
    for source in (path, "/dev/zero"):
        with pytest.raises(ImageError) as caught:
            read_image(source)
        assert caught.value.code == "too_large"


def test_empty_file_and_text_have_codes() -> None:
    assert code_of(b"") == "empty_file"
    assert code_of(b"this is text, whatever its suffix says") == "not_an_image"
    assert code_of(bytes(1000)) == "not_an_image"
    assert code_of(b"%PDF-1.7\n" + bytes(2_000_000)) == "not_an_image"


@pytest.mark.parametrize("suffix", FORMATS)
def test_file_cut_anywhere_is_damaged(bad_files, picture, suffix: str) -> None:
    data = bad_files.encoded(suffix, picture)
    for length in {*range(16, len(data) - 1, max(1, len(data) // 40)), len(data) - 3}:
        assert code_of(data[:length]) == "damaged", length


def test_jpeg_without_its_end_is_damaged_in_spite_of_a_thumbnail(bad_files, picture) -> None:
    data = bad_files.jpeg_with_exif(picture, 1)
    thumbnail = b"\xff\xfe\0\x08ab\xff\xd9cd"  # A comment with an end of image inside.
    whole = data[:2] + thumbnail + data[2:]
    assert decode_image(whole).shape == picture.shape
    assert code_of(whole[: len(whole) // 2]) == "damaged"
    assert decode_image(whole + b"trailing bytes").shape == picture.shape


def test_damage_inside_is_an_error_or_a_picture_and_never_noise(bad_files, picture, capfd) -> None:
    data = bytearray(bad_files.encoded(".png", picture))
    data[len(data) // 2] ^= 1
    assert code_of(bytes(data)) == "damaged"
    assert code_of(bad_files.png_claiming(28, 28, b"\0" * 50)) == "damaged"
    corrupt = bytearray(bad_files.encoded(".jpg", picture))
    corrupt[700:720] = bytes(20)
    with discard_native_stderr():
        try:
            decode_image(bytes(corrupt))
        except ImageError as error:
            assert error.code == "damaged"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("claim", [(60_000, 60_000), (2**31 - 1, 2**31 - 1), (50_000_001, 1)])
def test_picture_over_the_limit_is_refused_before_decoding(bad_files, claim) -> None:
    # The file is damaged behind its header: decoding it would give another code.
    data = bad_files.png_claiming(*claim)
    assert code_of(data) == "too_large"
    assert code_of(data, max_pixels=claim[0] * claim[1] - 1) == "too_large"


def test_large_file_of_unknown_size_is_refused() -> None:
    # A JPEG that never comes to its frame, and so never to its size.
    endless = b"\xff\xd8" + b"\xff\xe0\xff\xff" + bytes(65533)
    assert code_of(endless + b"\xff\xe1\xff\xff" + bytes(2_000_000)) == "damaged"


RAMP = np.add.outer(np.arange(40), np.arange(50)).astype(np.uint8)


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("CMYK", {"format": "JPEG"}),
        ("L", {"format": "JPEG", "progressive": True}),
        ("P", {"format": "PNG"}),
        ("LA", {"format": "PNG"}),
        ("1", {"format": "PNG"}),
        ("1", {"format": "TIFF", "compression": "group4"}),
        ("L", {"format": "TIFF", "compression": "tiff_lzw"}),
    ],
)
def test_rarer_variants_are_read(bad_files, mode: str, options: dict[str, object]) -> None:
    assert decode_image(bad_files.by_pillow(mode, RAMP, **options)).shape[:2] == (40, 50)


@pytest.mark.skipif(".gif" not in FORMATS, reason="this OpenCV reads no GIF")
def test_animation_gives_its_first_frame(bad_files) -> None:
    image = decode_image(bad_files.by_pillow("P", RAMP, format="GIF", save_all=True))
    assert image.shape[:2] == (40, 50)
    assert image[0, 0, 0] < 20


@settings(max_examples=60)
@given(st.data())
def test_changed_bytes_never_crash(bad_files, picture, data: st.DataObject) -> None:
    suffix = data.draw(st.sampled_from(FORMATS))
    changed = bytearray(bad_files.encoded(suffix, picture))
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    with discard_native_stderr():
        try:
            image = decode_image(bytes(changed), max_pixels=1_000_000)
        except ImageError:
            return
    assert image.dtype == np.uint8
