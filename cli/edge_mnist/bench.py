"""What `edge-mnist bench` does once its options are read; imports the runtime."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Final

from edge_bench.nodes import profile
from edge_bench.run import DEFAULT, QUICK, BenchConfig, Notify, run_bench
from edge_bench.scenario_list import SCENARIO_NAMES
from edge_infer.io.atomic import atomic_path
from edge_infer.model.shipped import DEFAULT_MODEL
from edge_mnist.bench_view import profile_view, record_view
from edge_mnist.console import OUT, progress_bar

_STANDARD_OUTPUT: Final = "-"


def measure(
    models: tuple[str, ...],
    *,
    scenarios: tuple[str, ...],
    threads: int | None,
    quick: bool,
    output: str | None,
) -> None:
    """Measure, print a table, and keep the record.

    Raises:
        EdgeMnistError: A model cannot be loaded, or the record cannot be written.
    """
    config = BenchConfig(
        models=models,
        scenarios=scenarios or SCENARIO_NAMES,
        threads=threads,
        budget=QUICK if quick else DEFAULT,
    )
    target = None if output == _STANDARD_OUTPUT else Path(output or _default_name())
    with ExitStack() as stack:
        # First of all: what cannot be written is not worth three minutes.
        file = None if target is None else stack.enter_context(atomic_path(target))
        with progress_bar() as bar:
            task = bar.add_task("", total=None, note="")
            notify: Notify = lambda doing, done, total: bar.update(  # noqa: E731
                task, description=doing, completed=done, total=total
            )
            record = run_bench(config, ("edge-mnist", *sys.argv[1:]), notify)
        OUT.print(record_view(record), soft_wrap=False, crop=False)
        if file is not None:
            file.write_text(record.to_json() + "\n", encoding="utf-8")
    if target is None:
        OUT.print(record.to_json(), markup=False)
    else:
        OUT.print(f"\nrecord: {target}", markup=False)


def show_profiles(models: tuple[str, ...]) -> None:
    """Print time by node of each model, on one thread.

    Raises:
        ModelError: One is missing, foreign or damaged.
    """
    for model in models or (DEFAULT_MODEL,):
        OUT.print(profile_view(model, profile(model)), soft_wrap=False)


def _default_name() -> str:
    return f"bench-{datetime.now():%Y%m%d-%H%M%S}.json"
