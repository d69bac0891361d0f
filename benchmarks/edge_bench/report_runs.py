"""The runs of a report, with unique names, and queries on their measurements."""

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
    """A record with its name in the report, the name of its file."""

    name: str
    record: Record


def read_runs(files: Sequence[Path]) -> tuple[Run, ...]:
    """Read the files of runs.

    Args:
        files: Files that ``edge-mnist bench`` wrote; at least one.

    Raises:
        RunError: A file is missing or not a record of a run.
        UsageError: A file is given twice.
    """
    if len({file.resolve() for file in files}) < len(files):
        raise UsageError("a record is given twice; give each file once")
    stems = Counter(file.stem for file in files)
    return tuple(
        Run(file.stem if stems[file.stem] == 1 else str(file.with_suffix("")), Record.read(file))
        for file in files
    )


def model_indices(runs: Sequence[Run]) -> dict[str, int]:
    """Number the models of all runs; a model has the same number, and colour, everywhere."""
    names = dict.fromkeys(model.name for run in runs for model in run.record.models)
    return {name: index for index, name in enumerate(names)}


def scenarios_of(runs: Sequence[Run]) -> list[Scenario]:
    """Return the measured scenarios: the known ones in order, then unknown ones by name."""
    names = dict.fromkeys(one.scenario for run in runs for one in run.record.measurements)
    known = [scenario for scenario in SCENARIOS if scenario.name in names]
    unknown = names.keys() - {scenario.name for scenario in known}
    return known + [Scenario(name, name, "") for name in names if name in unknown]


def measured(run: Run, scenario: str) -> Iterator[Measurement]:
    """Yield the measurements of one scenario."""
    return (one for one in run.record.measurements if one.scenario == scenario)


def fewest_threads(run: Run, scenario: str) -> list[Measurement]:
    """Return one measurement of a scenario per model: the one with the fewest threads."""
    by_model: dict[str, Measurement] = {}
    for one in sorted(measured(run, scenario), key=lambda one: (one.threads, one.batch)):
        by_model.setdefault(one.model, one)
    return list(by_model.values())
