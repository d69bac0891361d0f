"""The forms in which people write digits and letters: the points that a pen passes.

The writers of MNIST learned to write in one country. Elsewhere a 1 has a long upstroke, a 7
is crossed, a 0 is slashed, and the bar of a 5 stands apart. The forms here cover these
schools. They were drawn for this project.

A form consists of two extremes with the same strokes. Each writer lies somewhere between
them. An extreme is a text of points ``x,y`` in heights of the glyph, y downwards. A smooth
curve runs through the points; ``|`` makes a corner of the point before it, ``/`` lifts the pen.

The extremes keep the classes apart. The flag of a 1 rises at more than 45 degrees to a steep,
straight stem, while the bar of a 7 is level. The loop of a 9 is round, while a closed 4 has
corners. A 2 has a round back, unlike a Z. The loop of a 6 ends well below its top.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge_synth.arrays import Points


@dataclass(frozen=True)
class Form:
    """One way to write a glyph.

    Attributes:
        name: Distinguishes it from the other forms of the glyph.
        weight: How common it is among them; the weights of a glyph need not sum to 1.
        extremes: Two drawings with the same strokes, corners and numbers of points.
        widest_pen: In heights of the glyph; a wider pen closes the small loops.
    """

    name: str
    weight: float
    extremes: tuple[str, str]
    widest_pen: float


@dataclass(frozen=True, eq=False)
class Drawing:
    """The points of a drawing and the strokes that they form.

    Attributes:
        points: float64 (k, 2), in heights of the glyph, stroke after stroke.
        strokes: Index of the first and last point of each stroke.
        runs: Index of the first and last point of each smooth part of a stroke; a corner is
            the last point of one run and the first of the next.
    """

    points: Points
    strokes: tuple[tuple[int, int], ...]
    runs: tuple[tuple[int, int], ...]

    def stroke_points(self) -> list[Points]:
        """Return the points of each stroke, float64 (n, 2)."""
        return [self.points[first : last + 1] for first, last in self.strokes]


def read_drawing(text: str) -> Drawing:
    """Parse a drawing.

    Args:
        text: Points, ``|`` and ``/`` as this module's docstring describes.
    """
    points: list[list[float]] = []
    strokes: list[tuple[int, int]] = []
    runs: list[tuple[int, int]] = []
    for stroke in text.split("/"):
        first = len(points)
        for run in stroke.split("|"):
            start = max(len(points) - 1, first)
            points += [[float(value) for value in point.split(",")] for point in run.split()]
            runs.append((start, len(points) - 1))
        strokes.append((first, len(points) - 1))
    return Drawing(np.array(points), tuple(strokes), tuple(runs))


# One table a digit. Three lines a form: "name; weight; widest pen", then the two extremes.
_DIGIT_TABLES: Final = (
    """
    ring; 5; 0.21
    .25,.0 .09,.14 .02,.42 .05,.72 .16,.95 .3,.98 .42,.8 .46,.5 .4,.2 .25,.01
    .42,.01 .16,.1 .0,.4 .05,.75 .3,.98 .58,.95 .78,.7 .8,.4 .68,.1 .4,.0
    ends crossing; 2; 0.21
    .36,.06 .14,.1 .02,.45 .1,.85 .3,1 .5,.8 .52,.4 .4,.1 .24,.06 .16,.14
    .55,.06 .25,.03 .02,.3 .04,.75 .3,1 .6,.85 .7,.45 .55,.12 .33,.04 .16,.1
    slashed; 1.2; 0.11
    .32,.0 .12,.1 .02,.4 .07,.8 .3,1 .5,.85 .58,.5 .5,.15 .31,.0 / .47,.2 .13,.82
    .36,.0 .12,.1 .0,.4 .07,.8 .36,1 .64,.85 .72,.5 .6,.15 .35,.0 / .78,-.06 -.05,1.06
    """,
    """
    stem; 3; 0.4
    .0,.0 .0,1
    .0,.0 .12,1
    short flag; 2; 0.3
    .0,.2 .12,.0 | .12,1
    .0,.38 .24,.0 | .24,1
    long flag; 2.5; 0.24
    .0,.4 .28,.0 | .28,1
    .0,.78 .43,.0 | .41,1
    wide flag; 2.5; 0.19
    .0,.34 .32,.0 | .33,1
    .0,.62 .6,.0 | .54,1
    bent flag; 1.2; 0.21
    .0,.44 .15,.3 .28,.0 | .28,1
    .0,.74 .25,.5 .42,.0 | .42,1
    upstroke from the line; 2; 0.19
    .0,.62 .3,.0 | .33,1
    .0,1 .52,.0 | .5,1
    foot; 1; 0.22
    .08,.24 .26,.0 | .26,1 / .08,.99 .44,.99
    .0,.36 .24,.0 | .24,1 / -.04,.99 .56,.98
    """,
    """
    flat foot; 3; 0.21
    .03,.2 .12,.05 .28,.0 .43,.1 .44,.3 .3,.6 .0,1 | .3,.98 .5,.98
    .0,.26 .14,.04 .4,.0 .6,.12 .6,.34 .4,.62 .02,.99 | .36,1 .78,.99
    looped foot; 2; 0.15
    .02,.2 .14,.03 .34,.02 .46,.18 .42,.45 .25,.75 .06,.95 .0,.87 .1,.8 .28,.9 .45,.99 .6,.92
    .0,.24 .16,.03 .42,.0 .58,.18 .5,.48 .3,.8 .06,1 -.06,.86 .1,.74 .34,.86 .56,1 .8,.93
    swinging foot; 2; 0.21
    .02,.22 .12,.04 .3,.01 .42,.16 .38,.42 .2,.72 .0,.97 | .14,.89 .3,.95 .5,.93
    .0,.3 .14,.05 .38,.0 .56,.16 .52,.42 .3,.72 .0,.98 | .2,.87 .44,.97 .74,.9
    """,
    """
    two bows; 4; 0.21
    .02,.12 .2,.0 .42,.1 .4,.32 .16,.45 | .4,.54 .5,.74 .36,.96 .16,1 .0,.9
    .0,.14 .25,-.01 .55,.1 .5,.34 .24,.46 | .52,.54 .66,.76 .45,.98 .2,1 -.03,.86
    looped waist; 1.5; 0.15
    .02,.1 .2,.0 .4,.1 .38,.3 .24,.46 .14,.47 .16,.41 .34,.48 .48,.7 .38,.94 .18,1 .0,.92
    .0,.14 .25,-.01 .52,.1 .48,.3 .3,.48 .14,.5 .16,.4 .42,.48 .62,.7 .48,.96 .2,1 -.03,.88
    flat top; 1.8; 0.21
    .0,.03 .46,.0 | .18,.38 | .38,.44 .5,.68 .38,.94 .16,1 .0,.91
    .0,.0 .6,.02 | .26,.42 | .52,.46 .66,.7 .48,.97 .2,1 -.04,.86
    """,
    """
    open, cornered; 3; 0.15
    .14,.04 .0,.56 | .5,.54 / .42,.04 .38,1
    .2,.0 .02,.64 | .74,.6 / .56,.36 .5,1
    open, rounded; 2.5; 0.15
    .03,.02 .0,.36 .16,.52 .46,.46 / .48,.0 .46,1
    .1,.05 .02,.42 .26,.6 .7,.5 / .68,.02 .6,1
    looped, one stroke; 1.2; 0.13
    .12,.04 .0,.4 .12,.6 .34,.52 .52,.28 .56,.08 .46,.03 .36,.2 .32,.55 .32,1
    .2,.08 .02,.4 .1,.64 .36,.62 .66,.36 .76,.08 .62,-.02 .46,.18 .38,.55 .34,1
    closed; 2; 0.17
    .4,.0 .0,.62 | .58,.62 / .4,.0 .4,1
    .54,.0 -.02,.7 | .8,.7 / .54,.0 .52,1
    closed, one stroke; 1; 0.17
    .6,.63 .0,.62 | .42,.0 | .42,1
    .78,.66 -.02,.7 | .54,.0 | .5,1
    """,
    """
    bar added; 3; 0.21
    .1,.02 .06,.43 | .26,.36 .46,.5 .48,.78 .28,.99 .0,.94 / .1,.02 .48,.0
    .1,.04 .02,.48 | .3,.38 .6,.5 .62,.8 .36,1 -.02,.9 / .1,.04 .72,-.03
    bar apart; 1.5; 0.13
    .1,.08 .06,.46 | .26,.4 .46,.52 .48,.78 .28,.99 .0,.94 / .18,-.02 .52,-.04
    .08,.1 .0,.5 | .3,.42 .58,.52 .6,.8 .36,1 -.02,.9 / .22,-.05 .76,-.12
    one stroke; 2.5; 0.21
    .46,.0 .1,.03 | .05,.44 | .25,.38 .45,.5 .48,.78 .28,.99 .0,.94
    .7,-.02 .1,.02 | .0,.48 | .3,.38 .6,.5 .62,.8 .36,1 -.02,.9
    rounded; 0.8; 0.21
    .48,.0 .1,.04 | .06,.3 .14,.42 .36,.5 .46,.7 .34,.94 .14,1 .0,.95
    .66,-.02 .1,.03 | .03,.32 .16,.43 .44,.5 .58,.72 .42,.96 .18,1 -.03,.92
    """,
    """
    bowed; 3; 0.15
    .34,.0 .14,.22 .02,.58 .08,.88 .26,.99 .42,.86 .4,.66 .24,.58 .08,.72
    .56,.0 .24,.2 .02,.58 .08,.9 .32,1 .58,.86 .56,.62 .34,.52 .08,.68
    straight; 2; 0.15
    .24,.0 .1,.36 .02,.7 .1,.94 .28,.99 .42,.84 .36,.66 .2,.62 .05,.76
    .48,.0 .2,.34 .02,.7 .12,.95 .36,1 .58,.84 .52,.62 .3,.56 .06,.72
    curled top; 1.3; 0.15
    .42,.1 .32,.0 .14,.16 .02,.55 .08,.88 .28,.99 .44,.84 .4,.64 .24,.57 .07,.7
    .6,.14 .46,.0 .2,.14 .0,.54 .08,.9 .34,1 .6,.84 .56,.6 .34,.52 .06,.68
    """,
    """
    plain; 3; 0.17
    .0,.03 .5,.0 | .22,1
    .0,.0 .64,.02 | .14,1
    bowed leg; 1.5; 0.17
    .0,.03 .5,.0 | .3,.4 .24,1
    .0,.02 .66,.0 | .34,.42 .2,1
    crossed; 3; 0.15
    .0,.03 .5,.0 | .22,1 / .16,.44 .5,.41
    .0,.0 .66,.02 | .16,1 / .0,.64 .66,.58
    round, crossed; 2; 0.13
    .0,.16 .12,.03 .3,.0 .48,.1 .4,.4 .2,.75 .06,1 / .12,.44 .3,.41 .5,.4
    .0,.3 .14,.04 .42,.0 .62,.14 .5,.45 .24,.8 .0,1.02 / .02,.56 .32,.64 .62,.76
    with serif; 1.2; 0.15
    .02,.14 .03,.03 | .5,.0 | .22,1
    -.02,.36 .02,.02 | .64,.02 | .16,1
    with serif, crossed; 1; 0.13
    .02,.14 .03,.03 | .5,.0 | .22,1 / .16,.44 .5,.41
    -.02,.28 .02,.02 | .66,.02 | .16,1 / .0,.64 .66,.58
    waved bar; 1; 0.17
    .0,.12 .1,.02 .26,.07 .5,.0 | .22,1
    -.02,.2 .12,.02 .36,.1 .64,.0 | .16,1
    """,
    """
    as an S; 3; 0.15
    .4,.12 .26,.0 .08,.06 .06,.28 .22,.46 .42,.64 .42,.9 .24,1 .06,.9 .06,.68 .24,.46 .4,.28 .41,.1
    .6,.12 .38,-.01 .1,.04 .08,.3 .32,.47 .6,.64 .62,.9 .34,1.01 .03,.92 .05,.66 .32,.47 .58,.28 \
        .6,.08
    two rings; 2; 0.13
    .24,.46 .07,.32 .1,.08 .24,.0 .38,.08 .4,.32 .24,.46 / \
        .24,.47 .05,.6 .04,.86 .24,1 .44,.86 .43,.6 .24,.47
    .34,.46 .1,.36 .1,.08 .34,-.01 .58,.08 .58,.36 .34,.46 / \
        .34,.46 .04,.58 .02,.88 .34,1.01 .66,.88 .64,.58 .34,.46
    crossing; 2; 0.13
    .24,.47 .08,.32 .08,.1 .24,.0 .4,.1 .4,.32 .24,.47 .06,.66 .05,.88 .24,1 .43,.88 .42,.66 .24,.47
    .34,.46 .08,.32 .08,.08 .34,-.01 .6,.08 .6,.32 .34,.46 .04,.66 .03,.9 .34,1.01 .65,.9 \
        .64,.66 .34,.46
    """,
    """
    straight leg; 3; 0.15
    .4,.16 .28,.01 .1,.08 .02,.3 .12,.47 .28,.42 .4,.14 | .38,1
    .58,.14 .36,-.01 .1,.06 .0,.32 .14,.5 .4,.44 .58,.12 | .5,1
    hooked leg; 2; 0.15
    .42,.16 .28,.01 .1,.08 .02,.28 .12,.45 .3,.42 .42,.14 | .42,.6 .36,.9 .2,1 .06,.93
    .6,.14 .36,-.01 .1,.06 .0,.3 .14,.48 .42,.43 .6,.12 | .6,.6 .5,.92 .26,1 .02,.88
    bowed leg; 2; 0.15
    .4,.14 .26,.0 .08,.1 .02,.3 .12,.46 .3,.42 .41,.14 | .42,.4 .34,.72 .2,1
    .58,.12 .36,-.01 .1,.08 .0,.32 .14,.5 .42,.43 .59,.12 | .6,.4 .48,.74 .22,1
    ring and leg; 1; 0.15
    .38,.1 .22,.0 .06,.12 .04,.31 .2,.44 .36,.35 .39,.1 / .4,.02 .38,1
    .54,.1 .32,-.01 .06,.1 .02,.33 .26,.47 .5,.37 .56,.1 / .57,.0 .52,1
    """,
)

# Letters and a plus sign that nobody takes for a digit.
_LETTER_DRAWINGS: Final = {
    "A": ".02,1 .28,.0 | .56,1 / .12,.64 .46,.64",
    "E": ".52,.02 .06,.02 | .06,.99 | .54,.98 / .08,.48 .44,.48",
    "H": ".04,.0 .04,1 / .54,.0 .54,1 / .04,.5 .54,.5",
    "K": ".04,.0 .04,1 / .52,.0 .06,.54 | .54,1",
    "M": ".0,1 .08,.0 | .34,.7 | .62,.0 | .7,1",
    "N": ".02,1 .04,.0 | .52,1 | .54,.0",
    "R": ".04,1 .04,.02 | .36,.0 .48,.24 .34,.46 .06,.5 | .52,1",
    "T": ".0,.02 .58,.02 / .3,.02 .29,1",
    "W": ".0,.0 .18,1 | .36,.4 | .54,1 | .74,.0",
    "X": ".02,.0 .54,1 / .54,.0 .02,1",
    "e": ".04,.76 .48,.68 .44,.48 .24,.42 .04,.6 .06,.88 .28,1 .5,.9",
    "k": ".04,.0 .04,1 / .4,.46 .06,.74 | .42,1",
    "m": ".02,.44 .04,1 | .06,.6 .2,.46 .32,.56 .33,1 | .36,.58 .5,.46 .62,.56 .64,1",
    "n": ".02,.44 .04,1 | .06,.6 .24,.44 .4,.56 .42,1",
    "w": ".0,.46 .14,1 | .28,.56 | .42,1 | .56,.46",
    "+": ".3,.3 .3,.82 / .04,.56 .56,.56",
}


def _read_forms(table: str) -> tuple[Form, ...]:
    lines = [line.strip() for line in table.strip().splitlines()]
    forms: list[Form] = []
    for heading, *extremes in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        name, weight, widest_pen = heading.split("; ")
        forms.append(Form(name, float(weight), (extremes[0], extremes[1]), float(widest_pen)))
    return tuple(forms)


FORMS: Final[Mapping[int, tuple[Form, ...]]] = {
    digit: _read_forms(table) for digit, table in enumerate(_DIGIT_TABLES)
}
LETTERS: Final[Mapping[str, Form]] = {
    letter: Form(letter, 1.0, (drawing, drawing), 1.0)
    for letter, drawing in _LETTER_DRAWINGS.items()
}
