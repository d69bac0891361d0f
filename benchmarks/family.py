"""Train and measure the whole model family; write family.json and family.md.

Usage::

    python benchmarks/family.py                        # all that is missing; hours
    python benchmarks/family.py --presets edge,dropout # these, and what teaches them
    python benchmarks/family.py --only report          # family.md from family.json
    python benchmarks/family.py --presets max --stand-ins  # time all in one run, without old files
    python benchmarks/family.py --epochs 1 --seeds 1   # a trial, in folders of its own

Any stop costs one epoch at most: the same command goes on. A finished row of family.json is
kept, with its run folder or without, until the recipe, the network, the data, the teachers
or the export options are others; then the run is made anew, and an old folder set aside.
Accuracy of a row comes from the exported files; see ``edge_bench.family.results`` for what
stands where.
"""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from edge_bench.family.handwriting import HandwritingSet, load_handwriting
from edge_bench.family.latency import machine_name
from edge_bench.family.plan import Entry, Run, make_plan
from edge_bench.family.report import write_report
from edge_bench.family.results import FamilyResults
from edge_bench.family.runner import Family, Tasks
from edge_infer.errors import EdgeMnistError, UsageError
from edge_infer.io.atomic import write_text
from family_calls import alone_in
from family_steps import SHOWN_RUNS, KerasSteps

# Far slower on a CPU without AVX-512 BF16 or AMX; what is saved is float32.
_BF16: Final = {"precision": "mixed_bfloat16"}
# Some label in a thousand: up to 10 of 10,000 by four bits, 12 in `page`.
_LENIENT: Final = ("--min-agreement", "99.8")
_FOUR_BIT: Final = ("--four-bit", *_LENIENT)
# A max that is not softened, see train/README.md.
_TAUGHT: Final = ("train/teacher.onnx",)
FAMILY: Final = (
    Entry(preset="max", seeds=3, changes=_BF16),
    Entry(preset="edge", seeds=5, changes=_BF16, teachers=_TAUGHT),
    Entry(preset="nano", seeds=5, changes=_BF16, teachers=_TAUGHT, export=_FOUR_BIT),
    Entry(preset="page", seeds=1, changes=_BF16, teachers=_TAUGHT, export=_LENIENT),
    Entry(preset="edge", recipe="fast", seeds=3, changes=_BF16),
    Entry(preset="walkthrough", seeds=3),
    # Fifty epochs of 2.4 million parameters: more seeds with --presets adadelta --seeds 3.
    Entry(preset="adadelta", seeds=1, legacy_h5=True),
    Entry(preset="regularized", seeds=3),
    Entry(preset="dropout", seeds=3),
    Entry(preset="custom", seeds=3),
)
SHOWN: Final = (
    *("nano", "edge", "max", "edge-fast", "page"),
    *("walkthrough", "adadelta", "regularized", "dropout", "custom"),
)
RUNS: Final = SHOWN_RUNS
RESULTS: Final = Path("benchmarks/results")
# Of other data or with other epochs: never in the way of hours of training.
TRIAL_RUNS: Final = Path("runs/family-trial")
_EXIT_INTERRUPTED: Final = 130


def main(words: Sequence[str] | None = None) -> int:
    """Do what is asked; exit 1 when a run failed, 130 when stopped."""
    arguments = _arguments(words)
    results_path: Path = arguments.results / "family.json"
    if arguments.only == "report":
        _write_report(FamilyResults.read(results_path), arguments.results)
        return 0
    handwriting = load_handwriting(arguments.handwriting) if arguments.handwriting else ()
    presets = arguments.presets.split(",") if arguments.presets else ()
    plan = make_plan(FAMILY, presets=presets, seeds=arguments.seeds, epochs=arguments.epochs)
    arguments.results.mkdir(parents=True, exist_ok=True)
    # Each call writes the whole file: of two at once, one would lose the other's rows.
    with alone_in(arguments.results):
        results = _read_results(results_path, Path(arguments.data).name, _command(arguments))
        failures = _work_off(plan, results, results_path, handwriting, arguments)
    for name, message in failures.items():
        print(f"FAILED: {name}: {message}", file=sys.stderr)
    return 1 if failures else 0


