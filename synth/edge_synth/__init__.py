"""edge_synth: drawn handwriting. Digits, pages, degradations and negatives with known truth."""

from edge_synth.arrays import Box
from edge_synth.degradations import degrade_digits
from edge_synth.digits import draw_digit, draw_digits, plain_strokes
from edge_synth.kinds import KINDS, random_spec
from edge_synth.negatives import DigitPool, draw_negatives
from edge_synth.page import DrawnPage, draw_page, draw_sized_page
from edge_synth.spec import PageSpec
from edge_synth.strokes import are_upright_strokes

__all__ = [
    "KINDS",
    "Box",
    "DigitPool",
    "DrawnPage",
    "PageSpec",
    "are_upright_strokes",
    "degrade_digits",
    "draw_digit",
    "draw_digits",
    "draw_negatives",
    "draw_page",
    "draw_sized_page",
    "plain_strokes",
    "random_spec",
]
