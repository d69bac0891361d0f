"""What the terminal shows: results on stdout, progress and errors on stderr.

rich switches colours and live displays off by itself when a stream is not a terminal
or NO_COLOR is set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Console

if TYPE_CHECKING:
    from rich.progress import Progress

OUT: Final = Console(highlight=False, soft_wrap=True)
ERR: Final = Console(stderr=True, highlight=False, soft_wrap=True)


def progress_bar() -> Progress:
    """Make a progress bar on stderr that leaves nothing behind, hidden when piped."""
    # Imported here: most runs end before they would show one.
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=ERR,
        transient=True,
        disable=not ERR.is_terminal,
    )
