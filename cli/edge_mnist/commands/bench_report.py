"""`edge-mnist bench report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

EXAMPLES: Final = """
**Examples**

    edge-mnist bench report pi5.json                          # pi5.html and pi5.md

    edge-mnist bench report pi4.json pi5.json laptop.json -o machines.html
"""


def command(
    *,
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN.json...", help="Records of runs of `edge-mnist bench`."),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE.html",
            help="HTML file to write, its Markdown twin beside it; by default named after the "
            "first run, in the working folder. Existing files are replaced.",
        ),
    ] = None,
) -> None:
    """Show runs side by side on one page: machines, tables, plots, and what casts doubt.

    The page needs no network and no script, suits a phone, a dark room and paper. A run is
    called as its file is.
    """
    from edge_bench.report import write_report
    from edge_mnist.console import OUT

    files = write_report(runs, output or Path(f"{runs[0].stem}.html"))
    OUT.print(f"Wrote {' and '.join(map(str, files))}", markup=False)
