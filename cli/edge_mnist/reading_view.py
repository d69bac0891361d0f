"""How pages look on the terminal: their lines, notes beside them, and a line at the end."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

from rich.text import Text

from edge_infer.io.batch import Failure
from edge_infer.io.documents import Look, PageText
from edge_infer.io.formats import Format, printable
from edge_infer.page.items import PageResult
from edge_mnist.console import ERR, OUT

_STYLES: Final[dict[Look, str]] = {
    "heading": "bold",
    "sure": "",
    "doubtful": "yellow",
    "rejected": "dim",
}


class ReadingView:
    """Shows results as they come and counts them."""

    def __init__(self, to_write: Format[PageResult], *, several: bool) -> None:
        """Remember the format: all but text say themselves what this says of a text."""
        self._text = to_write if isinstance(to_write, PageText) else None
        self._several = several
        self._begun_s = monotonic()
        self.read = self.empty = self.failed = 0

    @property
    def show(self) -> Callable[[PageResult], None] | None:
        """What prints a page in colours; None for formats that have none."""
        return None if self._text is None else self._show

    def tell(self, result: PageResult) -> None:
        """Count a result, and say beside the text what the text does not."""
        if isinstance(result.outcome, Failure):
            self.failed += 1
            if self._text is not None:
                ERR.print(f"error: {printable(result.outcome.message)}", style="red", markup=False)
        elif result.outcome.page.lines:
            self.read += 1
        else:
            self.empty += 1
            # Of several, the heading with nothing under it says so.
            if self._text is not None and not self._several:
                ERR.print(f"no digits on {printable(result.source)}", style="dim", markup=False)

    def finish(self) -> None:
        """Say what came of many pages; of one, its own lines say it."""
        if not self._several:
            return
        elapsed_s = monotonic() - self._begun_s
        ERR.print(
            f"{self.read:,} read, {self.empty:,} without digits, {self.failed:,} failed, "
            f"in {elapsed_s:.1f} s"
        )

    def _show(self, result: PageResult) -> None:
        parts = self._text.parts(result) if self._text is not None else []
        if parts:
            OUT.print(Text.assemble(*((part, _STYLES[look]) for part, look in parts)))
