"""One trained network in the runtimes that people would use instead, side by side.

Usage::

    python benchmarks/peers.py RUN                             # everything
    python benchmarks/peers.py RUN --stacks litert,openvino
    python benchmarks/peers.py RUN --results benchmarks/results

The run is converted for each runtime into ``--out``, then every runtime works in a process
of its own and all are asked in turns. What is not installed is left out and named in the
report: ``pip install 'edge-mnist[bench,peers]'`` has all but pnnx, without which ncnn
cannot read the network (``pip install --no-deps pnnx``). Ctrl-C leaves no half-written
file, and what was converted is found again.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from edge_bench.family.latency import machine_name
from edge_bench.peers.footprint import import_times_ms, installed_bytes
from edge_bench.peers.measure import Contender, Roster, measure
from edge_bench.peers.prepare import prepare
from edge_bench.peers.report import write_report
from edge_bench.peers.results import OURS, PeerResult, PeerResults
from edge_bench.peers.stacks import STACKS, THREADS
from edge_infer.errors import EdgeMnistError
from edge_infer.io.atomic import write_text
from edge_infer.model.metadata import Accuracy
from edge_infer.model.run_folder import RunFolder

OUT: Final = Path("runs/peers")
READING: Final = Path(__file__).parent / "results" / "reading.json"
ROUNDS: Final = 40
_EXIT_INTERRUPTED: Final = 130


def main(words: Sequence[str] | None = None) -> int:
    """Convert, measure, print the report and write it."""
    arguments = _arguments(words)
    run, out = arguments.run, arguments.out
    wanted = [stack for stack in STACKS if stack.key in {OURS[0], *arguments.stacks}]
    failed = prepare(run, out, _notify)
    for line in failed:
        _notify(f"left out: {line}")
    roster = measure(wanted, out, arguments.threads, arguments.rounds, _notify)
    record = RunFolder(run).read_record()
    results = PeerResults(
        command=_command(arguments),
        machine=machine_name(),
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        preset=record.preset,
        parameters=record.parameters,
        peers=_peer_results(roster, RunFolder(run).read_calibration().test_labels),
        absent=(*failed, *roster.absent),
        pages=_pages(READING),
    )
    report = write_report(results)
    for folder in filter(None, (out, arguments.results)):
        results.write(folder / "peers.json")
        write_text(folder / "peers.md", report)
    print(report)
    return 0


def _peer_results(roster: Roster, labels: Any) -> tuple[PeerResult, ...]:
    contenders = list(roster.contenders.values())
    stacks = list({contender.stack.key: contender.stack for contender in contenders}.values())
    _notify("importing each in fresh processes")
    imports_ms = import_times_ms(stacks)
    sizes = {stack.key: installed_bytes(stack) for stack in stacks}
    keras = roster.contenders.get(("keras", "compiled"))

    def result(contender: Contender) -> PeerResult:
        answers = contender.class_ids
        return PeerResult(
            stack=contender.stack.key,
            name=contender.stack.name,
            form=contender.form,
            version=contender.version,
            accuracy=Accuracy(correct=int((answers == labels).sum()), n=len(labels)),
            changed=None if keras is None else int(np.sum(answers != keras.class_ids)),
            installed_bytes=sizes[contender.stack.key],
            import_ms=round(imports_ms[contender.stack.key], 1),
            latencies=tuple(contender.latencies),
        )

    return tuple(map(result, contenders))


def _pages(path: Path) -> Mapping[str, Any]:
    """Read what ``benchmarks/reading.py`` keeps; nothing where it has not run."""
    if not path.is_file():
        return {}
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    readers = [{key: each[key] for key in ("name", "summary")} for each in document["readers"]]
    kept = {key: document[key] for key in ("command", "machine", "measured_at")}
    return {**kept, "readers": readers}


def _command(arguments: argparse.Namespace) -> str:
    """Write the call as anyone may repeat it; where files lie changes no result."""
    words = ["python", "benchmarks/peers.py", "RUN"]
    if len(arguments.stacks) < len(STACKS):
        words += ["--stacks", ",".join(arguments.stacks)]
    if arguments.threads != THREADS:
        words += ["--threads", ",".join(map(str, arguments.threads))]
    if arguments.rounds != ROUNDS:
        words += ["--rounds", str(arguments.rounds)]
    return shlex.join(words)


def _notify(line: str) -> None:
    print(f"peers: {line}", file=sys.stderr, flush=True)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    keys = tuple(stack.key for stack in STACKS)
    parser.add_argument("run", type=Path, help="folder of a finished run")
    parser.add_argument("--stacks", type=_stacks, default=keys, help=f"of {','.join(keys)}")
    parser.add_argument("--threads", type=_threads, default=THREADS, help="(1,2)")
    parser.add_argument("--rounds", type=_positive, default=ROUNDS, help=f"({ROUNDS})")
    parser.add_argument("--out", type=Path, default=OUT, help=f"converted files ({OUT})")
    parser.add_argument("--results", type=Path, help="folder that gets the figures too")
    return parser.parse_args(words)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, found {text!r}")
    return int(text)


def _threads(text: str) -> tuple[int, ...]:
    return tuple(_positive(word) for word in text.split(","))


def _stacks(text: str) -> tuple[str, ...]:
    keys = [stack.key for stack in STACKS]
    for word in text.split(","):
        if word not in keys:
            raise argparse.ArgumentTypeError(f"{word!r} is none of {', '.join(keys)}")
    return tuple(text.split(","))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EdgeMnistError as error:
        sys.exit(f"error: {error.message}")
    except KeyboardInterrupt:
        sys.exit(_EXIT_INTERRUPTED)
