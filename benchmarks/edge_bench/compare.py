"""Comparison of two runs of ``edge-mnist bench`` on a machine with other load.

Other programs stretch some calls and leave the quickest unchanged, so a ratio of medians alone
gives false alarms on a busy machine. A slower model is slower in its quickest calls too, which
are the most robust sign (Chen & Revels 2016). A change therefore counts as slower by more than a
limit only if

* the ratio of medians is above the limit;
* its 95 % interval excludes 1 (:func:`edge_bench.summary.ratio_of_two_runs`);
* the ratio of the quickest calls is above the limit;
* there are at least 20 calls. Fewer are enough if all calls of one run are slower than all calls
  of the other and nothing disturbed either run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from edge_bench.record import Host, Measurement, Record, Runtime
from edge_bench.summary import MIN_TURNS, Case, ratio_of_two_runs
from edge_infer.errors import RunError

ENOUGH_CALLS: Final = 20
# Codes of doubts: other programs used the machine, or the processor was throttled.
_DISTURBED: Final = frozenset({"other_load", "stolen_time", "throttled"})
_SHA256_DIGITS: Final = 12
# Fields whose differences are reported, with their names in the report.
_HOST: Final = {
    "cpu": "processor",
    "instructions": "instructions",
    "architecture": "architecture",
    "cores": "cores",
    "governor": "clock governor",
    "os": "system",
    "libc": "C library",
    "python": "Python",
}
_RUNTIME: Final = {
    "onnxruntime": "onnxruntime",
    "opencv": "OpenCV",
    "numpy": "numpy",
    "provider": "provider",
    "spinning": "spinning threads",
    "graph_level": "graph level",
}

Key = tuple[str, Case]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One case with one model in both runs.

    Attributes:
        scenario: Name of the scenario.
        model: Name of the model in both runs.
        threads: Threads that share a batch.
        batch: Images per call.
        old_ms: Median over the turns of the earlier run.
        new_ms: Median over the turns of the later run.
        ratio: ``new_ms`` divided by ``old_ms``: 2 means twice as slow.
        low: Lower bound of the 95 % interval of ``ratio``; None with too few turns.
        high: Upper bound.
        quick_ratio: Quickest call of the later run divided by that of the earlier run.
        is_sure: Whether there are enough calls for a verdict.
    """

    scenario: str
    model: str
    threads: int
    batch: int
    old_ms: float
    new_ms: float
    ratio: float
    low: float | None
    high: float | None
    quick_ratio: float
    is_sure: bool

    def is_slower(self, limit_percent: float = 0.0) -> bool:
        """Return whether the later run is certainly slower by more than the limit."""
        limit = 1 + limit_percent / 100
        is_beyond = self.low is not None and self.low > 1
        return self.is_sure and is_beyond and min(self.ratio, self.quick_ratio) > limit

    def is_quicker(self) -> bool:
        """Return whether the later run is certainly quicker."""
        is_beyond = self.high is not None and self.high < 1
        return self.is_sure and is_beyond and max(self.ratio, self.quick_ratio) < 1


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two runs, compared where both measured the same case.

    Attributes:
        old: File of the earlier run.
        new: File of the later run.
        fail_over_percent: Largest slowdown that passes; None if nothing fails.
        changes: At least one, in the order of the earlier run.
        only_old: Cases of the earlier run only.
        only_new: Cases of the later run only.
        notes: Other differences between the runs, and the doubts of both.
    """

    old: str
    new: str
    fail_over_percent: float | None
    changes: tuple[Change, ...]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def failures(self) -> tuple[Change, ...]:
        """Changes that are slower by more than the limit."""
        if self.fail_over_percent is None:
            return ()
        return tuple(one for one in self.changes if one.is_slower(self.fail_over_percent))

    def to_json(self) -> str:
        """Return the comparison as JSON with ``failures`` among its fields."""
        values = {**asdict(self), "failures": [asdict(one) for one in self.failures]}
        return json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)


def compare_files(old: Path, new: Path, *, fail_over_percent: float | None = None) -> Comparison:
    """Compare the runs in two files.

    Args:
        old: Record of the earlier run.
        new: Record of the later run.
        fail_over_percent: Largest slowdown that passes; None if nothing fails.

    Raises:
        RunError: A file is missing or not a record, or the runs have no case in common.
    """
    before, after = Record.read(old), Record.read(new)
    earlier, later = _by_key(before), _by_key(after)
    common = [key for key in earlier if key in later]
    if not common:
        raise RunError(
            f"{old} and {new} have nothing in common to compare: no scenario with the same "
            "model name, threads and batch",
            code="nothing_common",
        )
    disturbed = any(doubt.code in _DISTURBED for doubt in (*before.doubts, *after.doubts))
    return Comparison(
        old=str(old),
        new=str(new),
        fail_over_percent=fail_over_percent,
        changes=tuple(change(earlier[key], later[key], disturbed=disturbed) for key in common),
        only_old=tuple(_describe(key) for key in earlier if key not in later),
        only_new=tuple(_describe(key) for key in later if key not in earlier),
        notes=differences(before, after),
    )


def change(old: Measurement, new: Measurement, *, disturbed: bool = False) -> Change:
    """Compare two measurements of the same model in the same case.

    Args:
        old: The earlier measurement.
        new: The later measurement.
        disturbed: Whether other programs or throttling disturbed either run.
    """
    before, after = (np.array(one.round_medians_ms) for one in (old, new))
    ratio = ratio_of_two_runs(after, before)
    has_interval = min(len(before), len(after)) >= MIN_TURNS
    return Change(
        scenario=old.scenario,
        model=old.model,
        threads=old.threads,
        batch=old.batch,
        old_ms=float(np.median(before)),
        new_ms=float(np.median(after)),
        ratio=ratio.ratio,
        low=ratio.low if has_interval else None,
        high=ratio.high if has_interval else None,
        quick_ratio=new.min_ms / old.min_ms,
        is_sure=min(old.n, new.n) >= ENOUGH_CALLS or (not disturbed and _are_disjoint(old, new)),
    )


def differences(old: Record, new: Record) -> tuple[str, ...]:
    """Return a line for each other difference between two runs, and for each doubt."""
    return (
        *_differing("another machine", _HOST, old.host, new.host),
        *_differing("another runtime", _RUNTIME, old.runtime, new.runtime),
        *_other_files(old, new),
        *(f"OLD: {doubt.message}" for doubt in old.doubts),
        *(f"NEW: {doubt.message}" for doubt in new.doubts),
    )


def _are_disjoint(old: Measurement, new: Measurement) -> bool:
    """Return whether all calls of one are slower than all calls of the other."""
    return new.min_ms > old.quantiles_ms[-1] or old.min_ms > new.quantiles_ms[-1]


def _by_key(record: Record) -> dict[Key, Measurement]:
    return {
        (one.model, Case(one.scenario, one.threads, one.batch)): one for one in record.measurements
    }


def _describe(key: Key) -> str:
    model, case = key
    return f"{model}, {case}"


def _differing(
    what: str, names: dict[str, str], old: Host | Runtime, new: Host | Runtime
) -> Iterator[str]:
    for field, name in names.items():
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            yield f"{what}: {name} {_value_text(before)}, now {_value_text(after)}"


def _value_text(value: object) -> str:
    if value is None:
        return "unknown"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _other_files(old: Record, new: Record) -> Iterator[str]:
    before = {model.name: model.sha256 for model in old.models}
    for model in new.models:
        sha256 = before.get(model.name, model.sha256)
        if sha256 != model.sha256:
            yield (
                f"another file: {model.name} had SHA-256 {sha256[:_SHA256_DIGITS]}, "
                f"now {model.sha256[:_SHA256_DIGITS]}"
            )
