"""Write predictions as lines of text: a table for people, JSON Lines and CSV for programs.

Each result becomes a line at once, so that a stream of any length needs no memory. Every line is
valid UTF-8: bytes of a file name that are not are escaped, in JSON so that they read back as
Python's own name of the file. Formats of pages are in ``documents``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, Literal, Protocol, TypeVar, get_args

from edge_infer.errors import UsageError
from edge_infer.glyph.classifier import Prediction
from edge_infer.io.batch import Failure, Result

FormatName = Literal["table", "jsonl", "csv"]
FORMAT_NAMES: Final[tuple[FormatName, ...]] = get_args(FormatName)
_DECIMALS: Final = 6
# Removed again; the csv module quotes only line breaks that are part of its own.
_ROW_END: Final = "\r\n"
_quoted: Final = json.JSONEncoder(ensure_ascii=False).encode

Result_contra = TypeVar("Result_contra", contravariant=True)


class Format(Protocol[Result_contra]):
    """Writes results as lines, without their line feeds."""

    @property
    def header(self) -> str | None:
        """The line before all results; None when there is none."""
        ...

    def line(self, result: Result_contra, /) -> str:
        """Return the line of one result, or several; empty when there is nothing to write."""
        ...


def make_format(name: FormatName, class_names: Sequence[str]) -> Format[Result]:
    """Return the format with some name for results of some classes.

    Raises:
        UsageError: There is no such format.
    """
    if name == "jsonl":
        return JsonLines(class_names)
    if name == "csv":
        return Csv(class_names)
    if name == "table":
        return Table(class_names)
    raise UsageError(f"format must be one of {', '.join(FORMAT_NAMES)}, found {name!r}")


def encode(text: str) -> bytes:
    """Return valid UTF-8, with surrogates (of undecodable file names) escaped."""
    return text.encode("utf-8", "backslashreplace")


def failure_line(source: str, failure: Failure) -> str:
    """Return the JSON object of an item that cannot be read."""
    error = f'{{"code": {_quoted(failure.code)}, "message": {_quoted(failure.message)}}}'
    return f'{{"source": {_quoted(source)}, "error": {error}}}'


def printable(text: str) -> str:
    """Escape characters that could move the cursor or break the line."""
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text
    )


class CsvRow:
    """Joins values to a row of comma-separated values (RFC 4180, except for the line feed)."""

    def __init__(self) -> None:
        import csv  # Most runs do not need it.

        self._row: Any = csv.writer(_Echo(), lineterminator=_ROW_END).writerow

    def __call__(self, *values: str) -> str:
        """Return the row without its line feed."""
        row: str = self._row(values)
        return row.removesuffix(_ROW_END)


class _Echo:
    """A file for the csv module that returns each row instead of storing it."""

    def write(self, row: str) -> str:
        return row


class JsonLines:
    """One JSON object per line.

    ``{"source", "label", "confidence", "probabilities": [..], "rejected"}``, with a null label
    and confidence 0 when there is no ink; ``{"source", "error": {"code", "message"}}`` for an
    item that cannot be read.
    """

    header = None

    def __init__(self, class_names: Sequence[str]) -> None:
        self._labels = {name: _quoted(name) for name in class_names}
        # One format string for all numbers: five times as fast as rounding each.
        self._probabilities = ", ".join([f"%.{_DECIMALS}f"] * len(class_names))

    def line(self, result: Result) -> str:
        """Return the JSON object of one result."""
        outcome = result.outcome
        if isinstance(outcome, Failure):
            return failure_line(result.source, outcome)
        label = "null" if outcome.label is None else self._labels[outcome.label]
        probabilities = self._probabilities % tuple(outcome.probabilities.tolist())
        return (
            f'{{"source": {_quoted(result.source)}, "label": {label}, '
            f'"confidence": {outcome.confidence:.{_DECIMALS}f}, '
            f'"probabilities": [{probabilities}], '
            f'"rejected": {"true" if outcome.rejected else "false"}}}'
        )


class Csv:
    """Comma-separated values, with a column for each class."""

    def __init__(self, class_names: Sequence[str]) -> None:
        self._write = CsvRow()
        columns = ("source", "label", "confidence", "rejected", "error", "message")
        self._blanks = ("",) * len(class_names)
        self.header: str | None = self._write(*columns, *(f"p_{name}" for name in class_names))

    def line(self, result: Result) -> str:
        """Return the row of one result; columns that do not apply are empty."""
        outcome = result.outcome
        if isinstance(outcome, Failure):
            return self._write(
                result.source, "", "", "", outcome.code, outcome.message, *self._blanks
            )
        return self._write(
            result.source,
            "" if outcome.label is None else outcome.label,
            f"{outcome.confidence:.{_DECIMALS}f}",
            "true" if outcome.rejected else "false",
            "",
            "",
            *(f"{p:.{_DECIMALS}f}" for p in outcome.probabilities.tolist()),
        )


class Table:
    """Columns for people: label, confidence, source and a note."""

    def __init__(self, class_names: Sequence[str]) -> None:
        self._width = max(5, *(len(name) + 1 for name in class_names))
        self.header: str | None = f"{'label':>{self._width}}  confidence  source"

    def line(self, result: Result) -> str:
        """Return the row of one result; a doubtful label has a question mark."""
        outcome = result.outcome
        if isinstance(outcome, Failure):
            label, confidence, note = "error", "", outcome.message
        else:
            label, confidence, note = self._columns(outcome)
        source = printable(result.source)
        after = f"  ({printable(note)})" if note else ""
        return f"{label:>{self._width}}  {confidence:>10}  {source}{after}"

    def _columns(self, prediction: Prediction) -> tuple[str, str, str]:
        if prediction.label is None:
            return "-", "-", "no ink"
        confidence = f"{100 * prediction.confidence:.2f} %"
        if prediction.rejected:
            return f"{prediction.label}?", confidence, "in doubt"
        return prediction.label, confidence, ""
