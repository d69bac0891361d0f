"""The state of a machine, from trees of system files, and the doubts that it leaves."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bench_records import HOST, measurement

from edge_bench.doubts import find_doubts
from edge_bench.machine import MachineState, read_host, read_state, throttling, usable_cores
from edge_bench.record import Host, Measurement, Temperature

PI_FLAGS = "sys/devices/platform/soc/soc:firmware/get_throttled"
PI = {
    PI_FLAGS: "50000\n",
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone0/temp": "48312\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
    "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
    "proc/meminfo": "MemTotal:        3884352 kB\nMemFree: 1 kB\n",
    "proc/stat": "cpu  100 20 30 4000 500 6 7 50 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n",
}
PC = {
    "sys/class/thermal/thermal_zone0/type": "acpitz",
    "sys/class/thermal/thermal_zone0/temp": "99000",
    "sys/class/thermal/thermal_zone1/type": "x86_pkg_temp",
    "sys/class/thermal/thermal_zone1/temp": "61000",
    "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count": "3",
    "sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count": "4",
    "sys/class/power_supply/BAT0/status": "Discharging\n",
    "proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu avx2\n",
}
CONTAINER = {
    "sys/fs/cgroup/cpu.stat": "usage_usec 5\nnr_periods 9\nnr_throttled 7\n",
    "sys/fs/cgroup/memory.max": "536870912\n",
    "proc/meminfo": "MemTotal: 8000000 kB\n",
    "proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu avx2 hypervisor\n",
}

QUIET_HOST = replace(HOST, governor="performance", throttled=())
NO_FILES = read_state(Path("no such folder"))
BEFORE = replace(NO_FILES, at_s=100.0, busy_s=50.0, stolen_s=0.0, own_s=2.0)
# Ten seconds, of which this process used eight.
AFTER = replace(BEFORE, at_s=110.0, busy_s=58.5, own_s=10.0)
STEADY = measurement(rounds_ms=(1.0, 1.01, 1.02, 1.01))


def tree(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_raspberry_pi(tmp_path: Path) -> None:
    root = tree(tmp_path, PI)
    state = read_state(root)
    assert (state.temperature_c, state.pi_flags) == (48.312, 0x50000)
    ticks = os.sysconf("SC_CLK_TCK")
    # User, nice, system and interrupts; not idle, waiting or stolen.
    assert (state.busy_s, state.stolen_s) == (163 / ticks, 50 / ticks)
    host = read_host(state, replace(state, temperature_c=60.0), root)
    assert host.cpu.endswith(" (Raspberry Pi 4 Model B Rev 1.4)")
    assert host.governor == "ondemand"
    assert host.memory_bytes == 3884352 * 1024
    assert host.temperature_c == Temperature(before=48.312, after=60.0)
    assert host.throttled == ()
    assert host.cores == usable_cores() >= 1


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (0x0, 0x0, ()),
        # Since boot, but not now and not in this run.
        (0x50000, 0x50000, ()),
        (0x0, 0x50005, ("under-voltage", "throttled")),
        # Held for a moment in between.
        (0x0, 0x80000, ("soft temperature limit",)),
        (0x20002, 0x20000, ("frequency capped",)),
    ],
)
def test_throttling_of_a_raspberry_pi(
    tmp_path: Path, before: int, after: int, words: tuple[str, ...]
) -> None:
    state = read_state(tree(tmp_path, PI))
    found = throttling(replace(state, pi_flags=before), replace(state, pi_flags=after))
    assert found == words


def test_a_pc_that_runs_hot(tmp_path: Path) -> None:
    before = read_state(tree(tmp_path, PC))
    assert (before.temperature_c, before.heat_events) == (61.0, 7)
    assert throttling(before, before) == ()
    assert throttling(before, replace(before, heat_events=8)) == ("heat",)
    assert (before.on_battery, before.is_virtual) == (True, False)


def test_a_container(tmp_path: Path) -> None:
    before = read_state(tree(tmp_path, CONTAINER))
    host = read_host(before, replace(before, quota_events=9), tmp_path)
    assert host.throttled == ("processor quota",)
    assert host.memory_bytes == 536870912
    assert (before.on_battery, before.is_virtual) == (False, True)


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    state = read_state(tmp_path)
    host = read_host(state, state, tmp_path)
    told = (host.governor, host.temperature_c, host.throttled, host.memory_bytes)
    assert told == (None, None, None, None)
    assert (state.busy_s, state.stolen_s) == (None, None)
    assert (state.on_battery, state.is_virtual) == (False, False)
    assert host.cpu
    assert host.os


def doubts(
    host: Host = QUIET_HOST,
    after: MachineState = AFTER,
    measurements: tuple[Measurement, ...] = (STEADY,),
) -> dict[str, str]:
    found = find_doubts(host, BEFORE, after, measurements)
    return {doubt.code: doubt.message for doubt in found}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"host": replace(QUIET_HOST, governor=None, throttled=None)},
        {"host": replace(QUIET_HOST, throttled=None)},
        {"after": replace(AFTER, busy_s=None, stolen_s=None)},
    ],
)
def test_quiet_or_unknown_machine_leaves_no_doubt(changes: dict[str, Any]) -> None:
    assert doubts(**changes) == {}


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


def test_the_worst_are_named_and_the_rest_counted() -> None:
    few = [
        replace(measurement(scenario="batch", batch=size, rounds_ms=(1.0, 1.0)), n=size)
        for size in (9, 3, 5, 7)
    ]
    message = doubts(measurements=tuple(few))["few_samples"]
    assert "batch of 3 on 1 (edge) 3, batch of 5 on 1 (edge) 5, batch of 7" in message
    assert "and 1 more" in message
