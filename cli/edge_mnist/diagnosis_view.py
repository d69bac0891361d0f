"""How the findings of `edge-mnist doctor` look."""

from __future__ import annotations

from typing import Final

from rich.table import Table
from rich.text import Text

from edge_mnist.console import OUT
from edge_mnist.diagnosis import BAD, NOTE, OK, Finding

_MARKS: Final = {OK: ("ok", "green"), NOTE: ("--", "yellow"), BAD: ("!!", "bold red")}


def print_findings(findings: list[Finding]) -> None:
    """Print one line a finding; the mark says the state without its colour too."""
    table = Table.grid(padding=(0, 2))
    for finding in findings:
        mark, style = _MARKS[finding.state]
        table.add_row(
            Text(mark, style=style), Text(finding.subject, style="bold"), Text(finding.text)
        )
    OUT.print(table)
