"""Made-up results of the model family."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge_bench.family.results import Make, PresetResults
from edge_bench.family.rows import Confusion, FileLatency, FileResult, KerasResult, Latency, SeedRun
from edge_infer.model.cards import HandwritingScore
from edge_infer.model.metadata import Accuracy
from edge_infer.model.reliability import RiskPoint

# The scripts beside edge_bench are no package.
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))


def _file(correct: int, size_bytes: int) -> FileResult:
    return FileResult(
        size_bytes=size_bytes,
        sha256="f" * 64,
        validation_correct=490,
        validation_n=500,
        test_correct=correct,
        test_n=1000,
        changed=1,
        max_delta=0.25,
        failed_gates=(),
        calibration_error=0.004,
        at_1_percent_rejected=RiskPoint(threshold=0.6, n=1000, kept=990, errors=2),
        digits=(Accuracy(correct=49, n=50), Accuracy(correct=correct - 49, n=950)),
        confusions=(Confusion(first="4", second="9", count=3),),
        handwriting=(HandwritingScore(name="singles", correct=7, n=9),),
    )


@pytest.fixture
def seed_run() -> Callable[..., SeedRun]:
    """Return ``make(seed, correct, **changes)``: a row with so many right of 1,000."""

    def make(seed: int = 0, correct: int = 995, size_bytes: int = 9_000, **changes: Any) -> SeedRun:
        keras = KerasResult(
            size_bytes=50_000,
            validation_correct=490,
            validation_n=500,
            test_correct=correct,
            test_n=1000,
            train_correct=1990,
            train_n=2000,
            running_train_accuracy=0.9,
            inference_ms=0.125,
        )
        row = SeedRun(
            seed=seed,
            epochs=10,
            best_epoch=10,
            training_time_s=60.0,
            machine="a CPU, 2 cores",
            finished_at="2026-01-02T03:04:05+00:00",
            commands=("edge-mnist train", "edge-mnist export"),
            keras=keras,
            float32=_file(correct, 20_000),
            int8=_file(correct, size_bytes),
        )
        return replace(row, **changes)

    return make


@pytest.fixture
def preset_results(seed_run: Callable[..., SeedRun]) -> Callable[..., PresetResults]:
    """Return ``make(preset, *correct, **changes)``: a run for each count of right answers."""

    def make(preset: str = "edge", *correct: int, **changes: Any) -> PresetResults:
        results = PresetResults(
            preset=preset,
            recipe="default",
            parameters=1234,
            macs=56789,
            make=Make(
                recipe={"epochs": 10, "augmentation": {"scale": 0.1}},
                data_sha256="d" * 64,
                teacher_sha256=(),
                network="abc",
                export=(),
            ),
            seeds={seed: seed_run(seed, count) for seed, count in enumerate(correct or (995,))},
        )
        return replace(results, **changes)

    return make


@pytest.fixture
def latency() -> Callable[[str], Latency]:
    """Return ``make(measured_at)``."""

    def make(measured_at: str) -> Latency:
        return Latency(
            machine="a CPU, 2 cores",
            measured_at=measured_at,
            float32=FileLatency(sha256="f" * 64, p50_us=50.0, p50_us_per_image_64=25.0),
            int8=FileLatency(sha256="f" * 64, p50_us=20.0, p50_us_per_image_64=12.5),
        )

    return make
