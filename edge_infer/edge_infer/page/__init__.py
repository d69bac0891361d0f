"""Reading whole pages: from a photograph to the numbers written on it."""

from edge_infer.page.page import Digit, Line, Page
from edge_infer.page.reader import PageReader

__all__ = ["Digit", "Line", "Page", "PageReader"]
