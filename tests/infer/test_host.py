from __future__ import annotations

from pathlib import Path

import pytest

from edge_infer import host

X86 = "processor\t: 0\nmodel name\t: Some Xeon\nflags\t\t: fpu avx2 avx512_vnni\n\nprocessor\t: 1\n"
PI_4 = "processor\t: 0\nFeatures\t: fp asimd crc32\nCPU implementer\t: 0x41\nCPU part\t: 0xd08\n"
PI_5 = "processor\t: 0\nFeatures\t: fp asimd asimddp\nCPU implementer\t: 0x41\nCPU part\t: 0xd0b\n"


@pytest.mark.parametrize(
    ("cpuinfo", "name", "instructions", "dot_product"),
    [
        (X86, "Some Xeon", ("AVX2", "AVX-512 VNNI"), True),
        (PI_4, "Cortex-A72", ("NEON",), False),
        (PI_5, "Cortex-A76", ("NEON", "dotprod"), True),
    ],
)
def test_host_reads_cpuinfo_of_x86_and_arm(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cpuinfo: str,
    name: str,
    instructions: tuple[str, ...],
    dot_product: bool,
) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(cpuinfo)
    monkeypatch.setattr(host, "CPUINFO", path)
    assert host.cpu_name() == name
    assert host.cpu_instructions().present == instructions
    assert host.cpu_instructions().has_int8_dot_product is dot_product


def test_host_without_cpuinfo_still_has_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "CPUINFO", tmp_path / "missing")
    monkeypatch.setattr(host.platform, "system", lambda: "Plan 9")
    monkeypatch.setattr(host.platform, "processor", lambda: "")
    monkeypatch.setattr(host.platform, "machine", lambda: "riscv64")
    assert host.cpu_name() == "riscv64"
    assert host.cpu_instructions().present == ()
