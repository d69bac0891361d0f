"""Check the golden answers on emulated CPUs: a Haswell and those of three Raspberry Pis.

Usage::

    python benchmarks/parity_cpus.py                    # every emulated CPU
    python benchmarks/parity_cpus.py --quick            # those that answer in under five minutes
    python benchmarks/parity_cpus.py --results FOLDER   # also write FOLDER/parity.md

Each CPU runs ``tests/golden/make_golden.py`` under QEMU's user mode. The ARM64 CPUs run Debian's
Python with the wheels that a Raspberry Pi installs, of the versions that are installed here; the
Haswell runs this Python. QEMU and Python for ARM64 are Debian packages, unpacked into ``--cache``:
nothing is installed and root is not needed. Where the emulators cannot be fetched, the script
prints ``skipped: ...`` and exits with 0. A CPU that has not answered in time is left out.

Exit status: 1 where an answer differs.
"""

from __future__ import annotations

import argparse
import functools
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from edge_infer.environment import DATA
from edge_infer.host import cpu_instructions, cpu_name
from edge_infer.io.atomic import write_text
from edge_infer.text import duration, markdown_table

ROOT: Final = Path(__file__).resolve().parents[1]
CACHE: Final = Path("~/.cache/edge-mnist/cpus")
TIME_LIMIT_S: Final = 3600
QUICK_TIME_LIMIT_S: Final = 270
DEBIAN_NAMES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
PACKAGES: Final = ("python3-minimal", "libpython3-stdlib", "libstdc++6", "libgcc-s1")
# Installed distribution -> wheel. The headless OpenCV is the same without windows.
WHEELS: Final = {
    "numpy": "numpy",
    "onnxruntime": "onnxruntime",
    "opencv-python": "opencv-python-headless",
}
MANYLINUX: Final = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")
# Waiting threads spin, and spinning is emulated too.
VARIABLES: Final = "OMP_NUM_THREADS=1,OPENCV_FOR_THREADS_NUM=1,PYTHONDONTWRITEBYTECODE=1"
CPUINFO: Final = (
    "processor\t: {}\nBogoMIPS\t: 108.00\nFeatures\t: {}\nCPU implementer\t: 0x41\n"
    "CPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: {}\nCPU revision\t: 4\n\n"
)
NEON: Final = "fp asimd evtstrm aes pmull sha1 sha2 crc32"
DOTPROD: Final = f"{NEON} atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp"


class UnavailableError(Exception):
    """Something that the emulation needs cannot be had on this machine, or not in time."""


@dataclass(frozen=True)
class Cpu:
    """An emulated CPU; ``part`` and ``features`` stand in the ``/proc/cpuinfo`` of ARM64."""

    name: str
    qemu: str
    part: str = ""
    features: str = NEON


# Where time is short, the first ones answer: they differ most in their int8 instructions.
CPUS: Final = (
    Cpu("Haswell (x86-64 with AVX2, without VNNI)", "Haswell"),
    Cpu("Cortex-A76 (Raspberry Pi 5, with dotprod)", "cortex-a76", "0xd0b", DOTPROD),
    Cpu("Cortex-A72 (Raspberry Pi 4)", "cortex-a72", "0xd08"),
    Cpu("Cortex-A53 (Raspberry Pi 3, Zero 2 W)", "cortex-a53", "0xd03"),
)


@dataclass(frozen=True)
class Answer:
    """What the check on one CPU found: ``same``, ``differs``, ``failed`` or ``left out``."""

    cpu: str
    outcome: str
    time_s: float = 0
    details: str = ""


