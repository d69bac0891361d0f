"""Figures of what is measured of each picture: ink, box and slant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from matplotlib.ticker import MaxNLocator

from edge_analysis.exploration.analysis import Exploration
from edge_analysis.exploration.drawing import name_ticks, new_chart
from edge_analysis.exploration.spread import Spread
from edge_analysis.exploration.wording import quoted
from edge_analysis.report_page.drawn import Drawn

_BOXES: Final = "Line: the median; box: the middle half; whiskers: all but a twentieth each side."
Spreads = Sequence[Spread | None]


def ink_figures(found: Exploration) -> Iterator[Drawn]:
    """Draw the amount of ink by class."""
    spreads = found.spreads["ink_percent"]
    low, high = _ends(spreads)
    caption = (
        f"Most ink is in {_name(found, high)} (median {_median(spreads, high):.1f} % of a full "
        f"picture), least in {_name(found, low)} ({_median(spreads, low):.1f} %). {_BOXES}"
    )
    drawing = _draw_boxes(found, {"ink, %": spreads})
    yield Drawn(name="ink", drawing=drawing, alt="Boxes: amount of ink by class", caption=caption)


def box_figures(found: Exploration) -> Iterator[Drawn]:
    """Draw width and height of the ink by class; nothing where no picture has ink."""
    widths, heights = found.spreads["width_px"], found.spreads["height_px"]
    if not any(widths):
        return
    caption = (
        f"Box around all ink, in pixels: {_range(found, widths, 'widths')}, "
        f"{_range(found, heights, 'heights')}."
    )
    drawing = _draw_boxes(found, {"width, px": widths, "height, px": heights})
    alt = "Boxes: width and height of the ink by class"
    yield Drawn(name="box-size", drawing=drawing, alt=alt, caption=caption)


def slant_figures(found: Exploration) -> Iterator[Drawn]:
    """Draw the slant by class; nothing where no picture has one."""
    spreads = found.spreads["slant_degrees"]
    if not any(spreads):
        return
    left, right = _ends(spreads)
    span, varied = max((one.p95 - one.p5, label) for label, one in enumerate(spreads) if one)
    caption = (
        f"{_name(found, right)} leans farthest to the right (median "
        f"{_median(spreads, right):+z.0f}°), {_name(found, left)} least "
        f"({_median(spreads, left):+z.0f}°); the slant of {_name(found, varied)} varies most: its "
        f"middle nine tenths span {span:.0f}°."
    )
    drawing = _draw_boxes(found, {"slant, ° to the right": spreads})
    yield Drawn(name="slant", drawing=drawing, alt="Boxes: slant by class", caption=caption)


def _draw_boxes(found: Exploration, panels: dict[str, Spreads]) -> Any:
    names = found.pictures.class_names
    drawing, all_axes = new_chart(len(names), 2.8 if len(panels) == 1 else 1.8, len(panels))
    for axes, (label, spreads) in zip(all_axes, panels.items(), strict=True):
        measured = [(at, one) for at, one in enumerate(spreads) if one]
        boxes = axes.bxp(
            [
                {"whislo": s.p5, "q1": s.p25, "med": s.p50, "q3": s.p75, "whishi": s.p95}
                for _, s in measured
            ],
            positions=[at for at, _ in measured],
            showfliers=False,
            patch_artist=True,
            boxprops={"facecolor": "C0", "edgecolor": "C0"},
            whiskerprops={"color": "C0"},
            capprops={"color": "C0"},
            manage_ticks=False,
        )
        for line in boxes["medians"]:
            # To be seen where it is an edge of the box, or there is no box to see.
            line.set(color="C1", linewidth=2)
        axes.set_ylabel(label)
        axes.yaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
    name_ticks(all_axes[-1].xaxis, names)
    return drawing


def _ends(spreads: Spreads) -> tuple[int, int]:
    """Return the labels of the lowest and the highest median."""
    medians = [(one.p50, label) for label, one in enumerate(spreads) if one]
    return min(medians)[1], max(medians)[1]


def _range(found: Exploration, spreads: Spreads, what: str) -> str:
    low, high = _ends(spreads)
    least, most = _median(spreads, low), _median(spreads, high)
    if least == most:
        return f"median {what} of all classes are {least:.0f}"
    return (
        f"median {what} go from {least:.0f} ({_name(found, low)}) to {most:.0f} "
        f"({_name(found, high)})"
    )


def _median(spreads: Spreads, label: int) -> float:
    measured = spreads[label]
    assert measured is not None
    return measured.p50


def _name(found: Exploration, label: int) -> str:
    return quoted(found.pictures.class_names[label])
