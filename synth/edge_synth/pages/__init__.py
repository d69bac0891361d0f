"""Handwritten pages with known truth, drawn for tests."""

from edge_synth.pages.draw import DrawnPage, draw_page
from edge_synth.pages.kinds import KINDS, random_spec
from edge_synth.pages.sized import SizedPage, draw_sized_page
from edge_synth.pages.spec import PageSpec

__all__ = [
    "KINDS",
    "DrawnPage",
    "PageSpec",
    "SizedPage",
    "draw_page",
    "draw_sized_page",
    "random_spec",
]
