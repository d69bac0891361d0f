"""The runs of a report: read from their files, each under a name of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_bench.record import Measurement, Record
from edge_bench.scenario_list import SCENARIOS, Scenario
from edge_infer.errors import UsageError


@dataclass(frozen=True)
class Run:
    """A record, and what the report calls it: the name of its file."""

    name: str
    record: Record


def read_runs(files: Sequence[Path]) -> tuple[Run, ...]:
    """Read the files of some runs.

    Args:
        files: As ``edge-mnist bench`` wrote them; at least one.

    Raises:
        RunError: A file is missing or no record of a run.
        UsageError: A file is named twice.
    """
    if len({file.resolve() for file in files}) < len(files):
        raise UsageError("a file of a run is named twice")
    stems = Counter(file.stem for file in files)
    return tuple(
        Run(file.stem if stems[file.stem] == 1 else str(file.with_suffix("")), Record.read(file))
        for file in files
    )


def model_indices(runs: Sequence[Run]) -> dict[str, int]:
    """Number the models of all runs, in the order that they come: the same one everywhere."""
    names = dict.fromkeys(model.name for run in runs for model in run.record.models)
    return {name: index for index, name in enumerate(names)}


def scenarios_of(runs: Sequence[Run]) -> list[Scenario]:
    """Return the scenarios that were measured, those that this program knows first."""
    measured = dict.fromkeys(one.scenario for run in runs for one in run.record.measurements)
    known = [scenario for scenario in SCENARIOS if scenario.name in measured]
    others = measured.keys() - {scenario.name for scenario in known}
    return known + [Scenario(name, name, "") for name in measured if name in others]


def measured(run: Run, scenario: str) -> Iterator[Measurement]:
    """Yield a run's measurements of one scenario."""
    return (one for one in run.record.measurements if one.scenario == scenario)


def fewest_threads(run: Run, scenario: str) -> list[Measurement]:
    """Return a measurement a model of one scenario: that with the fewest threads."""
    by_model: dict[str, Measurement] = {}
    for one in sorted(measured(run, scenario), key=lambda one: (one.threads, one.batch)):
        by_model.setdefault(one.model, one)
    return list(by_model.values())
