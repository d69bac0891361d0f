"""Time all files of the family in one interleaved run, so that the figures compare."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_bench.family.measure import sha256_of
from edge_bench.family.rows import FILE_PRECISIONS, FileLatency, Latency
from edge_bench.interleaved import Timing, time_interleaved
from edge_infer.glyph.classifier import Classifier
from edge_infer.host import cpu_name

BATCHES: Final = (1, 64)
ROUNDS: Final = 30


def time_files(
    files: Mapping[str, tuple[Path, Path]], images: NDArray[np.uint8], *, rounds: int = ROUNDS
) -> dict[str, Latency]:
    """Time the float and the int8 file of several networks, one thread.

    Args:
        files: Name to float and int8 file.
        images: uint8 (n, 28, 28), n at least 64.
        rounds: Turns of some 20 ms for each file and batch.

    Raises:
        ModelError: A file is missing or damaged.
    """
    paths = {
        (name, precision): path
        for name, pair in files.items()
        for precision, path in zip(FILE_PRECISIONS, pair, strict=True)
    }
    classifiers = {place: Classifier.load(path) for place, path in paths.items()}
    timings = {
        batch: time_interleaved(
            {
                f"{name} {precision}": _call(classifiers[name, precision], images[:batch])
                for name, precision in paths
            },
            rounds=rounds,
        )
        for batch in BATCHES
    }
    machine, now = machine_name(), datetime.now(UTC).isoformat(timespec="seconds")
    return {
        name: Latency(
            machine=machine,
            measured_at=now,
            **{
                precision: _latency(paths[name, precision], f"{name} {precision}", timings)
                for precision in FILE_PRECISIONS
            },
        )
        for name in files
    }


def machine_name() -> str:
    """Name the processor and the number of cores."""
    return f"{cpu_name()}, {os.cpu_count()} cores"


def _call(classifier: Classifier, images: NDArray[np.uint8]) -> Callable[[], object]:
    return lambda: classifier.classify_batch(images)


def _latency(path: Path, name: str, timings: Mapping[int, Mapping[str, Timing]]) -> FileLatency:
    one, many = (timings[batch][name].p50_ms for batch in BATCHES)
    return FileLatency(
        sha256=sha256_of(path),
        p50_us=round(1000 * one, 2),
        p50_us_per_image_64=round(1000 * many / BATCHES[1], 3),
    )
