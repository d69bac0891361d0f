from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench_records import ROUNDS, full_record, measurement, record

from edge_bench.compare import change, compare_files
from edge_bench.record import Doubt, Measurement, Record
from edge_bench.summary import MIN_TURNS
from edge_infer.errors import RunError


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "old.json", tmp_path / "new.json"


def write(files: tuple[Path, Path], old: Record, new: Record) -> tuple[Path, Path]:
    old.write(files[0])
    new.write(files[1])
    return files


def disturbed(median_ms: float, busy: float, seed: int) -> Measurement:
    """Make a measurement in which another program stretches a share of the calls tenfold."""
    rng = np.random.default_rng(seed)
    turns = median_ms * np.exp(0.02 * rng.standard_normal((ROUNDS, 100)))
    turns *= np.where(rng.random((ROUNDS, 1)) < busy, 1 + 9 * rng.random((ROUNDS, 100)), 1)
    quantiles_ms = np.percentile(turns, np.arange(101))
    return replace(
        measurement(),
        min_ms=float(quantiles_ms[0]),
        p50_ms=float(quantiles_ms[50]),
        quantiles_ms=tuple(quantiles_ms.tolist()),
        round_medians_ms=tuple(np.median(turns, axis=1).tolist()),
    )


@pytest.mark.parametrize("seed", range(10))
def test_same_model_passes_where_a_slower_one_fails(seed: int) -> None:
    old, same = measurement(seed=seed), measurement(seed=100 + seed)
    assert not change(old, same).is_slower(10)
    assert not change(old, same).is_quicker()
    slowed = change(old, measurement(0.06, seed=100 + seed))
    assert slowed.is_slower(10)
    assert not slowed.is_slower(25)
    quicker = change(old, measurement(0.03, seed=100 + seed))
    assert quicker.is_quicker()
    assert not quicker.is_slower()


@pytest.mark.parametrize("seed", range(10))
def test_busier_machine_is_no_slower_model(seed: int) -> None:
    old = disturbed(0.05, 0.1, seed)
    busier = change(old, disturbed(0.05, 0.7, 100 + seed))
    assert busier.low is not None
    assert busier.ratio > 1.1
    assert busier.low > 1
    assert not busier.is_slower(10)
    assert change(old, disturbed(0.06, 0.1, 100 + seed)).is_slower(10)


def test_interval_that_holds_1_and_too_few_turns_fail_nothing() -> None:
    old = measurement(rounds_ms=[0.05] * 5)
    torn = replace(measurement(0.06), round_medians_ms=(0.04, 0.04, 0.06, 0.09, 0.09))
    unsure = change(old, torn)
    assert unsure.ratio == pytest.approx(1.2)
    assert unsure.quick_ratio == pytest.approx(1.2)
    assert unsure.low is not None
    assert unsure.low < 1
    assert not unsure.is_slower(10)
    few = [0.05] * (MIN_TURNS - 1)
    slowed = change(measurement(), measurement(0.1, rounds_ms=[2 * ms for ms in few]))
    assert slowed.ratio == pytest.approx(2, rel=0.05)
    assert slowed.low is None
    assert not slowed.is_slower(10)


@pytest.mark.parametrize(("slower", "is_told"), [(1.2, False), (2.0, True)])
def test_few_calls_tell_where_they_are_apart(slower: float, is_told: bool) -> None:
    old, new = (measurement(median_ms, n=7, noise=0.15) for median_ms in (400, 400 * slower))
    assert change(old, new).low == pytest.approx(slower, rel=0.05)
    assert change(old, new).is_slower(10) == is_told
    assert change(new, old).is_quicker() == is_told
    assert not change(old, new, disturbed=True).is_slower(10)


def test_few_calls_of_a_disturbed_run_fail_nothing(files: tuple[Path, Path]) -> None:
    old, new = (record(measurement(median_ms, n=7)) for median_ms in (400, 800))
    assert compare_files(*write(files, old, new), fail_over_percent=10).failures
    busy = replace(new, doubts=(Doubt(code="other_load", message="busy"),))
    assert not compare_files(*write(files, old, busy), fail_over_percent=10).failures


def test_change_lies_in_its_interval_and_can_be_repeated() -> None:
    one = change(measurement(noise=0.3), measurement(noise=0.3, seed=1))
    assert one.low is not None
    assert one.high is not None
    assert one.low <= one.ratio <= one.high
    assert one == change(measurement(noise=0.3), measurement(noise=0.3, seed=1))


def test_only_what_both_measured_is_compared(files: tuple[Path, Path]) -> None:
    old = record(measurement(), measurement(scenario="batch", batch=64))
    new = record(measurement(seed=1), measurement(scenario="batch", batch=64, threads=2))
    compared = compare_files(*write(files, old, new))
    assert [(one.scenario, one.batch) for one in compared.changes] == [("single", 1)]
    assert compared.only_old == ("edge, batch of 64",)
    assert compared.only_new == ("edge, batch of 64 on 2 threads",)
    write(files, old, record(measurement(model="max")))
    with pytest.raises(RunError, match="nothing in common"):
        compare_files(*files)


def test_failures_need_a_limit(files: tuple[Path, Path]) -> None:
    write(files, full_record(), full_record(1.3))
    assert not compare_files(*files).failures
    failures = compare_files(*files, fail_over_percent=10).failures
    assert {one.scenario for one in failures} == {"single", "batch", "cold"}
    assert not compare_files(*files, fail_over_percent=40).failures
    document = json.loads(compare_files(*files, fail_over_percent=10).to_json())
    assert document["fail_over_percent"] == 10
    assert all(one in document["changes"] for one in document["failures"])
    assert document["changes"][0]["ratio"] == pytest.approx(1.3, rel=0.05)


def test_other_machines_runtimes_and_files_are_said(files: tuple[Path, Path]) -> None:
    old, new = record(measurement()), full_record(cpu="Cortex-A53")
    models = tuple(replace(model, sha256="0" * 64) for model in new.models)
    runtime = replace(new.runtime, onnxruntime="1.24.0", spinning=True)
    write(files, old, replace(new, models=models, runtime=runtime))
    sha256 = old.models[0].sha256[:12]
    assert compare_files(*files).notes == (
        "another machine: processor Cortex-A76, now Cortex-A53",
        "another runtime: onnxruntime 1.23.0, now 1.24.0",
        "another runtime: spinning threads False, now True",
        f"another file: edge had SHA-256 {sha256}, now 000000000000",
        "NEW: The governor is ondemand.",
    )
