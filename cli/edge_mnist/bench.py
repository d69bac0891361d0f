"""`edge-mnist bench`: measure models on this machine, compare runs and report them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperGroup

from edge_bench.scenario_list import SCENARIO_NAMES, SCENARIOS
from edge_mnist.options import JsonOption, epilog
from edge_mnist.startup import require
from edge_mnist.terminal import ERR, OUT, ProgressView, show

if TYPE_CHECKING:
    from edge_bench.run import BenchConfig

EXAMPLES: Final = """
    edge-mnist bench                                # the default models
    edge-mnist bench --quick                        # less than half a minute
    edge-mnist bench edge digits.onnx -s single -s batch
    edge-mnist bench --json - | tail -1 | jq '.measurements[] | [.scenario, .p50_ms]'
    edge-mnist bench edge --profile                 # time per node of the graph
"""
COMPARE_EXAMPLES: Final = """
    edge-mnist bench compare before.json after.json
    edge-mnist bench compare main.json branch.json --fail-over 10%    # exit 1 if slower
    edge-mnist bench compare old.json new.json --json > change.json
"""
REPORT_EXAMPLES: Final = """
    edge-mnist bench report pi5.json                          # pi5.html and pi5.md
    edge-mnist bench report pi4.json pi5.json laptop.json -o machines.html
