"""The terminal: results on stdout, progress and errors on stderr.

rich disables colours and live displays where a stream is not a terminal, or NO_COLOR is set.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from rich.console import Console

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress
    from rich.table import Table

OUT: Final = Console(highlight=False, soft_wrap=True, emoji=False)
ERR: Final = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
# A pipe has no width: each table row is one line, however long.
_PIPED_WIDTH: Final = 1000


def width() -> int:
    """Return the number of columns that :func:`show` has."""
    return OUT.width if OUT.is_terminal else _PIPED_WIDTH


def show(view: RenderableType) -> None:
    """Print tables and text on stdout: wrapped on a terminal, one line per row when piped."""
    if OUT.is_terminal:
        # A long command runs past the edge, because a cropped line cannot be copied.
        OUT.print(view, soft_wrap=False, crop=False)
        return
    piped = Console(
        file=io.StringIO(), width=_PIPED_WIDTH, highlight=False, emoji=False, color_system=None
    )
    with piped.capture() as captured:
        piped.print(view)
    for line in captured.get().splitlines():
        OUT.print(line.rstrip(), markup=False)


def make_table(*headings: str, text: Collection[str] = (), gap: int = 2) -> Table:
    """Make a table without borders.

    Args:
        headings: One per column.
        text: Headings of columns that hold text: left-aligned, and folded where the terminal
            is too narrow. The other columns hold numbers: right-aligned, never folded.
        gap: Spaces between columns.
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="dim")
    for heading in headings:
        if heading in text:
            table.add_column(heading, overflow="fold")
        else:
            table.add_column(heading, justify="right", no_wrap=True)
    return table


def facts_table(facts: Iterable[tuple[str, str]]) -> Table:
    """Make a table of two columns, a subject and a text."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    for subject, text in facts:
        grid.add_row(Text(subject, style="dim"), Text(text, overflow="fold"))
    return grid


def bullets(lines: Iterable[str]) -> Table:
    """Make a list with a dash before each line."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid()
    for line in lines:
        grid.add_row("- ", Text(line))
    return grid


def percent(fraction: float, decimals: int = 2) -> str:
    """Write a fraction in 0-1 as a percentage, such as ``99.61 %``."""
    return f"{100 * fraction:.{decimals}f} %"


def kilobytes(size_bytes: int) -> str:
    """Write a size in kB of 1,000 bytes, such as ``78.2 kB``."""
    return f"{size_bytes / 1000:,.1f} kB"


class ProgressView:
    """A progress bar on stderr for steps that have a name; a context manager.

    The bar is hidden until the first step and when stderr is piped, and it is removed at the
    end.
    """

    def __init__(self) -> None:
        self._bar = _progress_bar()
        self._task = self._bar.add_task("", total=None, note="", visible=False)
        self._name: str | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def notify(self, message: str) -> None:
        """Print a line above the bar."""
        ERR.print(message, markup=False)

    def progress(self, name: str, done: float, total: float, *, note: str = "") -> None:
        """Move the bar.

        Args:
            name: The current step; a new name restarts the bar.
            done: How much of the step is done.
            total: How much there is to do; 0 where this is not known.
            note: Text behind the bar.
        """
        if name != self._name:
            self._name = name
            self._bar.reset(self._task, description=name, visible=True)
        self._bar.update(self._task, completed=done, total=total or None, note=note)


def _progress_bar() -> Progress:
    # Imported here, because most processes end before they show a bar.
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
