"""Write the results of `predict` and `read` to a file, a pipe or the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from time import monotonic
from typing import BinaryIO, Final, Literal, TypeVar

import typer

from edge_infer.environment import is_verbose
from edge_infer.io.atomic import atomic_path
from edge_infer.io.formats import Format, encode
from edge_infer.quiet import discard_native_stderr
from edge_mnist.terminal import ERR, OUT, ProgressView

PROGRESS_AFTER_S: Final = 2.0
_PROGRESS_EVERY_S: Final = 0.1
_FLUSH_EVERY_S: Final = 0.5
FAILED: Final = "failed"

Outcome = TypeVar("Outcome")


def format_by_suffix(output: Path | None) -> Literal["jsonl", "csv"] | None:
    """Return the format that the suffix of a file stands for, or None."""
    suffix = "" if output is None else output.suffix.lower()
    if suffix in {".jsonl", ".ndjson"}:
        return "jsonl"
    return "csv" if suffix == ".csv" else None


def write_results(
    results: Generator[Outcome],
    result_format: Format[Outcome],
    output: Path | None,
    *,
    doing: str,
    kinds: Iterable[str],
    kind_of: Callable[[Outcome], str],
    show: Callable[[Outcome], None] | None,
    with_rate: bool = False,
) -> None:
    """Write results one by one, and print the counts when there was more than one.

    While it lasts, messages of C libraries are discarded unless verbose output is on, and a
    progress bar appears when it takes long and the results are not shown on the terminal.

    Args:
        results: Results; closed at the end.
        result_format: Format of the lines.
        output: File for the lines, moved into place at the end; None for stdout.
        doing: What is being done, for the progress bar.
        kinds: Kinds of results beside :data:`FAILED`, in the order in which they are counted.
        kind_of: Called with each result after it was written; returns its kind.
        show: Prints one result on a terminal; None where a terminal gets the same as a pipe.
        with_rate: Whether to print the number of results per second.

    Raises:
        OutputError: The file cannot be written.
        typer.Exit: A result is of the kind :data:`FAILED`.
    """
    counts = dict.fromkeys((*kinds, FAILED), 0)
    started_s = monotonic()
    with ExitStack() as stack:
        write = stack.enter_context(_open_target(result_format, output, show))
        if not is_verbose():
            stack.enter_context(discard_native_stderr())
        stack.enter_context(closing(results))
        is_shown = output is None and OUT.is_terminal
        for result in results if is_shown else _with_progress(results, doing):
            write(result)
            counts[kind_of(result)] += 1
    total = sum(counts.values())
    if total > 1:
        elapsed_s = max(monotonic() - started_s, 1e-6)
        rate = f" ({total / elapsed_s:,.0f} a second)" if with_rate else ""
        text = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
        ERR.print(f"{text}, in {elapsed_s:.1f} s{rate}")
    if counts[FAILED]:
        raise typer.Exit(1)


@contextmanager
def _open_target(
    result_format: Format[Outcome],
    output: Path | None,
    show: Callable[[Outcome], None] | None,
) -> Generator[Callable[[Outcome], None]]:
    if output is not None:
        with atomic_path(output) as temporary, temporary.open("wb") as file:
            yield _line_writer(result_format, file)
    elif OUT.is_terminal and show is not None:
        if result_format.header is not None:
            OUT.print(result_format.header, style="dim", markup=False)
        yield show
    else:
        yield _line_writer(result_format, sys.stdout.buffer)
        sys.stdout.buffer.flush()


def _line_writer(result_format: Format[Outcome], file: BinaryIO) -> Callable[[Outcome], None]:
    """Return a function that writes a result as lines, and flushes them twice a second."""
    flushed_s = 0.0
    if result_format.header is not None:
        file.write(encode(result_format.header) + b"\n")

    def write(result: Outcome) -> None:
        nonlocal flushed_s
        line = result_format.line(result)
        if line:
            file.write(encode(line) + b"\n")
        now_s = monotonic()
        if now_s - flushed_s > _FLUSH_EVERY_S:
            file.flush()
            flushed_s = now_s

    return write


def _with_progress(results: Iterable[Outcome], doing: str) -> Iterator[Outcome]:
    show_at_s = monotonic() + PROGRESS_AFTER_S
    with ExitStack() as stack:
        view: ProgressView | None = None
        for done, result in enumerate(results, 1):
            yield result
            if monotonic() >= show_at_s:
                view = view or stack.enter_context(ProgressView())
                view.progress(doing, done, 0)
                show_at_s = monotonic() + _PROGRESS_EVERY_S
