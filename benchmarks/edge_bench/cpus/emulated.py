"""The emulated CPUs: which there are, and how a Python program is run on each.

An ARM64 CPU gets Debian's Python for ARM64 and the very wheels that a Raspberry Pi
installs; a Haswell gets this Python and its packages as they are.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_bench.cpus.debian import Debian, make_once
from edge_infer.errors import MissingExtraError

_PYTHON_PACKAGES: Final = ("python3-minimal", "libpython3-stdlib", "libstdc++6", "libgcc-s1")
# The headless build is the same OpenCV without windows, which need more of the system.
_WHEELS: Final = {
    "numpy": ("numpy",),
    "onnxruntime": ("onnxruntime",),
    "opencv-python-headless": ("opencv-python", "opencv-python-headless"),
}
_PLATFORMS: Final = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")
# Threads that wait for work spin, and spinning is emulated too.
_ONE_THREAD: Final = ("-E", "OMP_NUM_THREADS=1", "-E", "OPENCV_FOR_THREADS_NUM=1")
_PIP: Final = (
    *("install", "--quiet", "--no-compile", "--only-binary=:all:", "--implementation=cp"),
    *("--retries=2", *(f"--platform={name}_aarch64" for name in _PLATFORMS)),
)
_CPUINFO: Final = (
    "processor\t: {}\nBogoMIPS\t: 108.00\nFeatures\t: {}\nCPU implementer\t: 0x41\n"
    "CPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: {}\nCPU revision\t: 4\n\n"
)
_NEON: Final = "fp asimd evtstrm aes pmull sha1 sha2 crc32"


@dataclass(frozen=True)
class EmulatedCpu:
    """A CPU that QEMU emulates.

    Attributes:
        name: As people know it.
        about: What it has, and where it is found.
        qemu: QEMU's name for it.
        part: ``CPU part`` of ``/proc/cpuinfo`` on ARM64; None on x86-64.
        features: Of ``/proc/cpuinfo`` likewise.
    """

    name: str
    about: str
    qemu: str
    part: str | None = None
    features: str = _NEON


# The first two are asked first, and where time is short alone: each has instructions of its own.
CPUS: Final = (
    EmulatedCpu("Haswell", "x86-64 with AVX2, without VNNI", "Haswell"),
    EmulatedCpu(
        "Cortex-A76",
        "Raspberry Pi 5, with dotprod",
        "cortex-a76",
        "0xd0b",
        f"{_NEON} atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp",
    ),
    EmulatedCpu("Cortex-A72", "Raspberry Pi 4", "cortex-a72", "0xd08"),
    EmulatedCpu("Cortex-A53", "Raspberry Pi 3, Zero 2 W", "cortex-a53", "0xd03"),
)


@dataclass(frozen=True)
class Emulators:
    """QEMU and what it needs, under one folder.

    Attributes:
        cache: Where everything is unpacked, and found again the next time.
        debian: Where it comes from.
    """

    cache: Path
    debian: Debian

    @property
    def _tools(self) -> Path:
        return self.cache / self.debian.suite / "qemu"

    @property
    def _arm64(self) -> Path:
        return self.cache / self.debian.suite / "arm64"

    def qemu(self, architecture: str) -> list[str]:
        """Return the words that start QEMU, fetched if need be.

        Args:
            architecture: As QEMU names it.

        Raises:
            RunError: It cannot be had.
        """
        self.debian.unpack(("qemu-user",), self._tools, architecture=self.debian.architecture)
        program = str(self._tools / f"usr/bin/qemu-{architecture}")
        if b"/ld-linux" not in Path(program).read_bytes()[:4096]:
            return [program]
        # Its libraries are beside it, and may be other than this machine's.
        loader = next(self._tools.glob("lib*/ld-linux*"))
        folders = {path.parent for path in self._tools.glob("**/lib*.so.*")}
        return [str(loader), "--library-path", ":".join(map(str, sorted(folders))), program]

    def python(self, cpu: EmulatedCpu, paths: Sequence[Path], plugin: str = "") -> list[str]:
        """Return the words that start Python on a CPU, made ready if need be.

        Args:
            cpu: Which.
            paths: Folders with packages of one's own.
            plugin: Of QEMU, with its arguments; empty for none.

        Raises:
            MissingExtraError: This machine cannot emulate it.
            RunError: Something cannot be had.
        """
        plugins = ["-plugin", plugin] if plugin else []
        options = ["-cpu", cpu.qemu, *plugins, *_ONE_THREAD]
        if cpu.part is None:
            if self.debian.architecture != "amd64":
                raise MissingExtraError("an x86-64 CPU is emulated on x86-64 alone")
            path = os.pathsep.join(map(str, paths))
            return [*self.qemu("x86_64"), *options, "-E", f"PYTHONPATH={path}", sys.executable]
        self.debian.unpack(_PYTHON_PACKAGES, self._arm64, architecture="arm64")
        python = next((self._arm64 / "usr/bin").glob("python3.*"))
        path = os.pathsep.join(map(str, (self._wheels(python.name), *paths)))
        root = self._root(cpu)
        options += ["-L", str(root), "-E", f"PYTHONPATH={path}"]
        return [*self.qemu("aarch64"), *options, str(root / "usr/bin" / python.name)]

    def _wheels(self, python: str) -> Path:
        """Return a folder with the wheels for ARM64, of the versions that are installed here."""
        wanted = [f"{name}=={_version(installed)}" for name, installed in _WHEELS.items()]
        version = python.removeprefix("python")
        folder = self.cache / "-".join(("wheels", version, *wanted)).replace("==", "-")
        make_once(folder, lambda part: self._install(wanted, version, part))
        return folder

    def _install(self, wanted: Sequence[str], version: str, folder: Path) -> None:
        words = [*_PIP, f"--python-version={version}", f"--target={folder}", *wanted]
        self.debian.fetch(sys.executable, "-m", "pip", *words)

    def _root(self, cpu: EmulatedCpu) -> Path:
        """Return the files of ARM64 as seen from a CPU: with a ``/proc/cpuinfo`` of its own.

        QEMU before 8.1 shows this machine's, on which onnxruntime for ARM64 crashes.
        """
        root = self._arm64.with_name(cpu.qemu)

        def make(part: Path) -> None:
            (part / "proc").mkdir(parents=True)
            for path in self._arm64.iterdir():
                if path.name != "proc":
                    (part / path.name).symlink_to(Path("..", self._arm64.name, path.name))
            each = (
                _CPUINFO.format(processor, cpu.features, cpu.part)
                for processor in range(os.cpu_count() or 1)
            )
            (part / "proc/cpuinfo").write_text("".join(each))

        make_once(root, make)
        return root


def _version(distributions: Sequence[str]) -> str:
    for name in distributions:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    raise MissingExtraError(f"none of {', '.join(distributions)} is installed")
