"""What `edge-mnist explore` says on the terminal: the report's numbers to take away."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge_analysis.exploration import Exploration, key_figures, notes


def exploration_view(found: Exploration) -> RenderableType:
    """Show key figures, and what speaks against the set."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="right", style="bold", no_wrap=True)
    for key in key_figures(found).figures:
        table.add_row(Text(key.value), Text(key.label), Text(key.note, style="dim"))
    warnings = [
        Text(f"note: {item}", style="yellow") for each in notes(found) for item in each.items
    ]
    return Group(Text(found.pictures.name, style="bold"), table, *warnings)