@dataclass(frozen=True)
class Emulators:
    """Programs and packages in the folder ``cache``, fetched when they are first needed.

    Nothing is fetched or run after ``ends_s``, a value of ``time.monotonic()``.
    """

    cache: Path
    ends_s: float

    def run(self, *words: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a program without input until it ends or the time is up."""
        try:
            return subprocess.run(
                words,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=max(0, self.ends_s - time.monotonic()),
                check=False,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "LC_ALL": "C", **variables},
            )
        except subprocess.TimeoutExpired as error:
            raise UnavailableError("the time was up") from error

    def fetch(self, *words: str | Path) -> None:
        """Run a program that has to succeed."""
        done = self.run(*words)
        if done.returncode:
            reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise UnavailableError(f"{Path(words[0]).name} failed: {''.join(reason)}")

    def unpack(self, packages: Sequence[str], architecture: str, folder: Path) -> None:
        """Fetch Debian packages with what they depend on, and unpack them into a folder.

        apt gets a private state: it uses this machine's mirrors and changes nothing else.
        """
        if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
            raise UnavailableError("the emulators are Debian packages, and this is not Debian")
        state = folder.with_name("apt")
        for name in ("lists/partial", "cache/archives/partial"):
            (state / name).mkdir(parents=True)
        (state / "status").touch()
        settings = {
            "APT::Architecture": architecture,
            "APT::Architectures::": architecture,
            "APT::Sandbox::User": "",
            "Acquire::http::Timeout": "20",
            "Debug::NoLocking": "1",
            "Dir::Cache": state / "cache",
            "Dir::State": state,
            "Dir::State::status": state / "status",
        }
        options = [f"--option={name}={value}" for name, value in settings.items()]
        install = ("--yes", "--no-install-recommends", "--download-only", "install", *packages)
        for words in (("update",), install):
            self.fetch("apt-get", "--quiet=2", *options, *words)
        for package in sorted(state.glob("cache/archives/*.deb")):
            self.fetch("dpkg-deb", "--extract", package, folder)
        # Where /lib is a link to /usr/lib, no package contains the link.
        for name in ("lib", "lib64"):
            if not (folder / name).exists() and (folder / "usr" / name).is_dir():
                (folder / name).symlink_to(f"usr/{name}")

    def install_wheels(self, python: str, folder: Path) -> None:
        """Unpack the ARM64 wheels of the installed versions into a folder."""
        wanted = [f"{wheel}=={importlib.metadata.version(name)}" for name, wheel in WHEELS.items()]
        kind = ("--only-binary=:all:", "--implementation=cp", f"--python-version={python}")
        platforms = (f"--platform={name}_aarch64" for name in MANYLINUX)
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-compile")
        self.fetch(*pip, *kind, *platforms, f"--target={folder}", *wanted)

    def qemu(self, architecture: str) -> Path:
        """Return QEMU's program for an architecture, linked statically."""
        host = DEBIAN_NAMES.get(platform.machine(), platform.machine())
        unpack = functools.partial(self.unpack, ("qemu-user-static",), host)
        programs = make_once(self.cache / "qemu", unpack) / "usr/bin"
        # From Debian 13 on the package qemu-user holds static programs under the short name.
        static = programs / f"qemu-{architecture}-static"
        return static if static.is_file() else programs / f"qemu-{architecture}"

    def python(self, cpu: Cpu) -> list[str | Path]:
        """Return the words that start a Python with numpy, OpenCV and onnxruntime on a CPU."""
        options = ("-cpu", cpu.qemu, "-E", VARIABLES, "-E")
        if not cpu.part:
            if platform.machine() != "x86_64":
                raise UnavailableError("an x86-64 CPU is emulated on x86-64 only")
            path = f"PYTHONPATH={ROOT}/edge_infer"
            return [self.qemu("x86_64"), *options, path, sys.executable]
        unpack = functools.partial(self.unpack, PACKAGES, "arm64")
        arm64 = make_once(self.cache / "arm64", unpack)
        view = make_once(self.cache / cpu.qemu, functools.partial(link_system, arm64, cpu))
        python = next(path for path in arm64.glob("usr/bin/python3.*") if path.suffix[1:].isdigit())
        version = python.name.removeprefix("python")
        versions = (importlib.metadata.version(name) for name in WHEELS)
        install = functools.partial(self.install_wheels, version)
        wheels = make_once(self.cache / "-".join(("wheels", version, *versions)), install)
        path = f"PYTHONPATH={wheels}:{ROOT}/edge_infer"
        return [self.qemu("aarch64"), *options, path, "-L", view, python]

    def check(self, name: str, python: Sequence[str | Path], data: str) -> Answer:
        """Run the golden check with a Python; ``data`` is the folder of MNIST or empty."""
        start_s = time.monotonic()
        try:
            done = self.run(*python, ROOT / "tests/golden/make_golden.py", **{DATA: data})
        except UnavailableError as error:
            return Answer(name, "left out", time.monotonic() - start_s, str(error))
        # Differences are printed; a program that crashes prints none.
        outcome = "same" if not done.returncode else "differs" if done.stdout else "failed"
        details = "" if outcome == "same" else (done.stdout or done.stderr[-1000:]).strip()
        return Answer(name, outcome, time.monotonic() - start_s, details)

    def check_all(self, data: str) -> list[Answer]:
        """Fetch what is missing, then check the CPUs, as many at once as there are cores."""
        pythons: list[tuple[str, list[str | Path]]] = []
        left_out: list[Answer] = []
        for cpu in CPUS:
            print(f"parity-cpus: preparing {cpu.name}", file=sys.stderr, flush=True)
            try:
                pythons.append((cpu.name, self.python(cpu)))
            except (UnavailableError, OSError) as error:
                left_out.append(Answer(cpu.name, "left out", details=str(error)))
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            answers = [pool.submit(self.check, *python, data) for python in pythons]
            return [*(answer.result() for answer in answers), *left_out]


def make_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Let ``make`` fill a folder that does not exist yet; a half-filled one is never left."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as name:
            part = Path(name) / "part"
            part.mkdir()
            make(part)
            part.rename(folder)
    return folder


def link_system(arm64: Path, cpu: Cpu, folder: Path) -> None:
    """Link the files of ARM64 beside a ``/proc/cpuinfo`` of the CPU.

    QEMU before 8.1 shows the host's, on which onnxruntime for ARM64 crashes.
    """
    for path in arm64.iterdir():
        if path.name != "proc":
            (folder / path.name).symlink_to(Path("..", arm64.name, path.name))
    (folder / "proc").mkdir()
    cores = range(os.cpu_count() or 1)
    text = "".join(CPUINFO.format(core, cpu.features, cpu.part) for core in cores)
    (folder / "proc/cpuinfo").write_text(text)


def report(answers: Sequence[Answer]) -> str:
    """Return the report as Markdown: a table, then what differs and what was left out."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in WHEELS)
    machine = ", ".join((cpu_name(), *cpu_instructions().present))
    rows = [(each.cpu, each.outcome, duration(each.time_s)) for each in answers]
    lines = (
        "# The same answers on every CPU\n",
        f"Written by `make parity-cpus` on {datetime.now(UTC).date()}; {machine}; {versions}.",
        "Tensors, int8 probabilities, and texts and boxes of pages must equal the golden answers",
        "to the bit, float probabilities within 5e-5. All CPUs but the first are emulated.\n",
        *markdown_table(("CPU", "answers", "time"), rows),
        *(f"- {each.cpu}: {each.details}" for each in answers if each.details),
    )
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    """Return 1 where a CPU gives another answer or fails."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="end within five minutes")
    parser.add_argument("--cache", type=Path, default=CACHE, help=f"for the emulators ({CACHE})")
    parser.add_argument("--results", type=Path, help="folder for parity.md")
    arguments = parser.parse_args()
    limit_s = QUICK_TIME_LIMIT_S if arguments.quick else TIME_LIMIT_S
    emulators = Emulators(arguments.cache.expanduser().resolve(), time.monotonic() + limit_s)
    data = "" if arguments.quick else os.environ.get(DATA, "")
    native = emulators.check(f"{cpu_name()}, not emulated", [sys.executable], data)
    emulated = emulators.check_all(data)
    if all(each.outcome == "left out" for each in emulated):
        print(f"skipped: {'; '.join(sorted({each.details for each in emulated}))}")
        return 0
    answers = [native, *emulated]
    text = report(answers)
    print(text, end="")
    if arguments.results:
        write_text(arguments.results / "parity.md", text)
    return int(any(each.outcome in ("differs", "failed") for each in answers))


if __name__ == "__main__":
    sys.exit(main())
