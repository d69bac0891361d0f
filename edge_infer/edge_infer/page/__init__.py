"""Read the lines of digits on a page."""

from edge_infer.page.page import Digit, Line, Page
from edge_infer.page.reader import PageReader

__all__ = ["Digit", "Line", "Page", "PageReader"]
