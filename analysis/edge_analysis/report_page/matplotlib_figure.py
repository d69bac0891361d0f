"""Figures that Matplotlib or seaborn draws, in the colours of the page around them.

They are drawn in the light colours of ``style.css`` and each of those is then replaced by
its CSS variable, so that the drawing turns dark with the page; colours of its own, as of a
heat map, stay. Texts stay texts. Imported only by who draws with Matplotlib.
"""

from __future__ import annotations

import io
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import matplotlib as mpl
from cycler import cycler

from edge_analysis.report_page.content import Figure
from edge_analysis.report_page.markup import Element, read_svg, to_text

_STYLE: Final = Path(__file__).with_name("style.css")
_REFERENCE: Final = re.compile(r"#([\w-]+)")
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")


@contextmanager
def page_colours() -> Generator[None]:
    """Draw in the colours of the page within: make figures and their axes there."""
    colours = _light_colours()
    ink, faint, rule = (colours[name] for name in ("--ink", "--faint", "--rule"))
    series = [colour for name, colour in colours.items() if name.startswith("--series-")]
    settings: Any = {
        "text.color": ink,
        "axes.labelcolor": ink,
        "axes.titlecolor": ink,
        "axes.edgecolor": faint,
        "xtick.color": faint,
        "ytick.color": faint,
        "grid.color": rule,
        "legend.edgecolor": rule,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "legend.facecolor": colours["--ground"],
        "patch.edgecolor": colours["--ground"],
        "axes.prop_cycle": cycler(color=series),
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with mpl.rc_context(settings):
        yield


def matplotlib_figure(drawn: Any, *, alt: str, caption: str) -> Figure:
    """Take a figure into a page.

    Args:
        drawn: A ``matplotlib.figure.Figure`` that was made within :func:`page_colours`.
        alt: What is to be seen, for those who cannot.
        caption: What it says, in a sentence.
    """
    buffer = io.BytesIO()
    # Names of shapes are hashes of their outlines; no two figures may share one.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": alt + caption}):
        drawn.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    root = read_svg(buffer.getvalue().decode("utf-8"))
    _keep_the_drawing(root)
    return Figure(picture=_with_variables(to_text(root)), alt=alt, caption=caption)


def _keep_the_drawing(root: Element) -> None:
    """Take away what would reach into the page: styles, sizes, names that nobody refers to."""
    text = ElementTree.tostring(root, encoding="unicode")
    referred = set(_REFERENCE.findall(text))
    for parent in root.iter():
        for child in list(parent):
            if child.tag in {"metadata", "style"}:
                parent.remove(child)
        if parent.get("id") not in referred:
            parent.attrib.pop("id", None)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("stroke-linejoin", "round")


def _with_variables(svg: str) -> str:
    names = {colour: name for name, colour in _light_colours().items()}

    def variable(found: re.Match[str]) -> str:
        name = names.get(found.group())
        return f"var({name})" if name else found.group()

    return _COLOUR.sub(variable, svg)


def _light_colours() -> Mapping[str, str]:
    """Read variables and colours of the first block of the style sheet."""
    light = _STYLE.read_text(encoding="utf-8").partition("}")[0]
    return dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6});", light))
