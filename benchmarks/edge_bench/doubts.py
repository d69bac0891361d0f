"""Reasons to distrust a run, each in one sentence, with a remedy where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from edge_bench.machine import MachineState
from edge_bench.record import Doubt, Host, Measurement
from edge_bench.summary import MIN_CALLS

# Largest load of other programs, in cores.
MAX_OTHER_LOAD: Final = 0.1
# Largest share of processor time given to other machines.
MAX_STOLEN: Final = 0.01
# Largest interquartile range of turns as a share of their median.
MAX_SPREAD: Final = 0.2
_NAMED: Final = 3


def find_doubts(
    host: Host,
    before: MachineState,
    after: MachineState,
    measurements: Sequence[Measurement],
) -> tuple[Doubt, ...]:
    """Find the reasons to distrust a run.

    Args:
        host: The machine.
        before: State at the start of the run.
        after: State at its end.
        measurements: All measurements of the run.
    """
    doubts = (
        _of_host(host),
        _of_load(host, before, after),
        _of_measurements(measurements),
        _of_state(after),
    )
    return tuple(doubt for part in doubts for doubt in part)


def _of_host(host: Host) -> Iterator[Doubt]:
    if host.governor not in {None, "performance"}:
        yield Doubt(
            code="governor",
            message=f"the frequency governor is {host.governor}: the clock changes with the load; "
            "sudo cpupower frequency-set -g performance",
        )
    if host.throttled:
        yield Doubt(
            code="throttled",
            message=f"the processor was slowed during the run: {', '.join(host.throttled)}",
        )


def _of_load(host: Host, before: MachineState, after: MachineState) -> Iterator[Doubt]:
    elapsed_s = after.at_s - before.at_s
    if before.busy_s is not None and after.busy_s is not None:
        others_s = (after.busy_s - before.busy_s) - (after.own_s - before.own_s)
        load = others_s / elapsed_s
        if load > MAX_OTHER_LOAD:
            yield Doubt(
                code="other_load",
                message=f"other programs used {load:.1f} cores during the run: close them",
            )
    if before.stolen_s is not None and after.stolen_s is not None:
        stolen = (after.stolen_s - before.stolen_s) / (elapsed_s * host.cores)
        if stolen > MAX_STOLEN:
            message = f"the hypervisor gave {stolen:.0%} of the processor's time to others"
            yield Doubt(code="stolen_time", message=message)


def _of_state(state: MachineState) -> Iterator[Doubt]:
    if state.is_virtual:
        message = "this is a virtual machine: others may share its cores and caches"
        yield Doubt(code="virtual_machine", message=message)
    if state.on_battery:
        message = "the machine ran on battery, where processors may be slower: plug it in"
        yield Doubt(code="battery", message=message)


def _of_measurements(measurements: Sequence[Measurement]) -> Iterator[Doubt]:
    few = [
        f"{_name(each)} {each.n}"
        for each in sorted(measurements, key=lambda each: each.n)
        if each.n < min(MIN_CALLS.values())
    ]
    if few:
        message = f"too few calls for percentiles: {_listed(few)}; measure longer"
        yield Doubt(code="few_samples", message=message)
    spreads = [(spread(each), each) for each in measurements]
    spreads.sort(key=lambda pair: -pair[0])
    wide = [f"{_name(each)} {share:.0%}" for share, each in spreads if share > MAX_SPREAD]
    if wide:
        message = f"the turns differ (interquartile range / median): {_listed(wide)}"
        yield Doubt(code="unsteady", message=message)


def spread(measurement: Measurement) -> float:
    """Return the interquartile range of the turns as a share of their median."""
    low, median, high = np.percentile(measurement.round_medians_ms, (25, 50, 75))
    return float((high - low) / median)


def _name(measurement: Measurement) -> str:
    words = [measurement.scenario]
    if measurement.scenario == "batch":
        words += [f"of {measurement.batch} on {measurement.threads}"]
    return f"{' '.join(words)} ({measurement.model})"


def _listed(items: Sequence[str]) -> str:
    more = len(items) - _NAMED
    return ", ".join(items[:_NAMED]) + (f" and {more} more" if more > 0 else "")
