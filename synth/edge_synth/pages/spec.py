"""What a handwritten page is like: every choice that a drawn page follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Pen = Literal["ballpoint", "pencil", "marker", "mouse"]
Colour = Literal["black", "blue", "red"]
Paper = Literal["white", "cream", "grey", "dark"]
Ruling = Literal["none", "ruled", "squared", "dotted", "vertical"]
Light = Literal["even", "gradient", "shadow", "vignette"]
Clutter = Literal["plus", "dots", "letters", "specks", "edge", "room", "underline"]


@dataclass(frozen=True)
class PageSpec:
    """A page; the defaults are the simplest one: a steady hand, one digit, clean paper.

    Lengths called so are in heights of a digit.

    Attributes:
        rows: The digits of each row.
        columns: Blocks that every row is written in, wide apart.
        digit_height_px: Of a digit that is neither large nor small for its page.
        size_spread: Standard deviation of the digits' heights, as a share of it.
        spacing: Length between the ink of neighbours at its nearest; negative overlaps.
        leading: Length from one row to the next.
        indent: Greatest length from the left margin to a row.
        margin: Length around the writing.
        slant_deg: Of the digits, positive to the right.
        aspect: Factor on the width of digits.
        jitter: 0 is print; 1 is a quick hand.
        slope_deg: Of the rows on the paper, positive where they rise.
        retraced: Whether the pen goes over every digit twice.
        pen: What draws.
        colour: Of pen or marker. On dark paper all is light.
        stroke: Length of the pen's width, never under one pixel.
        opacity: Of the ink under full pressure, 0-1.
        second_pen: 0-1, how dark every second row is beside the others.
        skips: 0-1, how often the pen leaves a gap in the line.
        paper: Its colour.
        texture: 0-1, how rough and crumpled the paper is.
        ruling: What is printed on it.
        ruling_pitch: Length between printed lines. Ruled lines are under the rows.
        ruling_strength: 0-1, of the print.
        light: How it falls on the paper.
        light_depth: 0-1, of what is lost in the darkest place.
        exposure: Factor on all light.
        turn_deg: Of the paper before the camera, clockwise.
        tilt: Of the camera: the share by which the far side is smaller.
        noise_sd: Of the sensor, in grey levels.
        blur_px: Standard deviation of the camera's blur.
        jpeg_quality: 1-100, or None for no JPEG.
        show_through: 0-1, strength of the writing on the page's back.
        clutter: What else is on the page.
    """

    rows: tuple[str, ...] = ("3",)
    columns: int = 1
    digit_height_px: int = 100
    size_spread: float = 0.0
    spacing: float = 0.4
    leading: float = 1.7
    indent: float = 0.0
    margin: float = 0.8
    slant_deg: float = 0.0
    aspect: float = 1.0
    jitter: float = 0.0
    slope_deg: float = 0.0
    retraced: bool = False
    pen: Pen = "ballpoint"
    colour: Colour = "black"
    stroke: float = 0.07
    opacity: float = 1.0
    second_pen: float = 1.0
    skips: float = 0.0
    paper: Paper = "white"
    texture: float = 0.0
    ruling: Ruling = "none"
    ruling_pitch: float = 0.7
    ruling_strength: float = 0.4
    light: Light = "even"
    light_depth: float = 0.4
    exposure: float = 1.0
    turn_deg: float = 0.0
    tilt: float = 0.0
    noise_sd: float = 0.0
    blur_px: float = 0.0
    jpeg_quality: int | None = None
    show_through: float = 0.0
    clutter: tuple[Clutter, ...] = ()

    @property
    def text(self) -> str:
        """What a reader should find on a page of one column."""
        return "\n".join(self.rows)
