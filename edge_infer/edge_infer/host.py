"""The processor of this machine, and its instruction sets that decide the speed of int8."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CPUINFO: Final = Path("/proc/cpuinfo")
# Flag in /proc/cpuinfo -> usual name.
_RELEVANT: Final = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_vnni": "AVX-512 VNNI",
    "avx_vnni": "AVX VNNI",
    "amx_int8": "AMX int8",
    "asimd": "NEON",
    "asimddp": "dotprod",
    "i8mm": "i8mm",
}
# Part number of ARM processors -> name.
_ARM_PARTS: Final = {
    "0xd03": "Cortex-A53",
    "0xd04": "Cortex-A35",
    "0xd05": "Cortex-A55",
    "0xd07": "Cortex-A57",
    "0xd08": "Cortex-A72",
    "0xd09": "Cortex-A73",
    "0xd0a": "Cortex-A75",
    "0xd0b": "Cortex-A76",
    "0xd0c": "Neoverse-N1",
}


@dataclass(frozen=True)
class CpuInstructions:
    """Instruction sets of the processor that matter for int8."""

    present: tuple[str, ...]

    @property
    def has_int8_dot_product(self) -> bool:
        """Whether int8 convolutions run at full speed (VNNI on x86, dotprod on ARM)."""
        return any(name.endswith(("VNNI", "AMX int8", "dotprod")) for name in self.present)


def cpu_name() -> str:
    """Return the name of the processor, or its architecture when the name is unknown."""
    fields = _cpuinfo()
    if "model name" in fields:
        return fields["model name"]
    if fields.get("CPU part") in _ARM_PARTS:
        return _ARM_PARTS[fields["CPU part"]]
    if platform.system() == "Darwin":
        return _sysctl("machdep.cpu.brand_string")
    return platform.processor() or platform.machine()


def machine_name() -> str:
    """Return the processor's name and the number of cores, as results name the machine."""
    return f"{cpu_name()}, {os.cpu_count()} cores"


def cpu_instructions() -> CpuInstructions:
    """Return the instruction sets of :data:`_RELEVANT` that the processor reports."""
    fields = _cpuinfo()
    flags = set((fields.get("flags") or fields.get("Features") or "").split())
    return CpuInstructions(tuple(name for flag, name in _RELEVANT.items() if flag in flags))


def _cpuinfo() -> dict[str, str]:
    if not CPUINFO.is_file():
        return {}
    first_processor = CPUINFO.read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
    pairs = (line.partition(":") for line in first_processor.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _sysctl(name: str) -> str:
    result = subprocess.run(
        ["/usr/sbin/sysctl", "-n", name], capture_output=True, text=True, check=False, timeout=5
    )
    return result.stdout.strip() or platform.machine()
