"""What is read of a machine, from trees of files as a Raspberry Pi, a PC and a container have."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from edge_bench.machine import read_host, read_state, throttling, usable_cores
from edge_bench.record import Temperature

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
