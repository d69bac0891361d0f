"""What a runtime costs before it recognises anything: room on the disk, and its import."""

from __future__ import annotations

import importlib.util
import re
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from edge_bench.peers.stacks import Stack
from edge_infer.errors import RunError

_ROUNDS: Final = 5
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
_IMPORT: Final = "import time; s = time.perf_counter(); import {}; print(time.perf_counter() - s)"


def installed_bytes(stack: Stack) -> int:
    """Add up the files of a runtime and of all that it requires, as they are installed.

    What it asks for under an extra, or only elsewhere and so is not here, does not count.
    """
    found: dict[str, Distribution] = {}
    waiting = list(stack.distributions)
    while waiting:
        name = waiting.pop()
        if name not in found and (package := _find(name)) is not None:
            found[name] = package
            waiting += _requirements(package)
    files = (path for package in found.values() for path in _files_of(package))
    return _size(files) + _size(_files_in(stack.package))


def import_times_ms(stacks: Sequence[Stack], *, rounds: int = _ROUNDS) -> Mapping[str, float]:
    """Import each runtime in fresh processes, in turns after a turn that does not count.

    Returns:
        Key of the stack to the median in milliseconds, the interpreter's own start left out.

    Raises:
        RunError: An import fails.
    """
    times: dict[str, list[float]] = {stack.key: [] for stack in stacks}
    for number in range(rounds + 1):
        for stack in stacks:
            time_ms = _import_ms(stack)
            if number:
                times[stack.key].append(time_ms)
    return {key: statistics.median(values) for key, values in times.items()}


def _find(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _requirements(package: Distribution) -> list[str]:
    """Name what a distribution requires whatever its extras."""
    wanted = [line for line in package.requires or () if "extra ==" not in line]
    names = (_NAME.match(line) for line in wanted)
    return [re.sub(r"[-_.]+", "-", match[0]).lower() for match in names if match]


def _files_of(package: Distribution) -> Iterable[Path]:
    return (Path(str(package.locate_file(file))) for file in package.files or ())


def _files_in(package: str | None) -> Iterable[Path]:
    spec = importlib.util.find_spec(package) if package else None
    folders = spec.submodule_search_locations if spec else None
    return (path for folder in folders or () for path in Path(folder).rglob("*"))


def _size(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.is_file())


def _import_ms(stack: Stack) -> float:
    words = [sys.executable, "-c", _IMPORT.format(stack.module)]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise RunError(f"{stack.name}: cannot import {stack.module}")
    return 1e3 * float(done.stdout.split()[-1])
