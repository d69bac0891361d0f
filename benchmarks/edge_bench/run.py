"""One run: every case with every model in turns, round after round until the time is up.

A case is visited for a moment, then the next one, and so on around until the time is up.
So each is spread over the whole run: a machine that is slow for ten seconds spoils some
turns of each case and not all turns of one, and medians of two runs agree.

The time is the run's, however many models share it; what one step leaves is the next one's.
"""

from __future__ import annotations

import itertools
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final, get_args

from edge_bench.cold import ColdStart, run_python
from edge_bench.doubts import find_doubts
from edge_bench.interleaved import Subject, Turn
from edge_bench.machine import read_host, read_state, usable_cores
from edge_bench.models import Chosen, choose, describe, describe_runtime
from edge_bench.pictures import FILES, Pictures, draw_pictures
from edge_bench.record import Measurement, Ratio, Record
from edge_bench.scenarios import READS_PAGES, Scenario, cases_of, make_subject
from edge_bench.summary import Case, Memory, compare, summarise
from edge_infer.model.shipped import DEFAULT_MODEL
from edge_infer.page.reader import DEFAULT_PAGE_MODEL

SCENARIOS: Final[tuple[Scenario, ...]] = get_args(Scenario)
# Told of what is being done, how much of it is done, and of how much.
Notify = Callable[[str, float, float], None]
# A fresh process is one call and takes far longer than any other: so many visits in one.
_LONGER_VISITS: Final[Mapping[str, int]] = {"cold": 4}
# Of one case with one model: what has not become steady by then never does.
_WARM_UP_S: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How long a visit takes, and by when steps are done, in seconds after the run's start.

    A step may overrun by what it has just begun; and one round is made even where it takes
    longer.

    Attributes:
        visit_s: A visit to one case with all its models, one turn of each at least.
        warm_by_s: All warm-ups.
        timed_by_s: All turns.
        done_by_s: Processes that measure memory; what is left by then is not measured.
    """

    visit_s: float
    warm_by_s: float
    timed_by_s: float
    done_by_s: float


# Promised are 30 seconds and 3 minutes, with what comes before a run and after it.
QUICK: Final = Budget(visit_s=0.05, warm_by_s=5, timed_by_s=20, done_by_s=24)
DEFAULT: Final = Budget(visit_s=0.25, warm_by_s=35, timed_by_s=120, done_by_s=150)


@dataclass(frozen=True, kw_only=True)
class BenchConfig:
    """What to measure.

    Attributes:
        models: Names of shipped models or paths of files, the first one the baseline;
            empty for what the other verbs take where none is named: one model for single
            digits and another for pages and frames.
        scenarios: Their names.
        threads: That share out a batch; None for one, and for batches one and all cores.
        budget: How long it may take.
    """

    models: tuple[str, ...] = ()
    scenarios: tuple[Scenario, ...] = SCENARIOS
    threads: int | None = None
    budget: Budget = DEFAULT


@dataclass(frozen=True)
class Track:
    """One case with one model: what is measured, and what was measured so far."""

    case: Case
    chosen: Chosen
    subject: Subject
    turns: list[Turn] = field(default_factory=list[Turn])


def run_bench(config: BenchConfig, command: Sequence[str], notify: Notify) -> Record:
    """Measure everything that is asked for.

    Args:
        config: What.
        command: Words of the command, for the record.
        notify: Told now and then how far it is.

    Raises:
        ModelError: A model is missing, foreign or damaged.
        RunError: A fresh process fails.
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
        for scenario in SCENARIOS
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
    """Warm everything up; each gets its share of the time that is left."""
    tracks = [track for group in groups for track in group]
    for done, track in enumerate(tracks):
        notify(f"warming up: {track.case}", done, len(tracks))
        left_s = max(0.0, ends_s - time.perf_counter())
        track.subject.warm_up(min(_WARM_UP_S, left_s / (len(tracks) - done)))


def _measure(
    groups: Sequence[Sequence[Track]], ends_s: float, visit_s: float, notify: Notify
) -> None:
    """Go around once, and then until the time is up."""
    began_s = now_s = time.perf_counter()
    for rounds in itertools.count():
        for group in groups:
            if rounds and now_s >= ends_s:
                return
            notify(f"measuring: {group[0].case}", now_s - began_s, max(ends_s, now_s) - began_s)
            _visit(group, visit_s)
            now_s = time.perf_counter()


def _visit(group: Sequence[Track], visit_s: float) -> None:
    """Give all models of one case turn after turn for a moment."""
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
    """Measure memory, each case and model in a process of its own, while there is time."""
    tracks = [track for group in groups for track in group]
    # The many batches last: where time is short, it is for the others.
    tracks.sort(key=lambda track: track.case.scenario == "batch")
    memories: dict[tuple[Case, str], Memory] = {}
    for done, track in enumerate(tracks):
        notify(f"memory: {track.case}", done, len(tracks))
        key = (track.case, track.chosen.name)
        if isinstance(track.subject, ColdStart):
            memories[key] = track.subject.memory
        elif time.perf_counter() < ends_s:
            memories[key] = _memory(track, pictures)
    return memories


def _memory(track: Track, pictures: Pictures) -> Memory:
    words = {
        "case": asdict(track.case),
        "model": track.chosen.model,
        "pictures": str(pictures.root),
    }
    return Memory(*run_python(["-m", "edge_bench.memory_worker", json.dumps(words)]))


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
