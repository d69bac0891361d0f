"""Read what ``benchmarks/family.py`` measured of a preset, for its card."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from edge_infer.errors import ModelError
from edge_infer.model.cards import HandwritingScore, Latency, LatencyRow, SeedSpread


@dataclass(frozen=True, kw_only=True)
class PresetResults:
    """Results of one preset; None and empty stand for what was not measured.

    Attributes:
        macs: Multiply-accumulates an image.
        seeds: int8 test accuracy over seeds; None for fewer than two.
        test_correct: Right answers of the int8 file on the test images, by seed.
        handwriting: The int8 file on other handwriting.
        latency: All timed int8 files, the quickest first.
    """

    macs: int | None = None
    seeds: SeedSpread | None = None
    test_correct: Mapping[int, int] = field(default_factory=dict[int, int])
    handwriting: tuple[HandwritingScore, ...] = ()
    latency: Latency | None = None

    @classmethod
    def read(cls, path: Path, preset: str) -> Self:
        """Read one preset's results.

        Raises:
            ModelError: The file is missing, not JSON, or says nothing of the preset.
        """
        try:
            presets: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))["presets"]
            results: Mapping[str, Any] = presets[preset]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{path} holds no results of preset {preset!r} ({error!r}): make them with "
                f"`python benchmarks/family.py`"
            ) from error
        tests = {
            int(seed): run["int8"] for seed, run in results["seeds"].items() if run.get("int8")
        }
        return cls(
            macs=results["macs"],
            seeds=_spread([run["test_correct"] / run["test_n"] for run in tests.values()]),
            test_correct={seed: run["test_correct"] for seed, run in tests.items()},
            handwriting=tuple(
                HandwritingScore(name=name, correct=score["correct"], n=score["n"])
                for name, score in results.get("handwriting", {}).items()
            ),
            latency=_latency(presets),
        )


def _spread(accuracies: list[float]) -> SeedSpread | None:
    if len(accuracies) < 2:
        return None
    return SeedSpread(
        mean=statistics.fmean(accuracies),
        sd=statistics.stdev(accuracies),
        seeds=len(accuracies),
    )


def _latency(presets: Mapping[str, Any]) -> Latency | None:
    timed = {
        name: results["latency"]
        for name, results in presets.items()
        if results.get("latency", {}).get("int8")
    }
    machines = {latency["machine"] for latency in timed.values()}
    if len(machines) > 1:
        raise ModelError(
            f"the presets were timed on different machines ({', '.join(sorted(machines))}): "
            "time them again in one run"
        )
    rows = [
        LatencyRow(
            model=name,
            p50_us=latency["int8"]["p50_us"],
            p50_us_per_image_64=latency["int8"]["p50_us_per_image_64"],
        )
        for name, latency in timed.items()
    ]
    if not rows:
        return None
    return Latency(machine=machines.pop(), rows=tuple(sorted(rows, key=lambda row: row.p50_us)))
