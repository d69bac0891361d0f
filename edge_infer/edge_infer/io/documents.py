"""Write pages as text for people, and as JSON Lines or CSV for programs.

Other programs depend on the form of the JSON; ``tests/infer/test_documents.py`` checks it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, Literal, get_args

from edge_infer.boxes import Box
from edge_infer.errors import UsageError
from edge_infer.io.batch import Failure
from edge_infer.io.formats import CsvRow, Format, failure_line, printable
from edge_infer.page.items import PageResult, ReadPage
from edge_infer.page.page import Digit, Line, Page

PageFormatName = Literal["text", "jsonl", "csv"]
PAGE_FORMAT_NAMES: Final[tuple[PageFormatName, ...]] = get_args(PageFormatName)
# Style of a part of the text.
Look = Literal["heading", "sure", "doubtful", "rejected"]
_DECIMALS: Final = 6


def make_page_format(
    name: PageFormatName,
    *,
    with_rejected: bool = False,
    with_headings: bool = False,
    doubtful_below: float = 0.0,
) -> Format[PageResult]:
    """Return the format with some name.

    Args:
        name: Name of the format.
        with_rejected: Whether rejected components are written too.
        with_headings: Whether text has the source above each page.
        doubtful_below: Confidence below which text shows a digit as doubtful.

    Raises:
        UsageError: There is no such format.
    """
    if name == "text":
        return PageText(
            with_rejected=with_rejected,
            with_headings=with_headings,
            doubtful_below=doubtful_below,
        )
    if name == "jsonl":
        return PageJsonLines(with_rejected=with_rejected)
    if name == "csv":
        return PageCsv(with_rejected=with_rejected)
    raise UsageError(f"format must be one of {', '.join(PAGE_FORMAT_NAMES)}, found {name!r}")


class PageJsonLines:
    """One JSON object per page.

    ``{"source", "width", "height", "text", "lines": [{"text", "confidence", "box",
    "digits": [{"label", "confidence", "box"}]}], "elapsed_ms"}``, boxes as ``[x, y, width,
    height]`` in pixels of the picture after rotation. With rejected components also
    ``"rejected"``, like ``"digits"``. ``{"source", "error": {"code", "message"}}`` for an item
    that cannot be read.
    """

    header = None

    def __init__(self, *, with_rejected: bool = False) -> None:
        self._with_rejected = with_rejected

    def line(self, result: PageResult) -> str:
        """Return the JSON object of one result."""
        outcome = result.outcome
        if isinstance(outcome, Failure):
            return failure_line(result.source, outcome)
        document = page_document(result.source, outcome)
        if self._with_rejected:
            document["rejected"] = [_digit_document(digit) for digit in outcome.page.rejected]
        return json.dumps(document, ensure_ascii=False)


def page_document(source: str, read: ReadPage) -> dict[str, Any]:
    """Return the JSON object of a page."""
    return {
        "source": source,
        "width": int(read.page.width),
        "height": int(read.page.height),
        "text": read.page.text,
        "lines": [_line_document(line) for line in read.page.lines],
        "elapsed_ms": round(float(read.elapsed_ms), 3),
    }


def _line_document(line: Line) -> dict[str, Any]:
    return {
        "text": line.text,
        "confidence": round(float(line.confidence), _DECIMALS),
        "box": _box_document(line.box),
        "digits": [_digit_document(digit) for digit in line.digits],
    }


def _digit_document(digit: Digit) -> dict[str, Any]:
    return {
        "label": digit.label,
        "confidence": round(float(digit.confidence), _DECIMALS),
        "box": _box_document(digit.box),
    }


def _box_document(box: Box) -> list[int]:
    return [int(box.x), int(box.y), int(box.width), int(box.height)]


class PageCsv:
    """Comma-separated values, with a row for each line of a page.

    A page without digits has one row with an empty text, so that no source is missing. Each
    rejected component has a row without a line number.
    """

    def __init__(self, *, with_rejected: bool = False) -> None:
        self._row = CsvRow()
        self._with_rejected = with_rejected
        columns = ["line", "text", "confidence", "x", "y", "width", "height"]
        columns += ["rejected"] if with_rejected else []
        self._blanks = len(columns)
        self.header: str | None = self._row("source", *columns, "error", "message")

    def line(self, result: PageResult) -> str:
        """Return the rows of one result, at least one."""
        outcome = result.outcome
        if isinstance(outcome, Failure):
            return self._row(result.source, *[""] * self._blanks, outcome.code, outcome.message)
        rows = [
            self._values(str(number), line.text, line, "false")
            for number, line in enumerate(outcome.page.lines, 1)
        ]
        if self._with_rejected:
            rows += [self._values("", one.label, one, "true") for one in outcome.page.rejected]
        rows = rows or [[""] * self._blanks]
        return "\n".join(self._row(result.source, *values, "", "") for values in rows)

    def _values(self, number: str, text: str, what: Line | Digit, rejected: str) -> list[str]:
        confidence = f"{what.confidence:.{_DECIMALS}f}"
        values = [number, text, confidence, *map(str, _box_document(what.box)), rejected]
        return values[: self._blanks]


class PageText:
    """The text of the lines of each page."""

    header = None

    def __init__(
        self,
        *,
        with_rejected: bool = False,
        with_headings: bool = False,
        doubtful_below: float = 0.0,
    ) -> None:
        self._with_rejected = with_rejected
        self._with_headings = with_headings
        self._doubtful_below = doubtful_below

    def line(self, result: PageResult) -> str:
        """Return the text of one result; empty for a page without digits and for a failure."""
        return "".join(part for part, _ in self.parts(result))

    def parts(self, result: PageResult) -> list[tuple[str, Look]]:
        """Return the same text in parts of different styles."""
        if isinstance(result.outcome, Failure):
            return []
        lines = list(self._lines(result.outcome.page))
        if self._with_headings:
            # As `head` and `tail` write it; an empty line separates the pages.
            heading: list[tuple[str, Look]] = [(f"==> {printable(result.source)} <==", "heading")]
            lines = [heading, *lines, []]
        return [part for line in lines for part in [*line, _LINE_FEED]][:-1]

    def _lines(self, page: Page) -> Iterator[list[tuple[str, Look]]]:
        for line in page.lines:
            yield [(printable(digit.label), self._look(digit)) for digit in line.digits]
        for digit in page.rejected if self._with_rejected else ():
            box = digit.box
            place = f"{box.width} x {box.height} at {box.x}, {box.y}"
            # Rounded down: 100 % means certain.
            certainty = f"{int(100 * digit.confidence)} %"
            yield [(f"rejected: {printable(digit.label)}, {certainty}, {place}", "rejected")]

    def _look(self, digit: Digit) -> Look:
        return "doubtful" if digit.confidence < self._doubtful_below else "sure"


_LINE_FEED: Final[tuple[str, Look]] = ("\n", "sure")
