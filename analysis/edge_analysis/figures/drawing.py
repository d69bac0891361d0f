"""Matplotlib figures in the colours of the report page: created, inlined, saved.

A figure is drawn in the light colours of ``style.css``. On the page each of these colours becomes
a CSS variable, so that the figure follows the light or dark scheme of the browser. Other colours,
as of a heat map, stay. Texts stay texts.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import matplotlib as mpl
from cycler import cycler
from matplotlib.figure import Figure as MatplotlibFigure

from edge_analysis.page import STYLE_SHEET, Figure
from edge_analysis.text import shortened
from edge_infer.io.atomic import atomic_path

# A figure of this width is shown at full size on a phone, with readable letters.
WIDTH_IN: Final = 4.8
POINTS_PER_INCH: Final = 72
# Indices of the series colours that mean correct and wrong.
GREEN: Final = 2
RED: Final = 6
SUFFIXES: Final = (".png", ".svg")
_DOTS_PER_INCH: Final = 200
_REFERENCE: Final = re.compile(r"#([\w-]+)")
_HEX_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")
# With more labels on an axis the letters would be too small.
_MAX_TICK_LABELS: Final = 26
_LETTERS_PER_WIDTH: Final = 45
_SETTINGS: Final[dict[Any, Any]] = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "grid.linewidth": 0.6,
    # A class name may contain dollar signs.
    "text.parse_math": False,
    # With a fixed salt the same data give the same SVG file.
    "svg.hashsalt": "edge-mnist",
}


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure of a report, created by :func:`new_figure`.

    ``name`` is the file name without a suffix, ``alt`` describes the picture for screen readers,
    ``caption`` says what it shows in one or more sentences with numbers.
    """

    name: str
    figure: Any
    alt: str
    caption: str

    def for_page(self) -> Figure:
        """Convert the figure to inline SVG for the page."""
        # A line break never separates a number from its percent sign.
        caption = self.caption.replace(" %", "\N{NO-BREAK SPACE}%")
        return inline_figure(self.figure, alt=self.alt, caption=caption)


@contextmanager
def page_style() -> Generator[None]:
    """Draw in the colours and fonts of the report page within the context."""
    colours = _light_colours()
    ink, faint, rule, ground = (colours[f"--{name}"] for name in ("ink", "faint", "rule", "ground"))
    series = [colour for name, colour in colours.items() if name.startswith("--series-")]
    own: dict[Any, Any] = {
        **dict.fromkeys(("text.color", "axes.labelcolor", "axes.titlecolor"), ink),
        **dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color"), faint),
        **dict.fromkeys(("grid.color", "legend.edgecolor"), rule),
        **dict.fromkeys(("legend.facecolor", "patch.edgecolor"), ground),
        "axes.prop_cycle": cycler(color=series),
    }
    with mpl.rc_context(_SETTINGS | own), warnings.catch_warnings():
        # Matplotlib may lack the script of a class name; the browser has it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


@contextmanager
def new_figure(
    height_in: float, *, width_in: float = WIDTH_IN, fill: bool = False
) -> Generator[Any]:
    """Yield a new ``matplotlib.figure.Figure`` within :func:`page_style`.

    With ``fill``, axes are placed as they are, without room for labels.
    """
    with page_style():
        yield MatplotlibFigure(
            figsize=(width_in, height_in), layout=None if fill else "constrained"
        )


def series_colour(index: int) -> str:
    """Return a series colour of the page; only within :func:`page_style`."""
    colours = mpl.rcParams["axes.prop_cycle"].by_key()["color"]
    return str(colours[index % len(colours)])


def faint_colour() -> str:
    """Return the colour of reference lines; only within :func:`page_style`."""
    return str(mpl.rcParams["xtick.color"])


def set_class_ticks(axis: Any, names: Sequence[str]) -> None:
    """Write class names at the positions 0, 1, ... of an axis, as many as fit."""
    every = -(-len(names) // _MAX_TICK_LABELS)
    shown = [shortened(name) for name in names[::every]]
    room = 2 * _LETTERS_PER_WIDTH / len(shown)
    crowded = any(len(one) + len(other) > room for one, other in pairwise(shown))
    turned = axis.axis_name == "x" and crowded
    axis.set_ticks(range(0, len(names), every), shown, rotation=90 if turned else 0)
    axis.set_tick_params(labelsize=min(9, 140 / len(shown)))


def inline_figure(figure: Any, *, alt: str, caption: str) -> Figure:
    """Convert a figure of :func:`new_figure` to inline SVG for a page."""
    buffer = io.BytesIO()
    # Element names are hashes with this salt; no two figures of a page may share one.
    with page_style(), mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": alt + caption}):
        figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    names = {colour: name for name, colour in _light_colours().items()}

    def variable(found: re.Match[str]) -> str:
        name = names.get(found.group())
        return f"var({name})" if name else found.group()

    svg = _inline_svg(buffer.getvalue().decode("utf-8"))
    return Figure(picture=_HEX_COLOUR.sub(variable, svg), alt=alt, caption=caption)


def save_figure(figure: Any, path: Path) -> list[Path]:
    """Write a figure of :func:`new_figure` as PNG and SVG in light colours; return the paths.

    Args:
        figure: A ``matplotlib.figure.Figure``.
        path: Path without a suffix. Existing files are replaced.

    Raises:
        OutputError: A file cannot be written.
    """
    paths = [path.with_name(path.name + suffix) for suffix in SUFFIXES]
    with page_style():
        for target in paths:
            with atomic_path(target) as temporary:
                figure.savefig(
                    temporary,
                    dpi=_DOTS_PER_INCH,
                    facecolor=mpl.rcParams["legend.facecolor"],
                    bbox_inches="tight",
                    # Without a date the same data give the same file.
                    metadata={"Date": None} if target.suffix == ".svg" else None,
                )
    return paths


def _inline_svg(document: str) -> str:
    """Convert an SVG document to an ``<svg>`` element for an HTML page.

    Namespaces, style sheets, metadata, the fixed size and unused names are removed: in a page
    they would be invalid, or would affect other figures.
    """
    root = ElementTree.fromstring(document)
    referenced = set(_REFERENCE.findall(document))
    for element in root.iter():
        element.tag = _local(element.tag)
        for name in list(element.attrib):
            element.attrib[_local(name)] = element.attrib.pop(name)
        if element.get("id") not in referenced:
            element.attrib.pop("id", None)
    for element in root.iter():
        for child in list(element):
            if child.tag in {"metadata", "style"}:
                element.remove(child)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("stroke-linejoin", "round")
    return ElementTree.tostring(root, encoding="unicode", method="html")


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _light_colours() -> Mapping[str, str]:
    """Read names and colours of the CSS variables in the first block of the style sheet."""
    light = STYLE_SHEET.read_text(encoding="utf-8").partition("}")[0]
    return dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6});", light))
