"""Draw the picture of README.md: a drawn sheet of digits, read by the shipped model.

The boxes and labels are those that ``edge-mnist webcam`` draws on a frame.
Usage: python tools/draw_example.py [OUT.jpg]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import cv2

from edge_infer import PageReader
from edge_infer.camera import Frame, recognise_frames
from edge_infer.camera.overlay import draw_overlay
from edge_synth import PageSpec, draw_page

SHEET: Final = PageSpec(
    rows=("14159", "26535", "89702"),
    spacing=0.75,
    leading=1.8,
    margin=0.6,
    slant_deg=5.0,
    jitter=1.0,
    size_spread=0.08,
    colour="blue",
    stroke=0.06,
    paper="cream",
    texture=0.6,
    light="gradient",
    light_depth=0.2,
    noise_sd=2.0,
    blur_px=0.8,
)
SIZE_PX: Final = (880, 620)
SEED: Final = 11


def main() -> int:
    """Draw, read, compare with what was written, and save."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", nargs="?", type=Path, default=Path("docs/frame.jpg"))
    out: Path = parser.parse_args().out
    page = draw_page(SHEET, SEED, SIZE_PX).image
    *_, result = recognise_frames(PageReader.load(), [Frame(page, 0, 0.0), Frame(page, 1, 0.1)])
    quality = (cv2.IMWRITE_JPEG_QUALITY, 90)
    out.write_bytes(cv2.imencode(".jpg", draw_overlay(result), quality)[1].tobytes())
    read = "".join(digit.label for digit in result.digits)
    written = "".join(SHEET.rows)
    right = sum(a == b for a, b in zip(read, written, strict=False))
    print(f"{out}: {right} of {len(written)} digits read")
    return 0 if read == written else 1


if __name__ == "__main__":
    sys.exit(main())
