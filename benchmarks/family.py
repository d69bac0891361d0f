"""Train and measure the whole model family; write family.json and family.md.

Usage::

    python benchmarks/family.py                        # all that is missing; hours
    python benchmarks/family.py --presets edge dropout # these networks only
    python benchmarks/family.py --handwriting DIR      # other handwriting too
    python benchmarks/family.py --report               # family.md from family.json
    python benchmarks/family.py --epochs 1 --seeds 1   # a trial, in folders of its own

After any stop the same command continues: a run without a row in family.json is trained, or
resumed from its last epoch, exported and measured. A row is kept while the options below are
those that it was made with, its run folder may be gone. A change inside a preset is not
noticed: remove its entry from family.json and its run folders then.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from edge_infer.errors import EdgeMnistError, UsageError
from edge_infer.io.atomic import write_text
from edge_infer.model.run_folder import RunFolder
from family_measure import (
    EXIT_INTERRUPTED,
    FORMAT_VERSION,
    Entry,
    HandwritingSets,
    Values,
    exported_files,
    file_sha256,
    load_handwriting,
    measure_run,
    read_results,
    time_files,
    train,
    write_results,
)
from family_report import write_report

RUNS: Final = Path("runs/family")
RESULTS: Final = Path("benchmarks/results")
# Runs on other data or with other epochs do not replace hours of training.
TRIAL_RUNS: Final = Path("runs/family-trial")

# Far slower on a CPU without AVX-512 BF16 or AMX; the weights that are saved are float32.
_BF16: Final = "--precision mixed_bfloat16"
_TAUGHT: Final = f"{_BF16} --teacher train/teacher.onnx"
# The int8 files of `nano`, with 4-bit weights, and of `page` change up to 12 of 10,000 labels.
_LENIENT: Final = "--min-agreement 99.8"
FAMILY: Final[Mapping[str, Entry]] = {
    "nano": Entry(seeds=5, train=f"--preset nano {_TAUGHT}", export=f"--four-bit {_LENIENT}"),
    "edge": Entry(seeds=5, train=f"--preset edge {_TAUGHT}"),
    "max": Entry(seeds=3, train=f"--preset max {_BF16}"),
    "edge-fast": Entry(seeds=3, train=f"--preset edge --recipe fast {_BF16}"),
    "page": Entry(seeds=1, train=f"--preset page {_TAUGHT}", export=_LENIENT),
    "walkthrough": Entry(seeds=3, train="--preset walkthrough"),
    # Fifty epochs of 2.4 million parameters.
    "adadelta": Entry(seeds=1, train="--preset adadelta --legacy-h5"),
    "adadelta-last": Entry(seeds=3, train="--preset adadelta --split last"),
    "regularized": Entry(seeds=3, train="--preset regularized"),
    "dropout": Entry(seeds=3, train="--preset dropout"),
    "custom": Entry(seeds=3, train="--preset custom"),
}


def main(words: Sequence[str] | None = None) -> int:
    """Do what is missing; exit 1 when a run failed."""
    words = sys.argv[1:] if words is None else words
    arguments = _arguments(words)
    path: Path = arguments.results / "family.json"
    data = Path(arguments.data).name
    family: Values = {"data": data, "command": "", "networks": {}, "format_version": FORMAT_VERSION}
    if path.is_file():
        family = read_results(path)
    failed: list[str] = []
    if not arguments.report:
        if family["data"] != data:
            raise UsageError(f"{path} holds results of {family['data']}: choose another --results")
        # Without the places of files, which change no result.
        names = [Path(word).name for word in words]
        family["command"] = " ".join(["python benchmarks/family.py", *names])
        sets = load_handwriting(arguments.handwriting) if arguments.handwriting else {}
        failed = measure_missing(family, path, sets, arguments)
    if family["networks"]:
        write_text(arguments.results / "family.md", write_report(family, list(FAMILY)))
    for line in failed:
        print(f"FAILED: {line}", file=sys.stderr)
    return 1 if failed else 0


def measure_missing(
    family: Values, path: Path, sets: HandwritingSets, arguments: argparse.Namespace
) -> list[str]:
    """Train and measure the runs without a row; the family is written after each.

    Returns:
        A line for each run that failed.
    """
    failed: list[str] = []
    measured = False
    for name, seed, entry in _plan(arguments):
        folder = arguments.runs / f"{name}-{seed}"
        is_trained = RunFolder(folder).record_path.is_file()
        network = family["networks"].get(name)
        if _is_done(network, entry, seed, sets if is_trained else {}) and not (
            arguments.again and is_trained
        ):
            continue
        try:
            _log(f"{folder.name}: training, exporting and measuring")
            train(entry, seed, folder, arguments.data)
            family["networks"][name] = _merge(
                network, measure_run(entry, folder, arguments.data, sets)
            )
        except EdgeMnistError as error:
            failed.append(f"{folder.name}: {error.message}")
            continue
        measured = True
        write_results(path, family)
    if measured:
        _time_networks(family["networks"], arguments.runs)
        write_results(path, family)
    return failed


def _plan(arguments: argparse.Namespace) -> list[tuple[str, int, Entry]]:
    """List the runs: name, seed and options; seed 0 of all networks comes first."""
    plan: list[tuple[str, int, Entry]] = []
    for name in arguments.presets or FAMILY:
        entry = FAMILY[name]
        if arguments.epochs:
            entry = replace(entry, train=f"{entry.train} --epochs {arguments.epochs}")
        plan += [(name, seed, entry) for seed in range(arguments.seeds or entry.seeds)]
    return sorted(plan, key=lambda one: one[1])


def _is_done(network: Values | None, entry: Entry, seed: int, sets: HandwritingSets) -> bool:
    if network is None or (network["train"], network["export"]) != (entry.train, entry.export):
        return False
    runs = [run for run in network["runs"] if run["seed"] == seed]
    return bool(runs) and set(sets) <= {one["name"] for one in runs[0]["int8"]["handwriting"]}


def _merge(old: Values | None, new: Values) -> Values:
    """Add the runs with the same options; runs with other options cannot be averaged."""
    if old is None or (old["train"], old["export"]) != (new["train"], new["export"]):
        return new
    runs = {run["seed"]: run for run in (*old["runs"], *new["runs"])}
    return {**new, "runs": [runs[seed] for seed in sorted(runs)], "latency": old["latency"]}


def _time_networks(networks: Mapping[str, Values], runs: Path) -> None:
    """Time one run of each preset in turns, of those whose files are still there."""
    timed: dict[str, dict[str, Path]] = {}
    for name, network in networks.items():
        for run in network["runs"] if name == network["preset"] else ():
            files = exported_files(runs / f"{name}-{run['seed']}", name)
            path = files["int8"]
            if path.is_file() and file_sha256(path) == run["int8"]["sha256"]:
                timed.setdefault(name, files)
    _log(f"timing {', '.join(timed)} in turns")
    for name, latency in time_files(timed).items():
        networks[name]["latency"] = latency


def _log(line: str) -> None:
    print(f"family: {line}", file=sys.stderr, flush=True)


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--presets", nargs="+", choices=tuple(FAMILY))
    parser.add_argument("--seeds", type=int, help="seeds of each, instead of the table's number")
    parser.add_argument("--data", default="mnist", help="as for `edge-mnist train` (mnist)")
    parser.add_argument("--epochs", type=int, help="epochs of each run, for a trial")
    parser.add_argument("--runs", type=Path, help=f"run folders ({RUNS}; trials {TRIAL_RUNS})")
    parser.add_argument("--results", type=Path, help=f"({RESULTS}; trials: the run folders)")
    parser.add_argument("--handwriting", type=Path, help="folder of other handwriting")
    parser.add_argument("--report", action="store_true", help="only family.md from family.json")
    parser.add_argument(
        "--again", action="store_true", help="export and measure trained runs again"
    )
    arguments = parser.parse_args(words)
    if any(number is not None and number < 1 for number in (arguments.seeds, arguments.epochs)):
        parser.error("--seeds and --epochs must be 1 or more")
    is_trial = arguments.data != "mnist" or arguments.epochs is not None
    arguments.runs = arguments.runs or (TRIAL_RUNS if is_trial else RUNS)
    arguments.results = arguments.results or (arguments.runs if is_trial else RESULTS)
    return arguments


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EdgeMnistError as error:
        sys.exit(f"error: {error.message}")
    except KeyboardInterrupt:
        print("stopped; the same command continues", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)
