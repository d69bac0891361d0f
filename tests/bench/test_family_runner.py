"""The order of steps and what survives a stop, with steps that do nothing but note it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from edge_bench.family.plan import Entry, Run, make_plan
from edge_bench.family.results import FamilyResults, Make, PresetResults
from edge_bench.family.rows import Latency, SeedRun
from edge_bench.family.runner import Family, Tasks, duration
from edge_bench.family.steps import Files, Folder
from edge_infer.errors import RunError

ENTRIES = (
    Entry(preset="large", seeds=1),
    Entry(preset="small", seeds=2, teachers=("large-default-0",)),
)
EMPTY = FamilyResults(machine="a CPU", command="python x", data="mnist")


class FakeSteps:
    """Folders as a dict, a log of what was done, and a kill before any step of choice."""

    def __init__(self, seed_run: Callable[..., SeedRun], latency: Callable[[str], Latency]) -> None:
        self.seed_run, self.latency = seed_run, latency
        self.done: list[str] = []
        self.folders: dict[str, Folder] = {}
        self.exported: set[str] = set()
        self.epochs = 10
        self.stop_before = ""
        self.broken = ""
        self.incomplete = False
        self.timed: dict[str, Files] = {}
        self.lock = threading.Lock()

    def _do(self, what: str) -> None:
        with self.lock:
            if what == self.stop_before:
                raise KeyboardInterrupt
            if what == self.broken:
                raise RunError("it broke")
            self.done.append(what)

    def make(self, run: Run, results: FamilyResults) -> Make:
        return Make(
            recipe={"epochs": self.epochs},
            data_sha256="d",
            teacher_sha256=run.entry.teachers,
            network="n",
            export=(),
        )

    def complete(self, make: Make) -> Make:
        return make

    def work(self, run: Run) -> float:
        return 100.0 * self.epochs

    def folder(self, run: Run, make: Make) -> tuple[Folder, str]:
        return self.folders.get(run.name, Folder.NOTHING), "its folder is another's"

    def set_aside(self, run: Run) -> Path:
        self._do(f"aside {run.name}")
        self.folders.pop(run.name)
        return Path(f"{run.name}.old1")

    def train(self, run: Run, *, resume: bool) -> None:
        self.folders[run.name] = Folder.UNFINISHED
        self._do(f"{'resume' if resume else 'train'} {run.name}")
        self.folders[run.name] = Folder.TRAINED

    def measure(self, run: Run, make: Make) -> PresetResults:
        self._do(f"measure {run.name}")
        self.exported.add(run.name)
        return PresetResults(
            preset=run.entry.preset,
            recipe=run.entry.recipe,
            parameters=10,
            macs=100,
            make=make,
            seeds={run.seed: self.seed_run(run.seed, epochs=self.epochs)},
        )

    def has_files(self, run: Run, results: PresetResults) -> bool:
        return run.name in self.exported

    def lacks(self, results: PresetResults, seed: int) -> bool:
        return self.incomplete

    def files(self, run: Run) -> Files:
        return Path(run.name) / "float", Path(run.name) / "int8"

    def stand_in(self, run: Run) -> Files:
        self._do(f"stand in for {run.name}")
        return Path("stand-in") / "float", Path("stand-in") / "int8"

    def time(self, files: Mapping[str, Files]) -> dict[str, Latency]:
        self._do(f"time {' '.join(files)}")
        self.timed = dict(files)
        return {key: self.latency(f"timing {len(self.done)}") for key in files}


class World:
    """One folder of results, and calls of the script in it one after the other."""

    def __init__(self, steps: FakeSteps, path: Path) -> None:
        self.steps, self.path = steps, path
        self.lines: list[str] = []

    def call(
        self, *, presets: Sequence[str] = (), jobs: int = 1, seeds: int | None = None, **tasks: bool
    ) -> Family:
        results = FamilyResults.read(self.path) if self.path.exists() else EMPTY
        family = Family(
            make_plan(ENTRIES, presets=presets, seeds=seeds),
            results,
            self.path,
            self.steps,
            tasks=Tasks(**tasks),
            notify=self.lines.append,
        )
        family.work_off(jobs)
        family.time()
        return family

    def done(self) -> list[str]:
        done, self.steps.done = self.steps.done, []
        return done


@pytest.fixture
def world(seed_run: Any, latency: Any, tmp_path: Path) -> World:
    return World(FakeSteps(seed_run, latency), tmp_path / "family.json")


ALL = [
    "train large-default-0",
    "measure large-default-0",
    "train small-default-0",
    "measure small-default-0",
    "train small-default-1",
    "measure small-default-1",
    "time large small",
]


def test_family_does_all_once(world: World) -> None:
    world.call()
    assert world.done() == ALL
    world.call()
    assert world.done() == []


@pytest.mark.parametrize("step", ALL)
def test_family_goes_on_after_a_stop_before_any_step(world: World, step: str) -> None:
    world.steps.stop_before = step
    with pytest.raises(KeyboardInterrupt):
        world.call()
    before = world.done()
    world.steps.stop_before = ""
    world.call()
    done = before + world.done()
    resumed = [what.replace("resume", "train") for what in done]
    assert resumed == ALL
    assert (f"resume {step[6:]}" in done) == step.startswith("train")
    assert set(FamilyResults.read(world.path).presets["small"].seeds) == {0, 1}


def test_rows_outlive_their_folders(world: World) -> None:
    world.call()
    world.done()
    world.steps.folders.clear()
    world.steps.exported.clear()
    world.call()
    assert world.done() == []
    assert FamilyResults.read(world.path).presets["small"].latency is not None


def test_files_of_a_teacher_are_made_again_when_needed(world: World) -> None:
    world.call(seeds=1)
    world.done()
    world.steps.folders.clear()
    world.steps.exported.clear()
    world.call(presets=["small"], seeds=2)
    assert world.done()[:4] == [
        "train large-default-0",
        "measure large-default-0",
        "train small-default-1",
        "measure small-default-1",
    ]


def test_changed_recipe_is_trained_anew_and_not_averaged(world: World) -> None:
    world.call()
    world.done()
    world.steps.epochs = 20
    for name in world.steps.folders:
        world.steps.folders[name] = Folder.ANOTHER
    world.call(presets=["small"], seeds=1)
    assert world.done()[:5] == ["aside large-default-0", *ALL[:2], "aside small-default-0", ALL[2]]
    assert "small-default-0: measured before with recipe.epochs 10 instead of 20" in world.lines
    results = FamilyResults.read(world.path)
    assert list(results.presets["small"].seeds) == [0]


def test_one_failure_stops_its_students_alone(world: World) -> None:
    world.steps.broken = "measure large-default-0"
    assert world.call().failures == {
        "large-default-0": "it broke",
        "small-default-0": "its teacher large-default-0 failed",
        "small-default-1": "its teacher large-default-0 failed",
    }
    world.steps.broken = "train small-default-0"
    assert world.call().failures == {"small-default-0": "it broke"}
    assert "measure small-default-1" in world.done()


def test_training_alone_measures_nothing(world: World) -> None:
    world.call(measure=False)
    assert world.done() == [what for what in ALL if what.startswith("train")]
    world.call(train=False)
    assert world.done() == [what for what in ALL if not what.startswith("train")]


def test_measuring_alone_trains_nothing(world: World) -> None:
    world.call(train=False)
    assert world.done() == []
    assert "large-default-0: not trained, left out" in world.lines


def test_measuring_again_needs_the_folder(world: World) -> None:
    world.call()
    world.done()
    del world.steps.folders["small-default-1"]
    world.call(again=True)
    assert world.done() == ["measure large-default-0", "measure small-default-0", ALL[-1]]


def test_row_that_lacks_a_measurement_gets_it(world: World) -> None:
    world.call()
    world.done()
    world.steps.incomplete = True
    del world.steps.folders["large-default-0"]
    world.call()
    assert world.done() == ["measure small-default-0", "measure small-default-1"]


def test_networks_are_timed_anew_when_one_has_come(world: World) -> None:
    world.call(presets=["large"])
    world.call()
    assert world.done()[-1] == "time large small"
    presets = FamilyResults.read(world.path).presets
    assert presets["large"].latency == presets["small"].latency


def test_networks_whose_files_are_gone_are_stood_in_for_when_asked(world: World) -> None:
    world.call()
    world.done()
    for name in ("small-default-0", "small-default-1"):
        del world.steps.folders[name]
        world.steps.exported.remove(name)
    before = FamilyResults.read(world.path).presets["small"].seeds
    world.call(again=True)
    assert world.done() == ["measure large-default-0", "time large"]
    world.call(stand_ins=True)
    assert world.done() == ["stand in for small-default-0", "time large small"]
    assert world.steps.timed["large"][1] == Path("large-default-0/int8")
    assert world.steps.timed["small"][1] == Path("stand-in/int8")
    presets = FamilyResults.read(world.path).presets
    assert presets["large"].latency == presets["small"].latency
    assert presets["small"].seeds == before
    world.call(stand_ins=True)
    assert world.done() == []


def test_jobs_train_teachers_first(world: World) -> None:
    assert world.call(jobs=3).failures == {}
    done = world.done()
    assert sorted(done) == sorted(ALL)
    assert done[:2] == ALL[:2]


def test_jobs_stop_when_one_is_interrupted(world: World) -> None:
    world.steps.stop_before = "train small-default-0"
    with pytest.raises(KeyboardInterrupt):
        world.call(jobs=2)
    assert "large" in FamilyResults.read(world.path).presets


def test_outlook_goes_by_the_pace_of_finished_runs(world: World) -> None:
    # A row of 10 epochs took 60 s; three entries' runs have 10 epochs each.
    world.call()
    told = [line for line in world.lines if ": training" in line]
    assert told[0] == "large-default-0: training (1 of 3)"
    assert told[1].endswith("(2 of 3; about 1 min 00 s, all that is left 2 min 00 s)")
    assert told[2].endswith("(3 of 3; about 1 min 00 s, all that is left 1 min 00 s)")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.6, "1 min 00 s"), (3599, "59 min 59 s"), (7500, "2 h 05 min")],
)
def test_duration_is_written_in_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text
