"""Asking CPUs: this one in a process of its own, of the emulated ones one for each core."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

import edge_bench
import edge_infer
from edge_bench.cpus.answers import Answers
from edge_bench.cpus.compare import Differences, compare
from edge_bench.cpus.debian import Debian, run
from edge_bench.cpus.emulated import CPUS, EmulatedCpu, Emulators
from edge_bench.cpus.instructions import build_counter, count_instructions
from edge_bench.cpus.report import CpuResult
from edge_bench.machine import usable_cores
from edge_infer.errors import EdgeMnistError, MissingExtraError, RunError

Notify = Callable[[str], None]

_PROGRAM: Final = ("-m", "edge_bench.cpus.answers")
_TIMEOUT_S: Final = 3600
# Emulated, these packages are not installed: they are read where they stand.
_PACKAGES: Final = tuple(
    Path(package.__path__[0]).resolve().parent for package in (edge_bench, edge_infer)
)


@dataclass(frozen=True)
class Ready:
    """How Python starts on a CPU; ``counted`` under the counter, empty without one."""

    cpu: EmulatedCpu
    python: list[str]
    counted: list[str]


def make_ready(
    cache: Path, *, counts: bool, notify: Notify, ends_s: float = math.inf
) -> tuple[list[Ready], list[str]]:
    """Fetch what is missing.

    Args:
        cache: Where the emulators are kept.
        counts: Whether instructions are to be counted.
        notify: Told what goes on.
        ends_s: Of :func:`time.monotonic`: what is not here by then cannot be had.

    Returns:
        The CPUs that can be emulated here; why something else cannot be had.
    """
    left_out: list[str] = []
    try:
        emulators = Emulators(cache, Debian.of_this_machine(ends_s=ends_s))
        notify("making QEMU ready")
        emulators.qemu("aarch64")
    except (MissingExtraError, RunError, OSError) as error:
        return [], [f"all emulated CPUs: {_reason(error)}"]
    counter = ""
    if counts:
        try:
            counter = str(build_counter(emulators))
        except (MissingExtraError, RunError) as error:
            left_out.append(f"instructions: {error.message}")
    ready: list[Ready] = []
    for cpu in CPUS:
        notify(f"making {cpu.name} ready")
        try:
            python = emulators.python(cpu, _PACKAGES)
            counted = emulators.python(cpu, _PACKAGES, plugin=counter) if counter else []
            ready.append(Ready(cpu, python, counted))
        except (MissingExtraError, RunError, OSError) as error:
            left_out.append(f"{cpu.name}: {_reason(error)}")
    return ready, left_out


def ask(python: Sequence[str], folder: Path, out: Path, *, ends_s: float = math.inf) -> Answers:
    """Let one CPU answer what lies in a folder.

    Args:
        python: Words that start Python on it.
        folder: Of :func:`edge_bench.cpus.inputs.make_inputs`.
        out: ``.npz`` that keeps the answers.
        ends_s: Of :func:`time.monotonic`: when it has to have answered.

    Raises:
        RunError: It fails, or takes too long, which has the code ``late``.
    """
    timeout_s = min(_TIMEOUT_S, ends_s - time.monotonic())
    run(*python, *_PROGRAM, str(folder), str(out), timeout_s=timeout_s)
    return load_answers(out)


def load_answers(path: Path) -> Answers:
    """Read what a CPU answered.

    Raises:
        RunError: The file is not there.
    """
    try:
        with np.load(path) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except FileNotFoundError as error:
        raise RunError(f"{path} is not there: it is made by `make parity-cpus`") from error


def ask_emulated(
    ready: Sequence[Ready],
    folder: Path,
    reference: Answers,
    *,
    notify: Notify,
    ends_s: float = math.inf,
) -> tuple[tuple[CpuResult, ...], tuple[str, ...]]:
    """Let emulated CPUs answer.

    Args:
        ready: The CPUs.
        folder: As of :func:`ask`; keeps their answers too.
        reference: What they are compared with.
        notify: Told what goes on.
        ends_s: Of :func:`time.monotonic`: who has not answered by then is left out.

    Returns:
        A result for each CPU that answered in time; which did not.

    Raises:
        RunError: A CPU fails at answering.
    """

    def result(one: Ready) -> CpuResult | str:
        notify(f"{one.cpu.name}, emulated")
        try:
            answers = ask(one.python, folder, folder / f"{one.cpu.qemu}.npz", ends_s=ends_s)
        except RunError as error:
            if error.code != "late":
                raise
            return f"{one.cpu.name}: it had not answered when the time was up"
        found = _result(one, compare(reference, answers))
        notify(f"{one.cpu.name} is done")
        return found

    with ThreadPoolExecutor(usable_cores()) as pool:
        results = list(pool.map(result, ready))
    return (
        tuple(each for each in results if isinstance(each, CpuResult)),
        tuple(each for each in results if isinstance(each, str)),
    )


def _result(one: Ready, differences: Differences) -> CpuResult:
    counts = count_instructions(lambda: _count(one.counted)) if one.counted else {}
    return CpuResult(
        name=one.cpu.name, about=one.cpu.about, differences=differences, instructions=counts
    )


def _count(python: Sequence[str]) -> str:
    return run(*python, *_PROGRAM, "--count", timeout_s=_TIMEOUT_S).stderr


def _reason(error: Exception) -> str:
    return error.message if isinstance(error, EdgeMnistError) else str(error)