def _work_off(
    plan: Sequence[Run],
    results: FamilyResults,
    results_path: Path,
    handwriting: Sequence[HandwritingSet],
    arguments: argparse.Namespace,
) -> dict[str, str]:
    """Work the plan off as far as it goes, and write the report of it; return what failed."""
    from edge_mnist.startup import import_tensorflow

    import_tensorflow()
    everything = make_plan(FAMILY, epochs=arguments.epochs)
    steps = KerasSteps(
        (*plan, *everything),
        data=arguments.data,
        runs=arguments.runs,
        handwriting=handwriting,
        log=arguments.jobs > 1,
    )
    family = Family(
        plan,
        results,
        results_path,
        steps,
        tasks=Tasks(
            train=arguments.only in {None, "train"},
            measure=arguments.only in {None, "measure"},
            again=arguments.again,
            stand_ins=arguments.stand_ins,
        ),
        notify=lambda line: print(f"family: {line}", file=sys.stderr, flush=True),
        timed=everything,
    )
    try:
        family.work_off(arguments.jobs)
        if arguments.only != "train":
            family.time()
    except BaseException:
        steps.commands.stop()
        raise
    finally:
        if family.results.presets and arguments.only != "train":
            _write_report(family.results, arguments.results)
    return family.failures


def _read_results(path: Path, data: str, command: str) -> FamilyResults:
    """Read what has been measured, or begin anew.

    Raises:
        UsageError: The file holds results of other data.
    """
    if not path.is_file():
        return FamilyResults(machine=machine_name(), command=command, data=data)
    results = FamilyResults.read(path)
    if results.data != data:
        raise UsageError(
            f"{path} holds results of {results.data}, not of {data}: choose another --results"
        )
    return replace(results, machine=machine_name(), command=command)


def _write_report(results: FamilyResults, folder: Path) -> None:
    write_text(folder / "family.md", write_report(results, SHOWN))
    print(f"family: {folder / 'family.md'}", file=sys.stderr)


def _command(arguments: argparse.Namespace) -> str:
    """Write the call as anyone may repeat it; where files lie changes no result."""
    words = ["python", "benchmarks/family.py"]
    for name in ("presets", "seeds", "epochs"):
        if getattr(arguments, name) is not None:
            words += [f"--{name}", str(getattr(arguments, name))]
    if arguments.data != "mnist":
        words += ["--data", Path(arguments.data).name]
    return shlex.join(words) + (" --handwriting DIR" if arguments.handwriting else "")


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--presets", help="these alone, by comma, and what teaches them")
    parser.add_argument("--seeds", type=_positive, help="seeds of each, not the table's number")
    parser.add_argument("--data", default="mnist", help="as for `edge-mnist train`")
    parser.add_argument("--epochs", type=_positive, help="of each run, for a trial")
    parser.add_argument("--runs", type=Path, help=f"run folders ({RUNS}; trials {TRIAL_RUNS})")
    parser.add_argument("--results", type=Path, help=f"({RESULTS}; for trials that of the runs)")
    parser.add_argument("--handwriting", type=Path, help="folder of other handwriting to read")
    parser.add_argument("--only", choices=("train", "measure", "report"), help="one task alone")
    parser.add_argument(
        "--again", action="store_true", help="export, measure and time trained runs once more"
    )
    parser.add_argument(
        "--stand-ins",
        action="store_true",
        help="time networks whose files are gone too, by others of the same graph",
    )
    parser.add_argument("--jobs", type=_positive, default=1, help="runs at once, with log files")
    arguments = parser.parse_args(words)
    trial = arguments.data != "mnist" or arguments.epochs is not None
    arguments.runs = arguments.runs or (TRIAL_RUNS if trial else RUNS)
    arguments.results = arguments.results or (arguments.runs if trial else RESULTS)
    return arguments


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, found {text!r}")
    return int(text)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except EdgeMnistError as error:
        sys.exit(f"error: {error.message}")
    except KeyboardInterrupt:
        again = shlex.join(["python", *sys.argv])
        print(f"stopped; the same command goes on: {again}", file=sys.stderr)
        sys.exit(_EXIT_INTERRUPTED)
