"""Lines and points over two axes as SVG, in the colours of the page around it.

Drawn here and not by a plotting library: a report is made on the device itself, which has
the plain runtime, and a drawing whose colours are CSS classes turns dark with its page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree

from edge_analysis.report_page import Figure, Swatch
from edge_bench.report_scale import Scale, fit_scale, tick_label

Element = ElementTree.Element

# As in style.css.
COLOURS: Final = 8
_WIDTH: Final = 480
_HEIGHT: Final = 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 16, 26, 44
_TICK: Final = 5
# Around the origin, some 10 units wide; the first of them for the first series.
_MARKERS: Final = (
    "M-4.2 0a4.2 4.2 0 1 0 8.4 0a4.2 4.2 0 1 0 -8.4 0Z",
    "M-3.9 -3.9H3.9V3.9H-3.9Z",
    "M0 -5L5 4H-5Z",
    "M0 -5.4L5.4 0L0 5.4L-5.4 0Z",
    "M0 5L-5 -4H5Z",
)
# Under so many units between two labels one would be written on the other.
_LINE_HEIGHT: Final = 15
_LABEL_UNITS_A_CHARACTER: Final = 7


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis.

    Attributes:
        label: What it measures, with the unit.
        log: Whether equal distances are equal ratios.
        ticks: Values to mark, where not round numbers.
        including: Values that have a place on it beside those of the points.
    """

    label: str
    log: bool = False
    ticks: tuple[float, ...] | None = None
    including: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Series:
    """Points that belong together.

    Attributes:
        name: For the legend.
        index: Which of the page's colours and shapes it has, from 0: the same thing has the
            same in every chart.
        points: x and y.
        line: Whether they are joined, in the order given.
        marked: Which points are marked, by number; None for all.
        dashed: Whether the line is.
        label: Written beside the first point.
    """

    name: str
    index: int
    points: tuple[tuple[float, float], ...]
    line: bool = True
    marked: tuple[int, ...] | None = None
    dashed: bool = False
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """What to draw; at least one series with a point. A logarithmic axis takes none at 0."""

    x: Axis
    y: Axis
    series: tuple[Series, ...]


def chart_figure(chart: Chart, *, alt: str, caption: str) -> Figure:
    """Draw a chart.

    Args:
        chart: What to draw.
        alt: What is to be seen, for those who cannot.
        caption: What it says, in a sentence.

    Returns:
        With a legend, but for series that are labelled in the drawing.
    """
    legend = tuple(
        Swatch(name=one.name, picture=to_text(_swatch(one)))
        for one in chart.series
        if not one.label
    )
    return Figure(picture=_draw(chart), alt=alt, caption=caption, legend=legend)


def node(
    tag: str, content: str | Sequence[Element] = (), attributes: Mapping[str, str] | None = None
) -> Element:
    """Make an element of a text, or of the elements within it."""
    made = Element(tag, dict(attributes or {}))
    if isinstance(content, str):
        made.text = content
    else:
        made.extend(content)
    return made


def to_text(element: Element) -> str:
    """Write an element as HTML."""
    return ElementTree.tostring(element, encoding="unicode", method="html")


def _swatch(one: Series) -> Element:
    """Draw the line and the shape of an entry of a legend."""
    line = _line([(1, 7), (27, 7)], one.index, one.dashed)
    box = {"viewBox": "0 0 28 14", "width": "28", "height": "14", "aria-hidden": "true"}
    return node("svg", [line, _marker((14, 7), one.index)], box)


def _draw(chart: Chart) -> str:
    points = [point for one in chart.series for point in one.points]
    x = _scale(chart.x, [across for across, _ in points])
    y = _scale(chart.y, [up for _, up in points])
    drawn = [
        (one, [(_across(x, at), _up(y, value)) for at, value in one.points]) for one in chart.series
    ]
    parts = [*_x_axis(chart.x, x), *_y_axis(chart.y, y)]
    for one, at in drawn:
        if one.line and len(at) > 1:
            parts.append(_line(at, one.index, one.dashed))
        marked = range(len(at)) if one.marked is None else one.marked
        parts += [_marker(at[number], one.index) for number in marked]
    parts += _labels([(one.label, at[0]) for one, at in drawn if one.label])
    return to_text(node("svg", parts, {"viewBox": f"0 0 {_WIDTH} {_HEIGHT}", "class": "chart"}))