"""
_SCENARIOS_HELP: Final = ", ".join(f"`{one.name}` ({one.title.lower()})" for one in SCENARIOS)
_STDOUT: Final = "-"


class VerbWithSubverbs(TyperGroup):
    """A verb with arguments of its own and sub-verbs.

    click would take the name of a sub-verb for an argument, so names of sub-verbs are matched
    first. A file of such a name is written as `./report`.
    """

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """Parse the arguments for the sub-verb that the first one names, or for this verb."""
        subverb = self.commands.get(args[0]) if args else None
        if subverb is None:
            return super().make_context(info_name, args, parent, **extra)
        return subverb.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)


app = typer.Typer(cls=VerbWithSubverbs, subcommand_metavar="", rich_markup_mode="markdown")


@app.callback(invoke_without_command=True, context_settings={"allow_interspersed_args": True})
def command(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME|FILE]...",
            help="Shipped models or .onnx files, measured in turns; ratios refer to the first. "
            "[default: edge, and page for pages and frames]",
        ),
    ] = None,
    *,
    scenarios: Annotated[
        list[str] | None,
        typer.Option(
            *("--scenario", "-s"),
            metavar="NAME",
            autocompletion=lambda: list(SCENARIO_NAMES),
            help=f"Only this scenario; repeatable. Names: {_SCENARIOS_HELP}.",
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Under 30 seconds, not 3 minutes; less precise.")
    ] = False,
    threads: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=256,
            help="Threads that share a batch. [default: 1; batches on 1 and on all cores]",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            *("--output", "-o", "--json"),
            metavar="FILE|-",
            help="File for the JSON record of the run; `-` prints it as the last line. "
            "[default: bench-DATE-TIME.json in the current folder]",
        ),
    ] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Show the time per node of the graph instead.")
    ] = False,
) -> None:
    """Measure latency, throughput and memory on this machine, and write a record.

    After a warm-up, all scenarios and models are measured in turns, so that a slow phase of
    the machine affects all of them. Conditions that make the figures less reliable are listed.
    `edge-mnist bench report` and `edge-mnist bench compare` read the record.
    """
    if profile and (scenarios or quick or output or threads):
        message = "takes no --scenario, --quick, --threads or --output"
        raise typer.BadParameter(message, param_hint="--profile")
    if profile:
        _profile(models)
        return
    from edge_bench.run import DEFAULT, QUICK, BenchConfig

    config = BenchConfig(
        models=tuple(models or ()),
        scenarios=tuple(scenarios or SCENARIO_NAMES),
        threads=threads,
        budget=QUICK if quick else DEFAULT,
    )
    _measure(config, output)


def _profile(models: list[str] | None) -> None:
    from edge_bench.models import profile
    from edge_infer.model.shipped import DEFAULT_MODEL
    from edge_mnist.bench_view import profile_view

    for model in models or (DEFAULT_MODEL,):
        show(profile_view(model, profile(model)))


def _measure(config: BenchConfig, output: str | None) -> None:
    """Measure, print the tables, and write the record."""
    import sys
    from contextlib import ExitStack
    from datetime import datetime

    from edge_bench.run import run_bench
    from edge_infer.io.atomic import atomic_path
    from edge_mnist.bench_view import record_view

    name = output or f"bench-{datetime.now():%Y%m%d-%H%M%S}.json"
    with ExitStack() as stack:
        # The file is opened first: an unwritable file is reported before the measurement.
        file = None if name == _STDOUT else stack.enter_context(atomic_path(Path(name)))
        with ProgressView() as view:
            record = run_bench(config, ("edge-mnist", *sys.argv[1:]), view.progress)
        show(record_view(record))
        if file is not None:
            file.write_text(record.to_json() + "\n", encoding="utf-8")
    OUT.print(record.to_json() if name == _STDOUT else f"\nrecord: {name}", markup=False)


@app.command("report", epilog=epilog(REPORT_EXAMPLES))
def report_command(
    *,
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN.json...", help="Records of runs of `edge-mnist bench`."),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            *("--output", "-o"),
            metavar="FILE.html",
            help="HTML file, replaced if it exists; the same report as Markdown is written beside "
            "it. [default: name of the first run, in the current folder]",
        ),
    ] = None,
) -> None:
    """Show runs side by side on one page: machines, tables, charts, and doubts.

    The page works offline and without scripts, on phones, in dark mode and in print. Each run
    has the name of its file. Without the extra `report` only the Markdown file is written.
    """
    from edge_bench.report import make_report
    from edge_infer.errors import MissingExtraError, UsageError
    from edge_infer.io.atomic import write_text

    html = output or Path(f"{runs[0].stem}.html")
    markdown = html.with_suffix(".md")
    if markdown == html:
        raise UsageError(f"{html} is the name of the Markdown file; give a name ending in .html")
    report = make_report(runs)
    write_text(markdown, report.to_markdown())
    try:
        require("report", "bench report")
    except MissingExtraError as error:
        OUT.print(f"Wrote {markdown}", markup=False)
        ERR.print(f"no HTML page: {error.message}", markup=False)
        return
    from edge_analysis.page import write_page
    from edge_mnist.bench_page import bench_page

    write_page(bench_page(report), html)
    OUT.print(f"Wrote {html} and {markdown}", markup=False)


def _parse_percent(text: str) -> float:
    """Read "10%", "10 %" or "10"."""
    try:
        percent = float(text.strip().removesuffix("%"))
    except ValueError:
        percent = math.nan
    if not 0 <= percent < math.inf:
        raise typer.BadParameter(f"{text!r} is not a percentage of 0 or more, such as 10%")
    return percent


@app.command("compare", epilog=epilog(COMPARE_EXAMPLES))
def compare_command(
    *,
    old: Annotated[
        Path, typer.Argument(metavar="OLD", help="Record of a run of `edge-mnist bench`.")
    ],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Record of a later run.")],
    fail_over: Annotated[
        float | None,
        typer.Option(
            metavar="PERCENT",
            parser=_parse_percent,
            help="Exit with 1 if a model is significantly slower by more than this.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare two runs: what is slower, what is faster, and what else differs.

    Measurements with the same scenario, model name, threads and batch are compared. A model is
    slower if the ratio of the medians is above the limit, its 95 % interval excludes 1, and the
    ratio of the fastest calls, which other load hardly affects, is above the limit too. If only
    the first holds, it is marked as unsure.
    """
    from edge_bench.compare import compare_files
    from edge_mnist.bench_view import comparison_view

    comparison = compare_files(old, new, fail_over_percent=fail_over)
    if as_json:
        OUT.print(comparison.to_json(), markup=False)
    else:
        show(comparison_view(comparison))
    if comparison.failures:
        raise typer.Exit(1)
