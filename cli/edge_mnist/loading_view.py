"""How the loading of data looks on the terminal: lines, and a bar while it lasts."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from edge_mnist.console import ERR, progress_bar


class LoadingView:
    """Takes what ``edge_train.data.load_dataset`` reports; a context manager for its bar."""

    def __init__(self) -> None:
        self._bar = progress_bar()
        self._task = self._bar.add_task("", total=None, note="", visible=False)
        self._name = ""

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
        """Print a line."""
        ERR.print(message, markup=False)

    def progress(self, name: str, done: int, total: int) -> None:
        """Move the bar on; a new name starts it anew, a total of 0 is unknown."""
        if name != self._name:
            self._name = name
            self._bar.reset(self._task, description=name, visible=True)
        self._bar.update(self._task, completed=done, total=total or None)
