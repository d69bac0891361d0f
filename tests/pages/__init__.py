"""Handwritten pages with known truth, drawn for tests."""

from pages.draw import DrawnPage, draw_page
from pages.kinds import KINDS, random_spec
from pages.spec import PageSpec

__all__ = ["KINDS", "DrawnPage", "PageSpec", "draw_page", "random_spec"]
