"""One trained network in the runtimes that people would use instead, side by side.

Usage::

    python benchmarks/peers.py RUN                             # everything
    python benchmarks/peers.py RUN --stacks litert openvino
    python benchmarks/peers.py RUN --results benchmarks/results

The run is converted for each runtime into ``--out``. Then each runtime and form works in a
process of its own, and all are timed in turns. A runtime that is not installed is left out and
named in the report: ``pip install 'edge-mnist[bench,peers]'`` installs all but pnnx, which
converts for ncnn (``pip install --no-deps pnnx``).
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

import peers_runtimes
from edge_bench.summary import ratio_of_same_turns
from edge_infer.errors import EdgeMnistError, RunError
from edge_infer.host import machine_name
from edge_infer.io.atomic import write_text
from edge_infer.model.run_folder import RunFolder
from edge_infer.text import duration, markdown_table
from peers_runtimes import BATCHES, RUNTIMES, Lane

OUT: Final = Path("runs/peers")
ROUNDS: Final = 40
# All others are compared with this runtime and form.
OURS: Final = ("classifier", "int8")
# Turns on several threads before one that counts: threads of the runtime before may still spin
# on the core that is needed now.
_UNCOUNTED: Final = 5

Result = TypeVar("Result")
Times = NDArray[np.float64]


def main(words: Sequence[str] | None = None) -> int:
    """Convert, measure, print the report and write it."""
    words = sys.argv[1:] if words is None else words
    arguments = _arguments(words)
    run = RunFolder(arguments.run)
    record = run.read_record()
    absent = convert(run, arguments.out, arguments.stacks)
    peers = measure(arguments, run.read_calibration().test_labels, absent)
    results = {
        "format_version": 1,
        # Without the places of files, which change no result.
        "command": " ".join(["python benchmarks/peers.py", *(Path(word).name for word in words)]),
        "machine": machine_name(),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "preset": record.preset,
        "parameters": record.parameters,
        "peers": peers,
        "absent": list(absent.values()),
    }
    report = write_report(results)
    for folder in filter(None, (arguments.out, arguments.results)):
        write_text(folder / "peers.json", json.dumps(results, ensure_ascii=False, indent=1) + "\n")
        write_text(folder / "peers.md", report)
    print(report)
    return 0


def convert(run: RunFolder, folder: Path, stacks: Sequence[str]) -> dict[str, str]:
    """Write the files of all runtimes.

    Returns:
        Runtime to message, for each runtime whose conversion failed.

    Raises:
        RunError: The export to ONNX fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "images.npy", run.read_calibration().test_images)
    shutil.copyfile(run.model_path, folder / "model.keras")
    for form, options in (("float", ()), ("int8", ("--quantize",))):
        export = ["-m", "edge_mnist", "export", run.path, *options, "--no-verify", "--force"]
        peers_runtimes.call(sys.executable, *export, "-o", folder / f"{form}.onnx")
    peers_runtimes.write_plain(folder / "float.onnx", folder / "plain.onnx")
    absent: dict[str, str] = {}
    for key in stacks:
        if write := RUNTIMES[key].write:
            _log(f"converting for {RUNTIMES[key].name}")
            try:
                with _new_process() as process:
                    _ask(process, f"{RUNTIMES[key].name} not converted", write, run.path, folder)
            except RunError as error:
                absent[key] = error.message
    return absent


def measure(
    arguments: argparse.Namespace, labels: NDArray[np.int64], absent: dict[str, str]
) -> list[dict[str, Any]]:
    """Measure all runtimes; add the messages of those that fail to ``absent``.

    Raises:
        RunError: The runtime of this project fails.
    """
    peers: dict[tuple[str, str], dict[str, Any]] = {}
    for threads in arguments.threads:
        with ExitStack() as stack:
            processes = _start(arguments, threads, stack, peers, absent)
            for batch in BATCHES:
                _log(f"timing batches of {batch}, threads: {threads}")
                turns = take_turns(processes, batch, arguments.rounds)
                ours = turns[Lane(*OURS, threads, arguments.out)]
                for lane, taken in turns.items():
                    latency = {"threads": threads, "batch": batch, **compare(taken, ours)}
                    peers[lane.runtime, lane.form]["latencies"].append(latency)
    keras = peers.get(("keras", "compiled"), {}).get("class_ids")
    for peer in peers.values():
        found = peer.pop("class_ids")
        peer["accuracy"] = {"correct": int((found == labels).sum()), "n": len(labels)}
        peer["changed"] = None if keras is None else int((found != keras).sum())
    return list(peers.values())


def _start(
    arguments: argparse.Namespace,
    threads: int,
    stack: ExitStack,
    peers: dict[tuple[str, str], dict[str, Any]],
    absent: dict[str, str],
) -> dict[Lane, ProcessPoolExecutor]:
    """Start a process for each lane; note what works in ``peers`` and what not in ``absent``."""
    processes: dict[Lane, ProcessPoolExecutor] = {}
    for key in (key for key in arguments.stacks if key not in absent):
        runtime = RUNTIMES[key]
        for form in runtime.forms:
            lane = Lane(key, form, threads, arguments.out)
            name = f"{runtime.name}, {form}"
            _log(f"classifying with {name}, threads: {threads}")
            process = stack.enter_context(_new_process())
            try:
                version, class_ids = _ask(process, name, peers_runtimes.start, lane)
            except RunError as error:
                if (key, form) == OURS:
                    raise
                absent[name] = error.message
                continue
            processes[lane] = process
            peer = {"stack": key, "name": runtime.name, "form": form, "version": version}
            peers.setdefault((key, form), {**peer, "class_ids": class_ids, "latencies": []})
    return processes


