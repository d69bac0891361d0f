"""Where the results of `predict` and `read` go: a file, a pipe or the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from time import monotonic
from typing import BinaryIO, Final, Generic, Literal, TypeVar

from edge_infer.io.atomic import atomic_path
from edge_infer.io.formats import Format, encode
from edge_infer.quiet import native_chatter_discarded
from edge_mnist.console import OUT, progress_bar

_PROGRESS_AFTER_S: Final = 2.0
_PROGRESS_EVERY_S: Final = 0.1
_FLUSH_EVERY_S: Final = 0.5
_FORMAT_OF_SUFFIX: Final[dict[str, Literal["jsonl", "csv"]]] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
}

Outcome = TypeVar("Outcome")


def format_by_suffix(output: Path | None) -> Literal["jsonl", "csv"] | None:
    """Name the format that a file's suffix asks for; None where it asks for none."""
    return None if output is None else _FORMAT_OF_SUFFIX.get(output.suffix.lower())


def quiet_libraries() -> AbstractContextManager[None]:
    """Keep what C libraries print off the terminal, unless --verbose was given."""
    return nullcontext() if os.environ.get("EDGE_MNIST_VERBOSE") else native_chatter_discarded()


@contextmanager
def open_sink(
    to_write: Format[Outcome],
    output: Path | None,
    show: Callable[[Outcome], None] | None,
) -> Generator[Callable[[Outcome], None]]:
    """Yield what takes results one by one.

    Args:
        to_write: How they are written.
        output: File for them, moved into place at the end; None for standard output.
        show: How a terminal shows one; None where it gets the same as a pipe.

    Raises:
        OutputError: The file cannot be written.
    """
    if output is not None:
        with atomic_path(output) as temporary, temporary.open("wb") as file:
            yield _Lines(to_write, file).write
    elif OUT.is_terminal and show is not None:
        if to_write.header is not None:
            OUT.print(to_write.header, style="dim", markup=False)
        yield show
    else:
        yield _Lines(to_write, sys.stdout.buffer).write
        sys.stdout.buffer.flush()


class _Lines(Generic[Outcome]):
    """Results as lines of bytes, handed on twice a second at least."""

    def __init__(self, to_write: Format[Outcome], file: BinaryIO) -> None:
        self._line = to_write.line
        self._file = file
        self._flushed_s = 0.0
        if to_write.header is not None:
            file.write(encode(to_write.header) + b"\n")

    def write(self, result: Outcome) -> None:
        line = self._line(result)
        if line:
            self._file.write(encode(line) + b"\n")
        now_s = monotonic()
        if now_s - self._flushed_s > _FLUSH_EVERY_S:
            self._file.flush()
            self._flushed_s = now_s


def with_progress(
    results: Iterable[Outcome], doing: str, *, hidden: bool = False
) -> Iterator[Outcome]:
    """Show how many are done on stderr when it takes long.

    Args:
        results: To hand on.
        doing: What is being done, for the line.
        hidden: Whether to show nothing: the results themselves are on the terminal.
    """
    if hidden:
        yield from results
        return
    show_at_s = monotonic() + _PROGRESS_AFTER_S
    with ExitStack() as stack:
        show: Callable[[int], None] | None = None
        for done, result in enumerate(results, 1):
            yield result
            if monotonic() >= show_at_s:
                show = show or stack.enter_context(_progress(doing))
                show(done)
                show_at_s = monotonic() + _PROGRESS_EVERY_S


@contextmanager
def _progress(doing: str) -> Generator[Callable[[int], None]]:
    with progress_bar() as bar:
        task = bar.add_task(doing, total=None, note="")
        yield lambda done: bar.update(task, completed=done)
