from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from bench_records import HOST, measurement

from edge_bench.doubts import find_doubts
from edge_bench.machine import MachineState
from edge_bench.record import Host, Measurement

QUIET_HOST = replace(HOST, governor="performance", throttled=())
BEFORE = MachineState(
    at_s=100.0,
    temperature_c=None,
    pi_flags=None,
    heat_events=None,
    quota_events=None,
    busy_s=50.0,
    stolen_s=0.0,
    own_s=2.0,
    is_virtual=False,
    on_battery=False,
)
# Ten seconds, of which this process used eight.
AFTER = replace(BEFORE, at_s=110.0, busy_s=58.5, own_s=10.0)
STEADY = measurement(rounds_ms=(1.0, 1.01, 1.02, 1.01))


def doubts(
    host: Host = QUIET_HOST,
    after: MachineState = AFTER,
    measurements: tuple[Measurement, ...] = (STEADY,),
) -> dict[str, str]:
    found = find_doubts(host, BEFORE, after, measurements)
    return {doubt.code: doubt.message for doubt in found}


def test_a_quiet_machine_leaves_no_doubt() -> None:
    assert doubts() == {}


@pytest.mark.parametrize("governor", [None, "performance"])
def test_a_governor_that_is_right_or_unknown_is_no_doubt(governor: str | None) -> None:
    assert doubts(replace(QUIET_HOST, governor=governor, throttled=None)) == {}


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"host": replace(QUIET_HOST, governor="ondemand")}, "governor", "is ondemand"),
        ({"host": replace(QUIET_HOST, throttled=("heat",))}, "throttled", "run: heat"),
        ({"after": replace(AFTER, busy_s=73.0)}, "other_load", "used 1.5 cores"),
        ({"after": replace(AFTER, stolen_s=2.0)}, "stolen_time", "gave 5% of"),
        ({"measurements": (replace(STEADY, n=19),)}, "few_samples", r"single \(edge\) 19"),
        (
            {"measurements": (measurement(rounds_ms=(1.0, 1.0, 2.0, 2.0)),)},
            "unsteady",
            r"single \(edge\) 67%",
        ),
        ({"after": replace(AFTER, is_virtual=True)}, "virtual_machine", "virtual machine"),
        ({"after": replace(AFTER, on_battery=True)}, "battery", "plug it in"),
    ],
)
def test_each_doubt_is_found_alone(changes: dict[str, Any], code: str, words: str) -> None:
    found = doubts(**changes)
    assert list(found) == [code]
    assert re.search(words, found[code])


def test_load_that_is_not_told_is_no_doubt() -> None:
    assert doubts(after=replace(AFTER, busy_s=None, stolen_s=None)) == {}


def test_the_worst_are_named_and_the_rest_counted() -> None:
    few = [
        replace(measurement(scenario="batch", batch=size, rounds_ms=(1.0, 1.0)), n=size)
        for size in (9, 3, 5, 7)
    ]
    message = doubts(measurements=tuple(few))["few_samples"]
    assert "batch of 3 on 1 (edge) 3, batch of 5 on 1 (edge) 5, batch of 7" in message
    assert "and 1 more" in message
