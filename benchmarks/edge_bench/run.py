"""One run: every case with every model in turns, in rounds until the time is used up.

Each round visits every case for a short time, so the turns of a case are spread over the whole
run. A machine that is slow for ten seconds then affects some turns of each case and not all
turns of one, and the medians of two runs agree.

The time limit holds for the whole run, whatever the number of models. Time that one step does
not use is available to the next.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from edge_bench.doubts import find_doubts
from edge_bench.fresh_process import ColdStart, measure_memory
from edge_bench.machine import read_host, read_state, usable_cores
from edge_bench.models import Chosen, choose, describe, describe_runtime
from edge_bench.pictures import FILES, Pictures, draw_pictures
from edge_bench.record import Measurement, Ratio, Record
from edge_bench.scenario_list import SCENARIO_NAMES
from edge_bench.scenarios import READS_PAGES, cases_of, make_subject
from edge_bench.summary import Case, Memory, compare, summarise
from edge_bench.timing import Subject, Turn
from edge_infer.errors import UsageError
from edge_infer.model.shipped import DEFAULT_MODEL
from edge_infer.page.reader import DEFAULT_PAGE_MODEL

# Called with the current step, the amount done and the total amount.
Notify = Callable[[str, float, float], None]
# A new process takes far longer than any other call, so its visits are longer by this factor.
_LONGER_VISITS: Final[Mapping[str, int]] = {"cold": 4}
# Longest warm-up of one case with one model; most become steady sooner.
_WARM_UP_S: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The length of a visit, and the ends of the steps in seconds after the start of the run.

    A step finishes the call that it has begun, and at least one round is always made.

    Attributes:
        visit_s: Length of a visit to one case with all its models, at least one turn each.
        warm_by_s: End of all warm-ups.
        timed_by_s: End of all turns.
        done_by_s: End of the processes that measure memory; the rest is not measured.
    """

    visit_s: float
    warm_by_s: float
    timed_by_s: float
    done_by_s: float


# With start and end, `--quick` takes less than 30 seconds and the default less than 3 minutes.
QUICK: Final = Budget(visit_s=0.05, warm_by_s=5, timed_by_s=20, done_by_s=24)
DEFAULT: Final = Budget(visit_s=0.25, warm_by_s=35, timed_by_s=120, done_by_s=150)


@dataclass(frozen=True, kw_only=True)
class BenchConfig:
    """What to measure.

    Attributes:
        models: Names of shipped models or paths of files; the first is the baseline. Empty
            for the defaults of the other verbs: one model for single digits, another for
            pages and frames.
        scenarios: Names of scenarios.
        threads: Threads that share a batch; None for one, and for batches one and all cores.
        budget: Time limits.

    Raises:
        UsageError: A scenario is unknown.
    """

    models: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = SCENARIO_NAMES
    threads: int | None = None
    budget: Budget = DEFAULT

    def __post_init__(self) -> None:
        for name in self.scenarios:
            if name not in SCENARIO_NAMES:
                names = ", ".join(SCENARIO_NAMES)
                raise UsageError(f"there is no scenario {name!r}; expected one of {names}")


@dataclass(frozen=True)
class Track:
    """One case with one model, and the turns measured so far."""

    case: Case
    chosen: Chosen
    subject: Subject
    turns: list[Turn] = field(default_factory=list[Turn])


def run_bench(config: BenchConfig, command: Sequence[str], notify: Notify) -> Record:
    """Run the measurements and return their record.

    Args:
        config: What to measure.
        command: Words of the command, kept in the record.
        notify: Receives the progress.

    Raises:
        ModelError: A model is missing, foreign or damaged.
        RunError: A new process fails.
        OutputError: The temporary folder cannot be written.
    """
    began_s = time.perf_counter()
    created = datetime.now(UTC).isoformat(timespec="seconds")
    pairs = _pairs(config)
    chosen = tuple(dict.fromkeys(model for _, models in pairs for model in models))
    described = tuple(map(describe, chosen))
    with tempfile.TemporaryDirectory(prefix="edge-mnist-bench-") as folder:
        notify("drawing pictures", 0, 1)
        pictures = draw_pictures(Path(folder), files=FILES if "folder" in config.scenarios else 1)
        groups = [_group(case, models, pictures) for case, models in pairs]
        before = read_state()
        _warm_up(groups, began_s + config.budget.warm_by_s, notify)
        _measure(groups, began_s + config.budget.timed_by_s, config.budget.visit_s, notify)
        after = read_state()
        memories = _memories(groups, pictures, began_s + config.budget.done_by_s, notify)
    host = read_host(before, after)
    measured = [[_summarise(track, memories) for track in group] for group in groups]
    measurements = tuple(each for group in measured for each in group)
    return Record(
        created=created,
        edge_mnist=version("edge-mnist"),
        command=tuple(command),
        host=host,
        runtime=describe_runtime(chosen[0], [case.threads for case, _ in pairs]),
        models=described,
        measurements=measurements,
        ratios=tuple(_ratios(pairs, measured)),
        doubts=find_doubts(host, before, after, measurements),
    )


