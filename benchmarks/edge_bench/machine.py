"""Properties and state of the machine, read before and after a run.

The sources are files of Linux that need no privileges. On other systems most values are None.
"""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_bench.record import Host, Temperature
from edge_infer.host import cpu_instructions, cpu_name

ROOT: Final = Path("/")
_CPUS: Final = "sys/devices/system/cpu"
# Firmware of the Raspberry Pi: bits for the present state, and 16 bits higher for the past.
_PI_FLAGS: Final = "sys/devices/platform/soc/soc:firmware/get_throttled"
_PI_WORDS: Final = ("under-voltage", "frequency capped", "throttled", "soft temperature limit")
_HELD_BEFORE_BITS: Final = 16
# Control groups, version 2 and version 1.
_QUOTA_FILES: Final = ("sys/fs/cgroup/cpu.stat", "sys/fs/cgroup/cpu/cpu.stat")
_LIMIT_FILES: Final = ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes")
_SENSORS: Final = ("cpu", "soc", "x86_pkg_temp")
_USER, _NICE, _SYSTEM, _STEAL = 0, 1, 2, 7
_INTERRUPTS: Final = (5, 6)


@dataclass(frozen=True, kw_only=True)
class MachineState:
    """The state at one moment. Counters have any origin; only differences are meaningful.

    Attributes:
        at_s: Time of the reading.
        temperature_c: Highest temperature of the processor.
        pi_flags: Bits of the Raspberry Pi's firmware.
        heat_events: Number of times that x86 cores were throttled by heat.
        quota_events: Number of times that the container was stopped at its processor quota.
        busy_s: Processor time of all programs on all cores.
        stolen_s: Processor time that the hypervisor gave to other machines.
        own_s: Processor time of this process and its children.
        is_virtual: Whether the processor reports a hypervisor.
        on_battery: Whether a battery is being discharged.
    """

    at_s: float
    temperature_c: float | None
    pi_flags: int | None
    heat_events: int | None
    quota_events: int | None
    busy_s: float | None
    stolen_s: float | None
    own_s: float
    is_virtual: bool
    on_battery: bool


def read_state(root: Path = ROOT) -> MachineState:
    """Read the present state; tests give another ``root``."""
    pi_flags = _text(root / _PI_FLAGS)
    busy_s, stolen_s = _processor_s(root)
    return MachineState(
        at_s=time.perf_counter(),
        temperature_c=_temperature_c(root),
        pi_flags=None if pi_flags is None else int(pi_flags, 16),
        heat_events=_heat_events(root),
        quota_events=_quota_events(root),
        busy_s=busy_s,
        stolen_s=stolen_s,
        own_s=sum(os.times()[:4]),
        is_virtual=_is_virtual(root),
        on_battery=_is_on_battery(root),
    )


def read_host(before: MachineState, after: MachineState, root: Path = ROOT) -> Host:
    """Describe the machine and its throttling between two readings."""
    libc = " ".join(platform.libc_ver()).strip()
    return Host(
        cpu=_cpu(root),
        instructions=cpu_instructions().present,
        architecture=platform.machine(),
        cores=usable_cores(),
        governor=_text(root / _CPUS / "cpu0/cpufreq/scaling_governor"),
        temperature_c=_temperatures(before, after),
        throttled=throttling(before, after),
        memory_bytes=_memory_bytes(root),
        os=_os_name(),
        libc=libc or None,
        python=platform.python_version(),
    )


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def throttling(before: MachineState, after: MachineState) -> tuple[str, ...] | None:
    """Return what throttled the processor between two readings; None where it is unknown."""
    words: list[str] = []
    known = False
    if before.pi_flags is not None and after.pi_flags is not None:
        known = True
        anew = (after.pi_flags & ~before.pi_flags) >> _HELD_BEFORE_BITS
        held = before.pi_flags | after.pi_flags | anew
        words += [word for bit, word in enumerate(_PI_WORDS) if held >> bit & 1]
    for count, earlier, word in (
        (after.heat_events, before.heat_events, "heat"),
        (after.quota_events, before.quota_events, "processor quota"),
    ):
        if count is not None and earlier is not None:
            known = True
            words += [word] if count > earlier else []
    return tuple(words) if known else None


def _cpu(root: Path) -> str:
    board = (_text(root / "proc/device-tree/model") or "").strip("\0")
    return f"{cpu_name()} ({board})" if board else cpu_name()


def _temperatures(before: MachineState, after: MachineState) -> Temperature | None:
    if before.temperature_c is None or after.temperature_c is None:
        return None
    return Temperature(before=before.temperature_c, after=after.temperature_c)


def _temperature_c(root: Path) -> float | None:
    zones = (root / "sys/class/thermal").glob("thermal_zone*")
    texts = [
        _text(zone / "temp") for zone in zones if (_text(zone / "type") or "").startswith(_SENSORS)
    ]
    return max((int(text) / 1000 for text in texts if text), default=None)


def _heat_events(root: Path) -> int | None:
    files = (root / _CPUS).glob("cpu*/thermal_throttle/*_throttle_count")
    counts = [int(text) for text in map(_text, files) if text]
    return sum(counts) if counts else None


def _quota_events(root: Path) -> int | None:
    for name in _QUOTA_FILES:
        for line in (_text(root / name) or "").splitlines():
            if line.startswith("nr_throttled "):
                return int(line.split()[1])
    return None


def _processor_s(root: Path) -> tuple[float | None, float | None]:
    """Return the busy and the stolen time of all cores."""
    line = (_text(root / "proc/stat") or "").partition("\n")[0].split()
    if len(line) <= _STEAL + 1:
        return None, None
    ticks = [int(word) for word in line[1:]]
    a_second = os.sysconf("SC_CLK_TCK")
    busy = sum(ticks[at] for at in (_USER, _NICE, _SYSTEM, *_INTERRUPTS))
    return busy / a_second, ticks[_STEAL] / a_second


def _is_virtual(root: Path) -> bool:
    cpuinfo = _text(root / "proc/cpuinfo") or ""
    flags = next((line for line in cpuinfo.splitlines() if line.startswith("flags")), "")
    return "hypervisor" in flags.split() or (root / "sys/hypervisor/type").exists()


def _is_on_battery(root: Path) -> bool:
    statuses = (root / "sys/class/power_supply").glob("*/status")
    return any(_text(path) == "Discharging" for path in statuses)


def _memory_bytes(root: Path) -> int | None:
    sizes: list[int] = []
    for line in (_text(root / "proc/meminfo") or "").splitlines():
        if line.startswith("MemTotal:"):
            sizes.append(1024 * int(line.split()[1]))
    limits = (_text(root / name) for name in _LIMIT_FILES)
    sizes += [int(text) for text in limits if text and text.isdigit()]
    return min(sizes, default=None)


def _os_name() -> str:
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform()
    return f"{name}, {platform.system()} {platform.release()}"


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None
