"""How well pages are read, kind by kind.

``PYTHONPATH=tests python -m pages.measure --count 20 --worst /tmp/worst`` prints a table
of character error rates over random pages of each kind, and saves those read worst.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.page import PageReader
from edge_synth import KINDS, draw_page, random_spec

# A label's height, by the page's width; they are read on pages shrunk to a screen's.
LABEL_SHARE, LEAST_LABEL_PX = 0.022, 12


@dataclass(frozen=True)
class Reading:
    """One page as it was read.

    Attributes:
        kind: Of the page.
        seed: Of the page.
        truth: Its digits, row by row.
        text: What was read, row by row.
        errors: Edit distance of the two without line breaks, the truth's length at most.
        elapsed_ms: Of the reading.
    """

    kind: str
    seed: int
    truth: str
    text: str
    errors: int
    elapsed_ms: float

    @property
    def length(self) -> int:
        """Digits on the page."""
        return len(self.truth.replace("/", ""))


def read_page(reader: PageReader, kind: str, seed: int) -> Reading:
    """Draw a page of a kind and read it."""
    page = draw_page(random_spec(kind, seed), seed)
    started = time.perf_counter()
    text = reader.read(page.image).text
    elapsed_ms = 1e3 * (time.perf_counter() - started)
    truth = "".join(page.rows)
    errors = min(edit_distance(truth, text.replace("\n", "")), len(truth))
    return Reading(kind, seed, "/".join(page.rows), text.replace("\n", "/"), errors, elapsed_ms)


def error_rate(readings: list[Reading]) -> float:
    """Return errors by digits."""
    return sum(one.errors for one in readings) / sum(one.length for one in readings)


def edit_distance(truth: str, text: str) -> int:
    """Return the least number of digits to put in, take out or change."""
    row = list(range(len(text) + 1))
    for i, wanted in enumerate(truth, 1):
        diagonal, row[0] = row[0], i
        for j, found in enumerate(text, 1):
            changed = diagonal + (wanted != found)
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, changed)
    return row[-1]


def main() -> None:
    """Read random pages and print the table."""
    options = _options()
    reader = PageReader.load(options.model)
    readings: list[Reading] = []
    print(f"{'kind':<14}{'CER %':>8}{'exact':>8}{'digits':>8}{'p50 ms':>8}")
    for kind in options.kinds:
        seeds = range(options.first, options.first + options.count)
        readings += [read_page(reader, kind, seed) for seed in seeds]
        _print_row(kind, readings[-options.count :])
    _print_row("all", readings)
    if options.worst is not None:
        options.worst.mkdir(parents=True, exist_ok=True)
        missed = sorted(readings, key=lambda one: -one.errors / one.length)
        for reading in missed[: options.keep]:
            if reading.errors:
                _save(reading, reader, options.worst)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Read random pages of each kind.")
    parser.add_argument("--model", help="a shipped model's name or a file")
    parser.add_argument("--count", type=int, default=20, help="pages of each kind")
    parser.add_argument("--first", type=int, default=0, help="seed of the first page")
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--worst", type=Path, help="folder for pictures of the worst pages")
    parser.add_argument("--keep", type=int, default=40, help="how many of them")
    return parser.parse_args()


def _print_row(name: str, readings: list[Reading]) -> None:
    exact = sum(one.errors == 0 for one in readings)
    p50_ms = float(np.median([one.elapsed_ms for one in readings]))
    digits = sum(one.length for one in readings)
    rate = 100 * error_rate(readings)
    cells = f"{rate:>8.2f}{exact:>4}/{len(readings):<3}{digits:>8}{p50_ms:>8.1f}"
    print(f"{name:<14}{cells}", flush=True)


def _save(reading: Reading, reader: PageReader, folder: Path) -> None:
    """Save a page with the boxes of what was read, and what should have been, above."""
    page = draw_page(random_spec(reading.kind, reading.seed), reading.seed).image
    for line in reader.read(page).lines:
        for digit in line.digits:
            box = digit.box
            corner = (box.x + box.width, box.y + box.height)
            cv2.rectangle(page, (box.x, box.y), corner, (0, 160, 0), 1)
            _label(page, digit.label, (box.x, box.y), (0, 0, 255))
    heading = 2 * _label_px(page)
    page = cv2.copyMakeBorder(page, heading, 0, 0, 0, cv2.BORDER_CONSTANT, value=(220, 220, 220))
    _label(page, f"{reading.truth} read {reading.text}", (4, round(0.75 * heading)), (0, 0, 0))
    share = round(100 * reading.errors / reading.length)
    cv2.imwrite(str(folder / f"{share:03d}-{reading.kind}-{reading.seed}.png"), page)


def _label(
    page: NDArray[np.uint8], text: str, at: tuple[int, int], colour: tuple[int, int, int]
) -> None:
    scale = cv2.getFontScaleFromHeight(cv2.FONT_HERSHEY_SIMPLEX, _label_px(page))
    cv2.putText(page, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, 1, cv2.LINE_AA)


def _label_px(page: NDArray[np.uint8]) -> int:
    return max(LEAST_LABEL_PX, round(LABEL_SHARE * page.shape[1]))


if __name__ == "__main__":
    main()
