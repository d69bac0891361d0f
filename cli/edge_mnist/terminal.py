"""The terminal: results on stdout, progress and errors on stderr.

rich disables colours and live displays where a stream is not a terminal, or NO_COLOR is set.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Final, Self

from rich.console import Console, Group
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType
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


def stack(*parts: RenderableType) -> Group:
    """Stack parts, one below the other; strings are plain text without markup."""
    return Group(*map(_plain, parts))


def make_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[RenderableType]],
    *,
    text: Collection[str] = (),
    gap: int = 2,
) -> Table:
    """Make a table without borders.

    Args:
        headings: One per column.
        rows: Cells; strings are plain text without markup.
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
    for row in rows:
        table.add_row(*map(_plain, row))
    return table


def make_grid(rows: Iterable[Sequence[str | Text]], *, gap: int = 2) -> Table:
    """Make a table of text without headings; arguments as for :func:`make_table`."""
    from rich.table import Table

    grid = Table.grid(padding=(0, gap))
    for row in rows:
        if not grid.columns:
            for _ in row:
                grid.add_column(overflow="fold")
        grid.add_row(*map(_plain, row))
    return grid


def bullets(lines: Iterable[str]) -> Table:
    """Make a list with a dash before each line."""
    return make_grid((("-", line) for line in lines), gap=1)


def _plain(part: RenderableType) -> RenderableType:
    return Text(part) if isinstance(part, str) else part


def percent(fraction: float, decimals: int = 2) -> str:
    """Write a fraction in 0-1 as a percentage, such as ``99.61 %``."""
    return f"{100 * fraction:.{decimals}f} %"


def interval(low: float, high: float) -> str:
    """Write the ends of an interval, fractions in 0-1, such as ``99.50 % to 99.70 %``."""
    return f"{percent(low)} to {percent(high)}"


def kilobytes(size_bytes: int) -> str:
    """Write a size in kB of 1,000 bytes, such as ``78.2 kB``."""
    return f"{size_bytes / 1000:,.1f} kB"


class ProgressView:
    """A progress bar on stderr for steps that have a name; a context manager.

    The bar is hidden until the first step and when stderr is piped, and it is removed at the
    end.
    """

    def __init__(self) -> None:
        # Imported here, because most processes end before they show a bar.
        from rich import progress

        self._bar = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeRemainingColumn(),
            progress.TextColumn("{task.fields[note]}"),
            console=ERR,
            transient=True,
            disable=not ERR.is_terminal,
        )
        self._task = self._bar.add_task("", total=None, note="", visible=False)
        self._name: str | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
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
