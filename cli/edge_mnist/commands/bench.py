"""`edge-mnist bench`: what models cost on this machine."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from edge_mnist.commands import bench_compare, bench_report

EXAMPLES: Final = """
**Examples**

    edge-mnist bench                                # the models that are taken by default

    edge-mnist bench --quick                        # under half a minute

    edge-mnist bench edge digits.onnx -s single -s batch

    edge-mnist bench --json - | tail -1 | jq '.measurements[] | [.scenario, .p50_ms]'

    edge-mnist bench edge --profile                 # which node of the graph takes how long
"""


# As edge_bench.scenarios has them, which is too slow to import for the help.
class ScenarioName(StrEnum):
    """Names of the scenarios."""

    single = "single"
    batch = "batch"
    image = "image"
    folder = "folder"
    page = "page"
    cold = "cold"
    stream = "stream"


class VerbWithSubverbs(TyperGroup):
    """A verb that takes arguments of its own and has verbs below it.

    A group would take the names of its commands for arguments; here they go first. Who has
    a file of such a name writes `./report`.
    """

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """Parse the words for the verb below that the first one names, or for this one."""
        below = self.commands.get(args[0]) if args else None
        if below is None:
            return super().make_context(info_name, args, parent, **extra)
        return below.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)


app = typer.Typer(cls=VerbWithSubverbs, subcommand_metavar="", rich_markup_mode="markdown")

app.command("report", epilog=bench_report.EXAMPLES)(bench_report.command)
app.command("compare", epilog=bench_compare.EXAMPLES)(bench_compare.command)


@app.callback(invoke_without_command=True, context_settings={"allow_interspersed_args": True})
def command(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME|FILE]...",
            help="Shipped models or .onnx files, measured in turns; ratios are to the first. "
            "[default: edge, and page for pages and frames]",
            show_default=False,
        ),
    ] = None,
    *,
    scenarios: Annotated[
        list[ScenarioName] | None,
        typer.Option(
            "--scenario",
            "-s",
            help="Only this one; may be given again. One ready tensor, batches of 1 to 512, a "
            "PNG file, a folder of 1,000, a page, a fresh process, a camera's 30 frames a second.",
            show_default=False,
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Under 30 seconds instead of 3 minutes; less sure.")
    ] = False,
    threads: Annotated[
        int | None,
        typer.Option(
            "--threads",
            min=1,
            max=256,
            help="Threads that share out a batch. [default: 1; batches on 1 and on all cores]",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            "--json",
            metavar="FILE|-",
            help="Where the record of the run goes, as JSON; `-` prints it as the last line. "
            "[default: bench-DATE-TIME.json here]",
            show_default=False,
        ),
    ] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Show time by node of the graph instead.")
    ] = False,
) -> None:
    """Measure latency, throughput and memory on this machine, and keep a record.

    Everything is measured in turns, around and around, after a warm-up: a machine that is
    slow for a while is slow for all. What makes the figures less trustworthy is named. The
    record serves `edge-mnist bench report` and `edge-mnist bench compare`.
    """
    from edge_mnist.bench import measure, show_profiles

    if profile:
        if scenarios or quick or output or threads:
            raise typer.BadParameter(
                "takes no --scenario, --quick, --threads or --output", param_hint="--profile"
            )
        show_profiles(tuple(models or ()))
        return
    measure(
        tuple(models or ()),
        scenarios=tuple(each.value for each in scenarios or ()),
        threads=threads,
        quick=quick,
        output=output,
    )
