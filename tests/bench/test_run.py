"""Runs of the benchmark: cases, records, the time that a run may take, pictures and nodes."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_bench import run
from edge_bench.fresh_process import ColdStart
from edge_bench.models import choose, profile
from edge_bench.pictures import FILES, FRAME_ROWS, PAGE_ROWS, TENSORS, Pictures, draw_pictures
from edge_bench.record import Record
from edge_bench.run import DEFAULT, QUICK, BenchConfig, Budget, run_bench
from edge_bench.scenario_list import SCENARIO_NAMES
from edge_bench.scenarios import BATCHES, cases_of, make_subject
from edge_bench.summary import MIN_TURNS, Case, Memory
from edge_bench.timing import Turn
from edge_infer import Classifier, OutputError, PageReader, read_image
from edge_infer.errors import ModelError, RunError, UsageError

SHORT = Budget(visit_s=0, warm_by_s=0, timed_by_s=0.5, done_by_s=0.5)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    return draw_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(autouse=True)
def _drawn_once(pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "draw_pictures", lambda *_, **__: pictures)


def bench(
    *models: object, scenarios: tuple[str, ...] = ("single",), budget: Budget = SHORT
) -> Record:
    config = BenchConfig(
        models=tuple(map(str, models)), scenarios=scenarios, threads=1, budget=budget
    )
    return run_bench(config, ("edge-mnist", "bench"), lambda *_: None)


def test_run_measures_each_model_in_the_same_turns(tiny_model_path: Path) -> None:
    record = bench(tiny_model_path, "nano", scenarios=("batch", "image"))
    assert [model.name for model in record.models] == ["tiny", "nano"]
    assert [model.file for model in record.models] == ["tiny.onnx", "nano.onnx"]
    cases = [*(("batch", size) for size in BATCHES), ("image", 1)]
    found = [((each.scenario, each.batch), each.model) for each in record.measurements]
    assert found == list(itertools.product(cases, ("tiny", "nano")))
    for one, other in zip(record.measurements[::2], record.measurements[1::2], strict=True):
        assert len(one.round_medians_ms) == len(other.round_medians_ms)
        assert one.images_per_s == pytest.approx(1000 * one.batch / one.p50_ms, rel=1e-4)


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
    # There was no time to measure the memory.
    assert record.measurements[0].rss_peak_bytes is None


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


def test_missing_model_is_an_error_before_anything_is_measured(tmp_path: Path) -> None:
    model = str(tmp_path / "no.onnx")
    with pytest.raises(ModelError, match="no model file"):
        run_bench(BenchConfig(models=(model,), budget=SHORT), (), pytest.fail)
    with pytest.raises(ModelError, match="no model file"):
        profile(model)
    with pytest.raises(RunError, match=r"\(cold\) failed: .*no model file") as caught:
        ColdStart(model, 1).turn()
    assert "\n" not in caught.value.message


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


@pytest.mark.parametrize(
    ("scenario", "threads", "cores", "cases"),
    [
        ("single", None, 4, [Case("single", 1, 1)]),
        ("single", 3, 4, [Case("single", 3, 1)]),
        ("folder", None, 4, [Case("folder", 1, 1000)]),
        ("batch", 2, 4, [Case("batch", 2, size) for size in BATCHES]),
        ("batch", None, 4, [Case("batch", count, size) for count in (1, 4) for size in BATCHES]),
        ("batch", None, 1, [Case("batch", 1, size) for size in BATCHES]),
    ],
)
def test_cases_of_a_scenario(
    scenario: str, threads: int | None, cores: int, cases: list[Case]
) -> None:
    assert cases_of(scenario, threads, cores) == cases


def test_models_of_the_same_name_are_told_apart(tmp_path: Path, tiny_model_path: Path) -> None:
    shutil.copy(tiny_model_path, tmp_path / "edge.onnx")
    chosen = choose(["edge", str(tmp_path / "edge.onnx"), "edge", "nano"])
    assert [each.name for each in chosen] == ["edge", "edge #2", "edge #3", "nano"]
    assert chosen[1].model == str(tmp_path / "edge.onnx")


def test_scenarios_have_cases_and_others_are_refused() -> None:
    for name in SCENARIO_NAMES:
        assert {case.scenario for case in cases_of(name, None, 2)} == {name}
    with pytest.raises(UsageError, match="'pages'.*single, batch"):
        BenchConfig(scenarios=("pages",))


LOOP_S = 0.02
LONGER_S = {"cold": 0.4, "folder": 0.15, "stream": 0.5}
DRAWING_S = 2.0
MEMORY_S = 1.0
# What is left of the promise for the imports before a run and the table after it.
START_S = 4.0


class Clock:
    """A clock that only measured activities advance, ``slower`` times as far."""

    now_s = 0.0
    slower = 1.0

    def spend(self, seconds: float) -> None:
        self.now_s += self.slower * seconds


class Paced:
    """A subject that never becomes steady: it warms up to the limit and takes one more turn."""

    def __init__(self, clock: Clock, case: Case, models: int) -> None:
        longer_s = LONGER_S.get(case.scenario, LOOP_S)
        self._turn_s = longer_s / models if case.scenario == "stream" else longer_s
        self._clock = clock

    def warm_up(self, limit_s: float) -> None:
        self._clock.now_s += limit_s
        self.turn()

    def turn(self) -> Turn:
        self._clock.spend(self._turn_s)
        return Turn(np.array([self._turn_s]))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Clock:
    """Run on a clock that drawing, measuring memory and turns advance."""
    clock = Clock()

    def draw(*_: object, **__: object) -> Pictures:
        clock.spend(DRAWING_S)
        return Pictures(tmp_path)

    def measure_memory(*_: object) -> Memory:
        clock.spend(MEMORY_S)
        return Memory(1, 2)

    def make(case: Case, _: str, models: int, __: Pictures) -> Paced:
        return Paced(clock, case, models)

    monkeypatch.setattr(run.time, "perf_counter", lambda: clock.now_s)
    monkeypatch.setattr(run, "draw_pictures", draw)
    monkeypatch.setattr(run, "measure_memory", measure_memory)
    monkeypatch.setattr(run, "make_subject", make)
    return clock


@pytest.mark.parametrize("models", [1, 2, 4])
@pytest.mark.parametrize(("budget", "promised_s"), [(QUICK, 30), (DEFAULT, 180)])
def test_promise_holds_with_several_models(
    clock: Clock, tiny_model_path: Path, budget: Budget, promised_s: float, models: int
) -> None:
    config = BenchConfig(models=models * (str(tiny_model_path),), budget=budget)
    record = run_bench(config, (), lambda *_: None)
    assert clock.now_s < promised_s - START_S
    assert min(len(each.round_medians_ms) for each in record.measurements) >= MIN_TURNS


def test_slow_machine_makes_one_round_and_no_more(clock: Clock, tiny_model_path: Path) -> None:
    clock.slower = 50
    config = BenchConfig(models=(str(tiny_model_path),), budget=QUICK)
    record = run_bench(config, (), lambda *_: None)
    assert {len(each.round_medians_ms) for each in record.measurements} == {1}
    assert {each.rss_peak_bytes for each in record.measurements} == {None}
    turns = 2 * clock.slower * sum(LONGER_S.values(), start=LOOP_S * len(record.measurements))
    assert clock.now_s < clock.slower * DRAWING_S + QUICK.warm_by_s + turns


def test_models_share_the_frames_of_a_turn(tmp_path: Path) -> None:
    pictures = draw_pictures(tmp_path, files=1)
    stream = make_subject(Case("stream", 1, 1), "nano", 4, pictures)
    assert len(stream.turn().seconds) <= 4


def test_tensors_are_digits_and_files_are_the_tensors(pictures: Pictures) -> None:
    tensors = pictures.tensors(TENSORS)
    assert tensors.shape == (TENSORS, 28, 28)
    labels = Classifier.load().classify_batch(tensors).labels
    right = sum(label == str(at % 10) for at, label in enumerate(labels))
    assert right > 0.95 * TENSORS
    assert len(np.unique(tensors, axis=0)) == TENSORS
    files = sorted(pictures.files.iterdir())
    assert (len(files), files[0]) == (FILES, pictures.file)
    np.testing.assert_array_equal(read_image(files[7]), tensors[7])


def test_page_and_frame_can_be_read(pictures: Pictures) -> None:
    reader = PageReader.load()
    text = "".join(reader.read(pictures.page()).text.split())
    text += "".join(reader.read(pictures.frame(), rotate="0").text.split())
    written = "".join((*PAGE_ROWS, *FRAME_ROWS))
    assert len(text) == len(written)
    # As of the tensors: a picture to be timed is to be legible, not each digit beyond doubt.
    right = sum(a == b for a, b in zip(text, written, strict=True))
    assert right > 0.95 * len(written)


def test_fewer_files_can_be_drawn_into_a_folder_that_exists(tmp_path: Path) -> None:
    assert len(list(draw_pictures(tmp_path, files=1).files.iterdir())) == 1
    with pytest.raises(OutputError, match="cannot write"):
        draw_pictures(tmp_path / "none")


def test_profile_measures_every_node_and_leaves_no_file_behind(
    tiny_model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    found = profile(str(tiny_model_path))
    assert list(tmp_path.iterdir()) == []
    assert (found.nodes[-1].kind, found.nodes[-1].output) == ("Softmax", "1x10 float")
    assert all(node.alone_us >= 0 and node.batch_us >= 0 for node in found.nodes)
    assert 0 < sum(node.alone_us for node in found.nodes) < found.alone_us
    assert 0 < sum(node.batch_us for node in found.nodes) < found.batch_us
