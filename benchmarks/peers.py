"""One trained network in the runtimes that people would use instead, side by side.

Usage::

    python benchmarks/peers.py RUN                             # everything
    python benchmarks/peers.py RUN --stacks litert,openvino
    python benchmarks/peers.py RUN --results benchmarks/results

The run is converted for each runtime into ``--out``. Then each runtime works in a process of
its own (``peers_worker.py``), and all are timed in turns. A runtime that is not installed is
left out and named in the report: ``pip install 'edge-mnist[bench,peers]'`` installs all but
pnnx, which converts for ncnn (``pip install --no-deps pnnx``).
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import peers_worker
from edge_bench.bootstrap import ratio_of_same_turns
from edge_bench.json_process import JsonProcess
from edge_infer.errors import EdgeMnistError, MissingExtraError, RunError
from edge_infer.host import machine_name
from edge_infer.io.atomic import write_text
from edge_infer.model.run_folder import RunFolder
from edge_infer.text import duration, markdown_table
from peers_convert import convert
from peers_worker import BATCHES, STACKS

OUT: Final = Path("runs/peers")
ROUNDS: Final = 40
# All others are compared with this runtime and form.
OURS: Final = ("classifier", "int8")
# Turns on several threads before one that counts: threads of the runtime before may still spin
# on the core that is needed now.
_UNCOUNTED: Final = 5
_WORKER: Final = str(Path(peers_worker.__file__))

# Key of a runtime and form of the network.
Lane = tuple[str, str]


def main(words: Sequence[str] | None = None) -> int:
    """Convert, measure, print the report and write it."""
    arguments = _arguments(words)
    run = RunFolder(arguments.run)
    record = run.read_record()
    _log("converting for each runtime")
    absent = convert(run, arguments.out)
    peers = measure(arguments, run.read_calibration().test_labels, absent)
    results = {
        "format_version": 1,
        "command": _command(arguments),
        "machine": machine_name(),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "preset": record.preset,
        "parameters": record.parameters,
        "peers": peers,
        "absent": list(dict.fromkeys(absent)),
    }
    report = write_report(results)
    for folder in filter(None, (arguments.out, arguments.results)):
        write_text(folder / "peers.json", json.dumps(results, ensure_ascii=False, indent=1) + "\n")
        write_text(folder / "peers.md", report)
    print(report)
    return 0


def measure(
    arguments: argparse.Namespace, labels: NDArray[np.int64], absent: list[str]
) -> list[dict[str, Any]]:
    """Measure all runtimes; add the messages of those that fail to ``absent``.

    Raises:
        RunError: The runtime of this project fails.
    """
    class_ids: dict[Lane, NDArray[np.int64]] = {}
    versions: dict[str, str] = {}
    latencies: dict[Lane, list[dict[str, Any]]] = {}
    for threads in arguments.threads:
        with ExitStack() as stack:
            lanes = _start(arguments, threads, stack, absent)
            class_ids |= _classify(lanes, absent)
            versions |= {key: process.version for (key, _), process in lanes.items()}
            for batch in BATCHES:
                _log(f"timing batches of {batch}, threads: {threads}")
                turns = take_turns(lanes, threads, batch, arguments.rounds)
                for lane, taken in turns.items():
                    place = {"threads": threads, "batch": batch}
                    latency = {**place, **compare(taken, turns[OURS])}
                    latencies.setdefault(lane, []).append(latency)
    return [
        {
            **_describe(lane, class_ids, labels),
            "version": versions[lane[0]],
            "latencies": latencies[lane],
        }
        for lane in latencies
    ]


def _start(
    arguments: argparse.Namespace, threads: int, stack: ExitStack, absent: list[str]
) -> dict[Lane, JsonProcess]:
    """Start a worker for each runtime; add the messages of missing ones to ``absent``."""
    lanes: dict[Lane, JsonProcess] = {}
    for key in arguments.stacks:
        one = STACKS[key]
        command = [sys.executable, _WORKER, key, str(threads), str(arguments.out)]
        try:
            process = JsonProcess(one.name, command, how_to_install=one.install)
        except (MissingExtraError, RunError) as error:
            absent.append(error.message)
            continue
        stack.enter_context(closing(process))
        lanes |= {(key, form): process for form in one.forms}
    return lanes


def _classify(lanes: dict[Lane, JsonProcess], absent: list[str]) -> dict[Lane, NDArray[np.int64]]:
    """Have all images classified; remove the lanes that fail.

    Raises:
        RunError: The runtime of this project fails.
    """
    found: dict[Lane, NDArray[np.int64]] = {}
    for lane, process in list(lanes.items()):
        _log(f"classifying with {process.name}, {lane[1]}")
        try:
            answer = process.request({"do": "classify", "form": lane[1]}, about=lane[1])
            found[lane] = np.array(answer["class_ids"], np.int64)
        except RunError as error:
            absent.append(error.message)
            del lanes[lane]
    if OURS not in lanes:
        raise RunError("; ".join(absent))
    return found


def take_turns(
    lanes: Mapping[Lane, JsonProcess], threads: int, batch: int, rounds: int
) -> dict[Lane, list[list[float]]]:
    """Time all lanes in turns of some 20 ms; return the seconds of each call of each turn."""
    turns: dict[Lane, list[list[float]]] = {lane: [] for lane in lanes}
    for (_, form), process in lanes.items():
        process.request({"do": "warm_up", "form": form, "batch": batch}, about=form)
    for _ in range(rounds):
        for lane, process in lanes.items():
            request = {"do": "turn", "form": lane[1], "batch": batch}
            for _ in range(_UNCOUNTED if threads > 1 else 0):
                process.request(request, about=lane[1])
            turns[lane].append(process.request(request, about=lane[1])["seconds"])
    return turns


def compare(turns: Sequence[Sequence[float]], ours: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Compare the median calls of turns with those of ``Classifier`` int8 in the same rounds.

    Args:
        turns: Seconds of each call of each turn.
        ours: The same of ``Classifier`` int8.

    Returns:
        ``p50_us``, and its ``ratio`` to ours with the 95 % interval ``low`` to ``high``
        (bootstrap over turns).
    """
    times_us, ours_us = (
        np.array([1e6 * statistics.median(turn) for turn in each]) for each in (turns, ours)
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


def _describe(
    lane: Lane, class_ids: Mapping[Lane, NDArray[np.int64]], labels: NDArray[np.int64]
) -> dict[str, Any]:
    key, form = lane
    keras = class_ids.get(("keras", "compiled"))
    return {
        "stack": key,
        "name": STACKS[key].name,
        "form": form,
        "accuracy": {"correct": int((class_ids[lane] == labels).sum()), "n": len(labels)},
        "changed": None if keras is None else int((class_ids[lane] != keras).sum()),
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
        lines += ["## Left out", "", *(f"- {line}" for line in results["absent"]), ""]
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


def _command(arguments: argparse.Namespace) -> str:
    """Return the command without the places of files, which change no result."""
    options = {
        "--stacks": len(arguments.stacks) < len(STACKS) and ",".join(arguments.stacks),
        "--threads": ",".join(map(str, arguments.threads)),
        "--rounds": arguments.rounds,
    }
    words = [f" {option} {value}" for option, value in options.items() if value]
    return "python benchmarks/peers.py RUN" + "".join(words)


def _log(line: str) -> None:
    print(f"peers: {line}", file=sys.stderr, flush=True)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder of a finished run")
    parser.add_argument("--stacks", default=",".join(STACKS), help=f"of {','.join(STACKS)}")
    parser.add_argument("--threads", default="1,2", help="numbers of threads (1,2)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"turns ({ROUNDS})")
    parser.add_argument("--out", type=Path, default=OUT, help=f"converted files ({OUT})")
    parser.add_argument("--results", type=Path, help="folder that gets the figures too")
    arguments = parser.parse_args(words)
    named = set(arguments.stacks.split(","))
    if unknown := named - set(STACKS):
        parser.error(f"--stacks: {', '.join(sorted(unknown))} is none of {', '.join(STACKS)}")
    arguments.stacks = [key for key in STACKS if key in named | {OURS[0]}]
    if not re.fullmatch(r"[1-9]\d*(,[1-9]\d*)*", arguments.threads) or arguments.rounds < 1:
        parser.error("--threads and --rounds must be 1 or more")
    arguments.threads = [int(word) for word in arguments.threads.split(",")]
    return arguments


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EdgeMnistError as error:
        sys.exit(f"error: {error.message}")
    except KeyboardInterrupt:
        sys.exit(130)