def _scale(axis: Axis, values: Sequence[float]) -> Scale:
    return fit_scale([*values, *axis.including], log=axis.log, ticks=axis.ticks)


def _x_axis(axis: Axis, scale: Scale) -> list[Element]:
    floor = _HEIGHT - _BOTTOM
    parts = [_stroke((_LEFT, floor), (_WIDTH - _RIGHT, floor), "axis")]
    for tick in scale.ticks:
        at = _across(scale, tick)
        parts += [
            _stroke((at, floor), (at, floor + _TICK), "axis"),
            _text(tick_label(tick), (at, floor + 19), "middle", "tick"),
        ]
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    return [*parts, _text(axis.label, (middle, _HEIGHT - 6), "middle", "label")]


def _y_axis(axis: Axis, scale: Scale) -> list[Element]:
    parts: list[Element] = []
    for tick in scale.ticks:
        at = _up(scale, tick)
        parts += [
            _stroke((_LEFT, at), (_WIDTH - _RIGHT, at), "grid"),
            _text(tick_label(tick), (_LEFT - 8, at + 4), "end", "tick"),
        ]
    # Above the axis, not beside it: to be read without turning the head.
    return [*parts, _text(axis.label, (4, 13), "start", "label")]


def _labels(labels: Sequence[tuple[str, tuple[float, float]]]) -> list[Element]:
    """Write labels beside their points, moved down where two would overlap."""
    parts: list[Element] = []
    taken: list[tuple[float, float, float]] = []
    for text, (across, down) in sorted(labels, key=lambda label: label[1][1]):
        width = _LABEL_UNITS_A_CHARACTER * len(text)
        right = across + 9 + width <= _WIDTH
        left_edge = across + 9 if right else across - 9 - width
        height = down + 4
        for left, end, other in sorted(taken, key=lambda box: box[2]):
            if left < left_edge + width and left_edge < end and abs(height - other) < _LINE_HEIGHT:
                height = other + _LINE_HEIGHT
        taken.append((left_edge, left_edge + width, height))
        anchor = "start" if right else "end"
        parts.append(_text(text, (across + (9 if right else -9), height), anchor, "point"))
    return parts


def _line(points: Sequence[tuple[float, float]], index: int, dashed: bool) -> Element:
    path = " ".join(f"{_number(across)},{_number(down)}" for across, down in points)
    kind = f"line series-{index % COLOURS}" + (" dashed" if dashed else "")
    return node("polyline", attributes={"points": path, "class": kind})


def _marker(at: tuple[float, float], index: int) -> Element:
    attributes = {
        "d": _MARKERS[index % len(_MARKERS)],
        "transform": f"translate({_number(at[0])} {_number(at[1])})",
        "class": f"marker series-{index % COLOURS}",
    }
    return node("path", attributes=attributes)


def _stroke(start: tuple[float, float], end: tuple[float, float], kind: str) -> Element:
    ends = zip(("x1", "y1", "x2", "y2"), (*start, *end), strict=True)
    return node("line", attributes={name: _number(at) for name, at in ends} | {"class": kind})


def _text(text: str, at: tuple[float, float], anchor: str, kind: str) -> Element:
    place = {"x": _number(at[0]), "y": _number(at[1]), "text-anchor": anchor, "class": kind}
    return node("text", text, place)


def _across(scale: Scale, value: float) -> float:
    return _LEFT + (_WIDTH - _RIGHT - _LEFT) * scale.position(value)


def _up(scale: Scale, value: float) -> float:
    floor = _HEIGHT - _BOTTOM
    return floor - (floor - _TOP) * scale.position(value)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
