"""Whether every CPU gives the same answer: this one, and four that QEMU emulates.

Usage::

    python benchmarks/parity_cpus.py                               # in runs/parity
    python benchmarks/parity_cpus.py --quick                       # under five minutes
    python benchmarks/parity_cpus.py --results benchmarks/results
    python benchmarks/parity_cpus.py --reference FOLDER            # against another machine

The emulated CPUs are an x86-64 Haswell and the Cortex-A53, A72 and A76 of Raspberry Pis, with
the wheels that are installed there. QEMU and Python for ARM64 come from Debian's packages,
unpacked into ``--cache``; what cannot be had is named and left out. With ``--reference``
nothing is emulated: this CPU answers what FOLDER holds, a ``--out`` of another machine.

``--quick`` asks 500 pictures and 24 pages, without MNIST, a phone's page and instructions, and
keeps nothing but the emulators. What has not answered in time is left out; where nothing can
be emulated it says so and ends.

Exit status: 1 where an answer differs.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge_bench.cpus.answers import Answers
from edge_bench.cpus.asking import ask, ask_emulated, load_answers, make_ready
from edge_bench.cpus.compare import compare
from edge_bench.cpus.inputs import make_inputs
from edge_bench.cpus.report import CpuResult, ParityResults, Questions, report_lines
from edge_infer.errors import EdgeMnistError, RunError
from edge_infer.host import cpu_instructions, cpu_name
from edge_train.data.idx import TEST_STEMS, find_idx_file, read_idx_images
from edge_train.data.mnist import DATA_VARIABLE

OUT: Final = Path("runs/parity")
CACHE: Final = Path("~/.cache/edge-mnist/cpus")
MNIST_IMAGES: Final = 500
# What a check of a change may take is five minutes, with its start and what it has begun.
QUICK_S: Final = 270.0
_ANSWERS: Final = "reference.npz"
_NAME: Final = "reference.txt"
_TESTS: Final = Path(__file__).resolve().parents[1] / "tests"
_EXIT_INTERRUPTED: Final = 130


def main(words: Sequence[str] | None = None) -> int:
    """Compare, print the tables and write them; return 1 where answers differ."""
    arguments = _arguments(words)
    if arguments.quick:
        return _quick(_cache(arguments))
    if arguments.reference:
        results = _against(arguments.reference, arguments.out)
    else:
        results = _emulate(arguments.out, _cache(arguments))
    for folder in filter(None, (arguments.out, arguments.results)):
        results.write(folder)
    return _show(results)


def _quick(cache: Path) -> int:
    """Ask the emulated CPUs that can be had what there is time for."""
    ends_s = time.monotonic() + QUICK_S
    ready, left_out = make_ready(cache, counts=False, notify=_notify, ends_s=ends_s)
    if not ready:
        return _skip(left_out)
    with tempfile.TemporaryDirectory(prefix="edge-mnist-parity-") as name:
        out = Path(name)
        try:
            reference = _ask_here(out, mnist=None, large=False, ends_s=ends_s)
        except RunError as error:
            if error.code != "late":
                raise
            return _skip([*left_out, "this CPU had not answered when the time was up"])
        cpus, late = ask_emulated(ready, out, reference, notify=_notify, ends_s=ends_s)
    left_out += late
    return _show(_results(_this_cpu(), reference, cpus, left_out)) if cpus else _skip(left_out)


def _skip(reasons: Sequence[str]) -> int:
    _notify(f"skipped: {'; '.join(reasons)}")
    return 0


def _emulate(out: Path, cache: Path) -> ParityResults:
    """Ask this CPU and the emulated ones everything."""
    reference = _ask_here(out, mnist=_mnist(), large=True)
    ready, left_out = make_ready(cache, counts=True, notify=_notify)
    cpus, late = ask_emulated(ready, out, reference, notify=_notify)
    return _results(_this_cpu(), reference, cpus, (*left_out, *late))


def _ask_here(
    out: Path, *, mnist: NDArray[np.uint8] | None, large: bool, ends_s: float = math.inf
) -> Answers:
    """Draw pictures and let this CPU answer them; fetching may have left no time for it."""
    if time.monotonic() >= ends_s:
        raise RunError("no time is left for drawing", code="late")
    _notify("drawing pictures")
    # The generator of pages belongs to the tests, which are not installed.
    sys.path.append(str(_TESTS))
    make_inputs(out, mnist, large=large)
    (out / _NAME).write_text(_this_cpu(), encoding="utf-8")
    _notify(_this_cpu())
    return ask([sys.executable], out, out / _ANSWERS, ends_s=ends_s)


def _against(folder: Path, out: Path) -> ParityResults:
    """Ask this CPU what another machine was asked."""
    reference = load_answers(folder / _ANSWERS)
    out.mkdir(parents=True, exist_ok=True)
    differences = compare(reference, ask([sys.executable], folder, out / "this.npz"))
    here = CpuResult(name=_this_cpu(), about="this", differences=differences, instructions={})
    return _results((folder / _NAME).read_text(encoding="utf-8"), reference, (here,), ())


def _show(results: ParityResults) -> int:
    print("\n".join(report_lines(results)))
    return 0 if results.is_same else 1


def _results(
    name: str, reference: Answers, cpus: tuple[CpuResult, ...], left_out: Sequence[str]
) -> ParityResults:
    return ParityResults(
        reference=name,
        measured_at=datetime.now(UTC).date().isoformat(),
        versions={
            "numpy": np.__version__,
            "OpenCV": cv2.__version__,
            "onnxruntime": onnxruntime.__version__,
        },
        questions=Questions.of(reference),
        cpus=cpus,
        left_out=tuple(left_out),
    )


def _mnist() -> NDArray[np.uint8] | None:
    """Return the first images of MNIST's test set where it is told of, uint8 (n, 28, 28)."""
    folder = os.environ.get(DATA_VARIABLE)
    path = find_idx_file(Path(folder).expanduser(), TEST_STEMS[0]) if folder else None
    return None if path is None else read_idx_images(path)[:MNIST_IMAGES]


def _this_cpu() -> str:
    details = ", ".join((platform.system(), *cpu_instructions().present))
    return f"{cpu_name()} ({details})"


def _cache(arguments: argparse.Namespace) -> Path:
    cache: Path = arguments.cache.expanduser().resolve()
    return cache


def _notify(line: str) -> None:
    print(f"parity-cpus: {line}", file=sys.stderr, flush=True)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="under five minutes; see above")
    parser.add_argument("--out", type=Path, default=OUT, help=f"pictures and answers ({OUT})")
    parser.add_argument("--cache", type=Path, default=CACHE, help=f"of the emulators ({CACHE})")
    parser.add_argument("--results", type=Path, help="folder that gets the report too")
    parser.add_argument("--reference", type=Path, help="--out of another machine, to answer too")
    arguments = parser.parse_args(words)
    if arguments.quick and (arguments.reference or arguments.results):
        parser.error("--quick asks emulated CPUs and keeps nothing")
    return arguments


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EdgeMnistError as error:
        sys.exit(f"error: {error.message}")
    except KeyboardInterrupt:
        sys.exit(_EXIT_INTERRUPTED)
