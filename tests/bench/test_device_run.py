"""Whole runs, short ones, with the tiny model."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_bench import run
from edge_bench.fresh_process import ColdStart
from edge_bench.models import choose
from edge_bench.pictures import Pictures, draw_pictures
from edge_bench.record import Record
from edge_bench.run import BenchConfig, Budget, run_bench
from edge_bench.scenario_list import SCENARIO_NAMES
from edge_bench.scenarios import BATCHES, cases_of
from edge_bench.summary import Case
from edge_infer.errors import ModelError, RunError, UsageError

SHORT = Budget(visit_s=0, warm_by_s=0, timed_by_s=0.5, done_by_s=0.5)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    return draw_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(autouse=True)
def _drawn_once(pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "draw_pictures", lambda *_, **__: pictures)


def ignore(doing: str, done: float, total: float) -> None:
    del doing, done, total


def bench(
    *models: object, scenarios: tuple[str, ...] = ("single",), budget: Budget = SHORT
) -> Record:
    config = BenchConfig(
        models=tuple(map(str, models)), scenarios=scenarios, threads=1, budget=budget
    )
    return run_bench(config, ("edge-mnist", "bench"), ignore)


def test_run_measures_each_model_in_the_same_turns(tiny_model_path: Path) -> None:
    record = bench(tiny_model_path, "nano", scenarios=("single", "image"))
    assert [model.name for model in record.models] == ["tiny", "nano"]
    assert [model.file for model in record.models] == ["tiny.onnx", "nano.onnx"]
    found = [(each.scenario, each.model) for each in record.measurements]
    assert found == list(itertools.product(("single", "image"), ("tiny", "nano")))
    turns = [len(each.round_medians_ms) for each in record.measurements]
    assert turns[0] == turns[1]
    assert turns[2] == turns[3]


def test_batches_of_four_sizes(tiny_model_path: Path) -> None:
    record = bench(tiny_model_path, scenarios=("batch",))
    assert [each.batch for each in record.measurements] == list(BATCHES)
    for each in record.measurements:
        assert each.images_per_s == pytest.approx(1000 * each.batch / each.p50_ms, rel=1e-4)


def test_record_of_a_run_says_what_ran(tiny_model_path: Path) -> None:
    record = bench(tiny_model_path)
    assert Record.from_json(record.to_json()) == record
    assert record.command == ("edge-mnist", "bench")
    assert record.runtime.provider == "CPUExecutionProvider"
    assert record.runtime.graph_level == "ORT_ENABLE_ALL"
    assert record.runtime.threads == (1,)
    assert not record.runtime.spinning
    (model,) = record.models
    assert model.size_bytes == tiny_model_path.stat().st_size
    assert model.metadata["precision"] == model.precision
    assert record.created.endswith("+00:00")


def test_memory_is_null_where_there_is_no_time_for_it(tiny_model_path: Path) -> None:
    (measurement,) = bench(tiny_model_path).measurements
    assert measurement.rss_peak_bytes is None


def test_memory_is_that_of_a_process_of_its_own(tiny_model_path: Path) -> None:
    ballast = np.ones(50_000_000)
    (measurement,) = bench(tiny_model_path, budget=replace(SHORT, done_by_s=60)).measurements
    assert measurement.rss_steady_bytes is not None
    assert measurement.rss_peak_bytes is not None
    assert 30e6 < measurement.rss_steady_bytes <= measurement.rss_peak_bytes < ballast.nbytes


def test_page_and_frames_are_read_by_the_page_model_where_none_is_named() -> None:
    record = bench(scenarios=("single", "page"))
    found = [(each.scenario, each.model) for each in record.measurements]
    assert found == [("single", "edge"), ("page", "page")]
    assert record.ratios == ()


def test_missing_model_is_told_before_anything_is_measured(tmp_path: Path) -> None:
    told: list[str] = []
    config = BenchConfig(models=(str(tmp_path / "no.onnx"),), budget=SHORT)
    with pytest.raises(ModelError, match="no model file"):
        run_bench(config, (), lambda doing, *_: told.append(doing))
    assert told == []


def test_cold_start_tells_its_steps_apart(tiny_model_path: Path) -> None:
    subject = ColdStart(str(tiny_model_path), 1)
    turn = subject.turn()
    steps = [turn.parts[name] for name in ("interpreter_ms", "import_ms", "session_ms")]
    steps.append(turn.parts["first_run_ms"])
    assert sum(steps) == pytest.approx(turn.median_ms)
    assert min(steps) > 0
    assert max(steps) == turn.parts["import_ms"]
    # What Python does before it counts its own time is not in it.
    assert turn.parts["cpu_ms"] > 10
    assert subject.memory.peak_bytes is None or subject.memory.peak_bytes > 30e6


def test_failure_of_a_new_process_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"\(cold\) failed: .*no model file") as caught:
        ColdStart(str(tmp_path / "missing.onnx"), 1).turn()
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("scenario", "threads", "cases"),
    [
        ("single", None, [Case("single", 1, 1)]),
        ("single", 3, [Case("single", 3, 1)]),
        ("folder", None, [Case("folder", 1, 1000)]),
        ("batch", 2, [Case("batch", 2, size) for size in BATCHES]),
        ("batch", None, [Case("batch", count, size) for count in (1, 4) for size in BATCHES]),
    ],
)
def test_cases_of_a_scenario(scenario: str, threads: int | None, cases: list[Case]) -> None:
    assert cases_of(scenario, threads, cores=4) == cases


def test_batches_on_one_core_are_measured_once() -> None:
    assert cases_of("batch", None, cores=1) == [Case("batch", 1, size) for size in BATCHES]


def test_models_of_the_same_name_are_told_apart(tmp_path: Path, tiny_model_path: Path) -> None:
    shutil.copy(tiny_model_path, tmp_path / "edge.onnx")
    chosen = choose(["edge", str(tmp_path / "edge.onnx"), "edge", "nano"])
    assert [each.name for each in chosen] == ["edge", "edge #2", "edge #3", "nano"]
    assert chosen[1].model == str(tmp_path / "edge.onnx")


def test_every_scenario_has_its_cases() -> None:
    assert {case.scenario for name in SCENARIO_NAMES for case in cases_of(name, None, 2)} == set(
        SCENARIO_NAMES
    )


def test_unknown_scenario_is_an_error_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="'pages'.*single, batch"):
        BenchConfig(scenarios=("pages",))
