"""Whether a later run is slower than an earlier one, on a machine that is never quite still.

Between two runs more differs than chance within either tells: other programs come and go.
They stretch some calls and leave the quickest as they are, so a median alone cries wolf on
a busy machine. A model that is slower is slower in its quickest calls too, which are the
most robust sign of it (Chen & Revels 2016). Therefore, before a change counts as slower by
more than a limit,

* the ratio of medians is above it;
* its 95 % interval excludes 1 (:func:`edge_bench.bootstrap.ratio_of_two_runs`);
* the ratio of the quickest calls is above the limit as well;
* there are calls enough that some were left alone. Fewer count where all of one run are
  slower than all of the other, and nothing disturbed either run.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from edge_bench.bootstrap import ratio_of_two_runs
from edge_bench.compare_notes import differences
from edge_bench.record import Measurement, Record
from edge_bench.summary import MIN_TURNS, Case
from edge_infer.errors import RunError

ENOUGH_CALLS: Final = 20
# Codes of the doubts that say that something else used the machine, or slowed it.
_DISTURBED: Final = frozenset({"other_load", "stolen_time", "throttled"})

Key = tuple[str, Case]


@dataclass(frozen=True, kw_only=True)
class Change:
    """How a model compares with itself in the earlier run, in one scenario.

    Attributes:
        scenario: Its name.
        model: Its name in both runs.
        threads: That share out a batch.
        batch: Images a call.
        old_ms: Median over the turns of the earlier run.
        new_ms: That of the later run.
        ratio: ``new_ms`` divided by ``old_ms``: 2 is twice as slow.
        low: Lower bound of the 95 % interval of ``ratio``; None where a run has too few
            turns to tell.
        high: Upper bound.
        quick_ratio: The quickest call of the later run divided by the earlier one's.
        is_sure: Whether there are calls enough to tell a model from a moment.
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
        """Tell whether it is slower by more than so many percent, beyond doubt."""
        limit = 1 + limit_percent / 100
        is_beyond = self.low is not None and self.low > 1
        return self.is_sure and is_beyond and min(self.ratio, self.quick_ratio) > limit

    def is_quicker(self) -> bool:
        """Tell whether it is quicker, beyond doubt."""
        is_beyond = self.high is not None and self.high < 1
        return self.is_sure and is_beyond and max(self.ratio, self.quick_ratio) < 1


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two runs, as far as both measured the same.

    Attributes:
        old: File of the earlier run.
        new: File of the later one.
        fail_over_percent: What a change may be slower by; None where nothing fails.
        changes: One at least, in the order of the earlier run.
        only_old: What the earlier run alone measured.
        only_new: What the later run alone measured.
        notes: What else differs between the runs, and what makes either doubtful.
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
        """Return the comparison as JSON, ``failures`` among its fields."""
        values = {**asdict(self), "failures": [asdict(one) for one in self.failures]}
        return json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)


def compare_files(old: Path, new: Path, *, fail_over_percent: float | None = None) -> Comparison:
    """Compare the runs in two files.

    Args:
        old: Of the earlier run, as ``edge-mnist bench`` wrote it.
        new: Of the later one.
        fail_over_percent: What a change may be slower by; None where nothing fails.

    Raises:
        RunError: A file is missing or no record of a run, or they have nothing in common.
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
        only_old=tuple(_words(key) for key in earlier if key not in later),
        only_new=tuple(_words(key) for key in later if key not in earlier),
        notes=differences(before, after),
    )


def change(old: Measurement, new: Measurement, *, disturbed: bool = False) -> Change:
    """Compare two measurements of the same model in the same scenario.

    Args:
        old: The earlier one.
        new: The later one.
        disturbed: Whether something else used the machine, or slowed it, meanwhile.
    """
    before, after = (np.array(one.round_medians_ms) for one in (old, new))
    against = ratio_of_two_runs(after, before)
    can_tell = min(len(before), len(after)) >= MIN_TURNS
    return Change(
        scenario=old.scenario,
        model=old.model,
        threads=old.threads,
        batch=old.batch,
        old_ms=float(np.median(before)),
        new_ms=float(np.median(after)),
        ratio=against.ratio,
        low=against.low if can_tell else None,
        high=against.high if can_tell else None,
        quick_ratio=new.min_ms / old.min_ms,
        is_sure=min(old.n, new.n) >= ENOUGH_CALLS or (not disturbed and _are_apart(old, new)),
    )


def _are_apart(old: Measurement, new: Measurement) -> bool:
    """Tell whether all calls of one are slower than all calls of the other."""
    return new.min_ms > old.quantiles_ms[-1] or old.min_ms > new.quantiles_ms[-1]


def _by_key(record: Record) -> dict[Key, Measurement]:
    return {
        (one.model, Case(one.scenario, one.threads, one.batch)): one for one in record.measurements
    }


def _words(key: Key) -> str:
    model, case = key
    return f"{model}, {case}"
