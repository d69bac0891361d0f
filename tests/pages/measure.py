"""How well drawn pages are read, by kind.

``PYTHONPATH=tests python -m pages.measure --count 20 --worst FOLDER`` prints a table of
character error rates of random pages of each kind and saves those that were read worst.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge_infer.page import PageReader, annotate
from edge_infer.page.items import ReadPage
from edge_synth import KINDS, DrawnPage, draw_page, random_spec


@dataclass(frozen=True, eq=False)
class Reading:
    """A drawn page and how it was read.

    Attributes:
        name: Kind and seed of the page.
        drawn: The page.
        read: The result.
    """

    name: str
    drawn: DrawnPage
    read: ReadPage

    @property
    def digits(self) -> int:
        """Number of digits on the page."""
        return sum(map(len, self.drawn.rows))

    @property
    def errors(self) -> int:
        """Edit distance without line breaks, at most the number of digits."""
        distance = edit_distance("".join(self.drawn.rows), self.read.page.text.replace("\n", ""))
        return min(distance, self.digits)


def read_page(reader: PageReader, kind: str, seed: int) -> Reading:
    """Draw a page of a kind and read it."""
    drawn = draw_page(random_spec(kind, seed), seed)
    started = time.perf_counter()
    page = reader.read(drawn.image)
    read = ReadPage(page, drawn.image, 1e3 * (time.perf_counter() - started))
    return Reading(f"{kind}-{seed}", drawn, read)


def edit_distance(truth: str, text: str) -> int:
    """Return the least number of insertions, deletions and substitutions (Levenshtein 1965)."""
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
        missed = sorted(readings, key=lambda one: -one.errors / one.digits)
        for reading in missed[: options.keep]:
            if reading.errors:
                _save(reading, options.worst)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Read random pages of each kind.")
    parser.add_argument("--model", help="name of a shipped model, or a file")
    parser.add_argument("--count", type=int, default=20, help="pages of each kind")
    parser.add_argument("--first", type=int, default=0, help="seed of the first page")
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--worst", type=Path, help="folder for pictures of the worst pages")
    parser.add_argument("--keep", type=int, default=40, help="number of those pictures")
    return parser.parse_args()


def _print_row(name: str, readings: list[Reading]) -> None:
    errors, digits = sum(one.errors for one in readings), sum(one.digits for one in readings)
    exact = sum(one.errors == 0 for one in readings)
    p50_ms = float(np.median([one.read.elapsed_ms for one in readings]))
    cells = f"{100 * errors / digits:>8.2f}{exact:>4}/{len(readings):<3}{digits:>8}{p50_ms:>8.1f}"
    print(f"{name:<14}{cells}", flush=True)


def _save(reading: Reading, folder: Path) -> None:
    """Save a page with the boxes and labels that were read."""
    share = round(100 * reading.errors / reading.digits)
    picture = annotate.draw_page(reading.read)
    cv2.imwrite(str(folder / f"{share:03d}-{reading.name}.png"), picture)
    print(f"{reading.name}: {'/'.join(reading.drawn.rows)} read {reading.read.page.text!r}")


if __name__ == "__main__":
    main()
