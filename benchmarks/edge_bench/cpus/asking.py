"""Asking CPUs: this one in a process of its own, the emulated ones side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

import edge_bench
import edge_infer
from edge_bench.cpus.answers import Answers
from edge_bench.cpus.compare import compare
from edge_bench.cpus.debian import Debian, run
from edge_bench.cpus.emulated import CPUS, EmulatedCpu, Emulators
from edge_bench.cpus.instructions import build_counter, count_instructions
from edge_bench.cpus.report import CpuResult
from edge_infer.errors import MissingExtraError, RunError

Notify = Callable[[str], None]

_PROGRAM: Final = ("-m", "edge_bench.cpus.answers")
_TIMEOUT_S: Final = 3600
# Emulated, these packages are not installed: they are read where they stand.
_PACKAGES: Final = tuple(
    Path(package.__path__[0]).resolve().parent for package in (edge_bench, edge_infer)
)


def ask(python: Sequence[str], folder: Path, out: Path) -> Answers:
    """Let one CPU answer what lies in a folder.

    Args:
        python: Words that start Python on it.
        folder: Of :func:`edge_bench.cpus.inputs.make_inputs`.
        out: ``.npz`` that keeps the answers.

    Raises:
        RunError: It fails.
    """
    run(*python, *_PROGRAM, str(folder), str(out), timeout_s=_TIMEOUT_S)
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
    folder: Path, reference: Answers, cache: Path, notify: Notify
) -> tuple[tuple[CpuResult, ...], tuple[str, ...]]:
    """Let all emulated CPUs answer.

    Args:
        folder: As of :func:`ask`; keeps their answers too.
        reference: What they are compared with.
        cache: Where the emulators are kept.
        notify: Told what goes on.

    Returns:
        A result for each CPU that can be emulated here; why something is left out.

    Raises:
        RunError: A CPU fails at answering.
    """
    try:
        emulators = Emulators(cache, Debian.of_this_machine())
        notify("making QEMU ready")
        emulators.qemu("aarch64")
    except (MissingExtraError, RunError) as error:
        return (), (f"all emulated CPUs: {error.message}",)
    left_out: list[str] = []
    ready = _prepare(emulators, left_out, notify)

    def result(one: _Ready) -> CpuResult:
        notify(f"{one.cpu.name}, emulated")
        answers = ask(one.python, folder, folder / f"{one.cpu.qemu}.npz")
        counts = count_instructions(lambda: _count(one.counted)) if one.counted else {}
        notify(f"{one.cpu.name} is done")
        return CpuResult(
            name=one.cpu.name,
            about=one.cpu.about,
            differences=compare(reference, answers),
            instructions=counts,
        )

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return tuple(pool.map(result, ready)), tuple(left_out)


@dataclass(frozen=True)
class _Ready:
    """How Python starts on a CPU; ``counted`` under the counter, empty without one."""

    cpu: EmulatedCpu
    python: list[str]
    counted: list[str]


def _prepare(emulators: Emulators, left_out: list[str], notify: Notify) -> list[_Ready]:
    """Fetch what is missing; why something cannot be had is added to ``left_out``."""
    try:
        counter = str(build_counter(emulators))
    except (MissingExtraError, RunError) as error:
        left_out.append(f"instructions: {error.message}")
        counter = ""
    ready: list[_Ready] = []
    for cpu in CPUS:
        notify(f"making {cpu.name} ready")
        try:
            python = emulators.python(cpu, _PACKAGES)
            counted = emulators.python(cpu, _PACKAGES, plugin=counter) if counter else []
            ready.append(_Ready(cpu, python, counted))
        except (MissingExtraError, RunError) as error:
            left_out.append(f"{cpu.name}: {error.message}")
    return ready


def _count(python: Sequence[str]) -> str:
    return run(*python, *_PROGRAM, "--count", timeout_s=_TIMEOUT_S).stderr
