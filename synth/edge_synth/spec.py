"""The specification of a drawn page: every choice that the drawing follows."""

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
    """A page. The defaults give the simplest one: a steady hand, one digit, clean paper.

    Lengths without another unit are in heights of a digit.

    Attributes:
        rows: The digits of each row.
        columns: Blocks, wide apart, into which each row is split.
        digit_height_px: Height of a digit of the page's mean size.
        size_spread: Standard deviation of the digits' heights, as a share of the height.
        spacing: Length between the nearest ink of neighbours; negative to overlap.
        leading: Length from one row to the next.
        indent: Greatest length from the left margin to a row.
        margin: Length around the writing.
        slant_deg: Slant of the digits, positive to the right.
        aspect: Factor on the width of the digits.
        jitter: Unsteadiness of the hand: 0 for none, 1 for a quick hand.
        slope_deg: Slope of the rows, positive where they rise.
        retraced: Whether the pen writes every digit twice.
        pen: The writing instrument.
        colour: Colour of pen or marker. On dark paper all writing is light.
        stroke: Width of the strokes; never less than one pixel.
        opacity: Opacity of the ink under full pressure, 0-1.
        second_pen: Opacity of every second row, as a share of the others' opacity, 0-1.
        skips: How often the pen leaves a gap in a stroke, 0-1.
        paper: Colour of the paper.
        texture: Roughness of the paper, 0-1.
        ruling: Lines printed on the paper.
        ruling_pitch: Length between printed lines; ruled lines follow the rows instead.
        ruling_strength: Opacity of the printed lines, 0-1.
        light: Distribution of the light.
        light_depth: Share of the light that is missing in the darkest place, 0-1.
        exposure: Factor on all light.
        turn_deg: Rotation of the paper in front of the camera, clockwise.
        tilt: Share by which the far side of the paper appears smaller.
        noise_sd: Standard deviation of the sensor's noise, in grey levels.
        blur_px: Standard deviation of the camera's blur.
        jpeg_quality: 1-100, or None for no JPEG compression.
        show_through: Opacity of the writing on the back of the page, 0-1.
        clutter: Other objects on the page.
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
        """The expected reading of a page of one column."""
        return "\n".join(self.rows)

    @property
    def stroke_px(self) -> float:
        """Width of the strokes in pixels."""
        return max(1.0, self.stroke * self.digit_height_px)
