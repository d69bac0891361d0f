"""`edge-mnist bench compare`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Final

import typer

EXAMPLES: Final = """
**Examples**

    edge-mnist bench compare before.json after.json

    edge-mnist bench compare main.json branch.json --fail-over 10%    # exit 1 if slower

    edge-mnist bench compare old.json new.json --json > change.json
"""


def _percent(text: str) -> float:
    """Read "10%", "10 %" or "10"."""
    try:
        percent = float(text.strip().removesuffix("%"))
    except ValueError:
        percent = math.nan
    if not 0 <= percent < math.inf:
        raise typer.BadParameter(f"{text!r} is no percentage of 0 or more, such as 10%")
    return percent


def command(
    *,
    old: Annotated[
        Path, typer.Argument(metavar="OLD", help="Record of a run of `edge-mnist bench`.")
    ],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="A later one.")],
    fail_over: Annotated[
        float | None,
        typer.Option(
            "--fail-over",
            metavar="PERCENT",
            parser=_percent,
            help="Exit with 1 where a model is slower by more than that, beyond doubt.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Compare two runs: what became slower, what quicker, and what else changed.

    Compared is what both measured: the same scenario with a model of the same name, threads
    and batch. Slower beyond doubt: the ratio of medians is above the limit, its 95 %
    interval excludes 1, and the quickest calls are above the limit too, which other load
    on the machine leaves as they are. What seems slower without that is called unsure.
    """
    from edge_bench.compare import compare_files
    from edge_mnist.compare_view import comparison_view
    from edge_mnist.console import OUT

    comparison = compare_files(old, new, fail_over_percent=fail_over)
    if as_json:
        OUT.print(comparison.to_json(), markup=False)
    else:
        OUT.print(comparison_view(comparison), soft_wrap=False, crop=False)
    if comparison.failures:
        raise typer.Exit(1)