def _new_process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, get_context("spawn"), peers_runtimes.silence)


def _ask(
    process: ProcessPoolExecutor, about: str, task: Callable[..., Result], *values: object
) -> Result:
    """Do a task in a process, and wait for its result.

    Raises:
        RunError: It fails, in whatever way, or its process ends.
    """
    try:
        return process.submit(task, *values).result()
    except Exception as error:
        reason = (str(error).strip() or "no reason given").splitlines()[0]
        raise RunError(f"{about}: {type(error).__name__}: {reason}") from error


def take_turns(
    processes: Mapping[Lane, ProcessPoolExecutor], batch: int, rounds: int
) -> dict[Lane, list[Times]]:
    """Time all lanes in turns of some 20 ms; return the seconds of each call of each turn."""
    turns: dict[Lane, list[Times]] = {lane: [] for lane in processes}
    for lane, process in processes.items():
        _ask(process, lane.runtime, peers_runtimes.warm_up, lane, batch)
    for _ in range(rounds):
        for lane, process in processes.items():
            for _ in range(_UNCOUNTED if lane.threads > 1 else 0):
                _ask(process, lane.runtime, peers_runtimes.turn, lane, batch)
            turns[lane].append(_ask(process, lane.runtime, peers_runtimes.turn, lane, batch))
    return turns


def compare(turns: Sequence[Times], ours: Sequence[Times]) -> dict[str, Any]:
    """Compare the median calls of turns with those of ``Classifier`` int8 in the same rounds.

    Args:
        turns: Seconds of each call of each turn.
        ours: The same of ``Classifier`` int8.

    Returns:
        ``p50_us``, and its ``ratio`` to ours with the 95 % interval ``low`` to ``high``
        (bootstrap over turns).
    """
    times_us, ours_us = (
        np.array([1e6 * np.median(turn) for turn in each]) for each in (turns, ours)
    )
    ratio = ratio_of_same_turns(times_us, ours_us)
    return {
        "calls": sum(map(len, turns)),
        "p50_us": round(float(np.median(times_us)), 2),
        "turns_us": np.round(times_us, 2).tolist(),
        "ratio": round(ratio.ratio, 4),
        "low": round(ratio.low, 4),
        "high": round(ratio.high, 4),
    }


def write_report(results: Mapping[str, Any]) -> str:
    """Write all figures as Markdown."""
    peers = results["peers"]
    lines = [
        "# Beside what people would use instead",
        "",
        f"Made by `{results['command']}` on {results['machine']}, {results['measured_at'][:10]}. "
        f"One trained network, `{results['preset']}` ({results['parameters']:,} parameters), in "
        "every runtime: from uint8 images (n, 28, 28) to float32 probabilities, both in memory. A "
        "process each, in turns of some 20 ms of calls, all on the same cores; medians, and their "
        "ratio to `Classifier` int8 with the 95 % interval (bootstrap over turns).",
        "",
    ]
    for threads in sorted({one["threads"] for peer in peers for one in peer["latencies"]}):
        rows = [_row(peer, threads) for peer in peers]
        headings = ["runtime", "accuracy", "unlike Keras", "one image", "x ours"]
        title = "One thread" if threads == 1 else f"{threads} threads"
        lines += [f"## {title}", ""]
        lines += markdown_table([*headings, f"an image of {BATCHES[-1]}", "x ours"], rows)
    if results["absent"]:
        how = (
            "`pip install 'edge-mnist[bench,peers]'` and `pip install --no-deps pnnx` install all."
        )
        lines += ["## Left out", "", how, "", *(f"- {line}" for line in results["absent"]), ""]
    return "\n".join(lines)


def _row(peer: Mapping[str, Any], threads: int) -> list[str]:
    accuracy = peer["accuracy"]
    cells = [f"{peer['name']} {peer['version']}, {peer['form']}"]
    cells.append(f"{100 * accuracy['correct'] / accuracy['n']:.2f} %")
    cells.append("-" if peer["changed"] is None else f"{peer['changed']:,}")
    for one in peer["latencies"]:
        if one["threads"] == threads:
            cells.append(duration(one["p50_us"] / one["batch"] / 1e6))
            cells.append("{ratio:.2f} ({low:.2f}-{high:.2f})".format(**one))
    return cells


def _log(line: str) -> None:
    print(f"peers: {line}", file=sys.stderr, flush=True)


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder of a finished run")
    parser.add_argument("--stacks", nargs="+", choices=tuple(RUNTIMES), default=list(RUNTIMES))
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="numbers (1 2)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"turns ({ROUNDS})")
    parser.add_argument("--out", type=Path, default=OUT, help=f"converted files ({OUT})")
    parser.add_argument("--results", type=Path, help="folder that gets the figures too")
    arguments = parser.parse_args(words)
    arguments.stacks = [key for key in RUNTIMES if key in {OURS[0], *arguments.stacks}]
    if min(arguments.rounds, *arguments.threads) < 1:
        parser.error("--threads and --rounds must be 1 or more")
    return arguments


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EdgeMnistError as error:
        sys.exit(f"error: {error.message}")
    except KeyboardInterrupt:
        sys.exit(130)