def _pairs(config: BenchConfig) -> list[tuple[Case, tuple[Chosen, ...]]]:
    """Pair each case with its models."""
    named = choose(config.models)
    cores = usable_cores()
    return [
        (case, named or choose([_usual_model(case)]))
        for scenario in SCENARIO_NAMES
        if scenario in config.scenarios
        for case in cases_of(scenario, config.threads, cores)
    ]


def _usual_model(case: Case) -> str:
    return DEFAULT_PAGE_MODEL if case.scenario in READS_PAGES else DEFAULT_MODEL


def _group(case: Case, models: Sequence[Chosen], pictures: Pictures) -> list[Track]:
    return [
        Track(case, chosen, make_subject(case, chosen.model, len(models), pictures))
        for chosen in models
    ]


def _warm_up(groups: Sequence[Sequence[Track]], ends_s: float, notify: Notify) -> None:
    """Warm up all tracks; each gets an equal share of the remaining time."""
    tracks = [track for group in groups for track in group]
    for done, track in enumerate(tracks):
        notify(f"warming up: {track.case}", done, len(tracks))
        left_s = max(0.0, ends_s - time.perf_counter())
        track.subject.warm_up(min(_WARM_UP_S, left_s / (len(tracks) - done)))


def _measure(
    groups: Sequence[Sequence[Track]], ends_s: float, visit_s: float, notify: Notify
) -> None:
    """Make at least one round, then further rounds until the time is used up."""
    began_s = now_s = time.perf_counter()
    for rounds in itertools.count():
        for group in groups:
            if rounds and now_s >= ends_s:
                return
            notify(f"measuring: {group[0].case}", now_s - began_s, max(ends_s, now_s) - began_s)
            _visit(group, visit_s)
            now_s = time.perf_counter()


def _visit(group: Sequence[Track], visit_s: float) -> None:
    """Give the models of one case turns for ``visit_s`` seconds."""
    longer = _LONGER_VISITS.get(group[0].case.scenario, 1)
    ends_s = time.perf_counter() + visit_s * longer
    while True:
        for track in group:
            track.turns.append(track.subject.turn())
        if time.perf_counter() >= ends_s:
            break


def _memories(
    groups: Sequence[Sequence[Track]], pictures: Pictures, ends_s: float, notify: Notify
) -> dict[tuple[Case, str], Memory]:
    """Measure memory, one process per case and model, while time remains."""
    tracks = [track for group in groups for track in group]
    # Batches have the most cases, so they come last and lose first when time is short.
    tracks.sort(key=lambda track: track.case.scenario == "batch")
    memories: dict[tuple[Case, str], Memory] = {}
    for done, track in enumerate(tracks):
        notify(f"memory: {track.case}", done, len(tracks))
        key = (track.case, track.chosen.name)
        if isinstance(track.subject, ColdStart):
            memories[key] = track.subject.memory
        elif time.perf_counter() < ends_s:
            memories[key] = measure_memory(track.case, track.chosen.model, pictures.root)
    return memories


def _summarise(track: Track, memories: Mapping[tuple[Case, str], Memory]) -> Measurement:
    memory = memories.get((track.case, track.chosen.name), Memory())
    return summarise(track.case, track.chosen.name, track.turns, memory)


def _ratios(
    pairs: Sequence[tuple[Case, tuple[Chosen, ...]]], measured: Sequence[Sequence[Measurement]]
) -> Iterator[Ratio]:
    for (case, _), (baseline, *others) in zip(pairs, measured, strict=True):
        for other in others:
            ratio = compare(case, other, baseline)
            if ratio is not None:
                yield ratio
