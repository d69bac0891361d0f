"""Images with the model's answers: samples, one error a class, all errors, disagreements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from edge_analysis.evaluation.answers import Answers, Part
from edge_analysis.evaluation.comparison import Comparison
from edge_analysis.evaluation.figures.canvas import GREEN, RED
from edge_analysis.evaluation.figures.tiles import Tile, draw_sheet
from edge_analysis.evaluation.scores import ErrorRow
from edge_analysis.report_page.drawn import Drawn
from edge_analysis.text import amount, percent

SAMPLES: Final = 30
_WRONG: Final = 6
_SHEET: Final = 100
_COLUMNS: Final = 6
_SEED: Final = 0


def choose_samples(answers: Answers) -> tuple[int, ...]:
    """Choose images by chance, the same ones each time, some errors among them; ascending."""
    order = np.random.default_rng(_SEED).permutation(len(answers.labels)).tolist()
    wrong = [at for at in order if not answers.right[at]][:_WRONG]
    others = [at for at in order if at not in wrong]
    return tuple(sorted(wrong + others[: SAMPLES - len(wrong)]))


def draw_samples(part: Part, answers: Answers, names: Sequence[str]) -> Drawn:
    """Draw some images with the answers to them, right ones green and wrong ones red."""
    chosen = choose_samples(answers)
    right = int(answers.right[list(chosen)].sum())
    tiles = [
        Tile(
            (part.images[at],),
            (_sample_line(names[int(part.labels[at])], names[int(answers.predicted[at])]),),
            GREEN if answers.right[at] else RED,
        )
        for at in chosen
    ]
    return Drawn(
        "samples",
        draw_sheet(tiles, _COLUMNS),
        "Images with a green tick or a red cross, and the labels.",
        f"{right} right answers (green, ✓) and {len(chosen) - right} of "
        f"{amount(int((~answers.right).sum()), 'wrong one')} (red, ✗: answer, then true class), "
        f"drawn by chance. Of all {len(answers.labels):,} answers {percent(answers.right.mean())} "
        "are right.",
    )


def draw_one_error_each(
    part: Part, errors: Sequence[ErrorRow], names: Sequence[str]
) -> Drawn | None:
    """Draw the surest wrong answer of each class that has one; None where none has."""
    first: dict[str, ErrorRow] = {}
    for error in errors:
        first.setdefault(error.label, error)
    shown = [first[name] for name in names if name in first]
    if not shown:
        return None
    sure = max(shown, key=lambda error: error.confidence)
    return Drawn(
        "error-of-each-class",
        draw_sheet([_error_tile(part, error) for error in shown], 5),
        "One wrong answer of each class, with both labels.",
        f"The surest wrong answer of each class that has any, {len(shown)} of {len(names)}; the "
        f"surest of all takes {sure.label} for {sure.answer} with "
        f"{percent(sure.confidence, 1)} (image {sure.index}).",
    )


def draw_errors(part: Part, errors: Sequence[ErrorRow]) -> Drawn | None:
    """Draw wrong answers on one sheet, the surest first; None where there are none."""
    if not errors:
        return None
    tiles = [_error_tile(part, error) for error in errors[:_SHEET]]
    return Drawn(
        "errors",
        draw_sheet(tiles, _COLUMNS),
        "Wrong answers with both labels, the surest first.",
        f"{len(tiles)} of {amount(len(errors), 'wrong answer')}, the surest first.",
    )


def draw_disagreements(part: Part, comparison: Comparison) -> Drawn | None:
    """Draw images that two models answer differently; None where there are none."""
    if not comparison.disagreements:
        return None
    shown = comparison.disagreements[:_SHEET]
    tiles = [
        Tile(
            (part.images[one.index],),
            (
                f"{one.index}: {one.label}",
                *(
                    f"{answer} {percent(confidence, 0)}"
                    for answer, confidence in zip(one.answers, one.confidences, strict=True)
                ),
            ),
            None if one.label not in one.answers else (0, 1)[one.answers.index(one.label)],
        )
        for one in shown
    ]
    first, second = comparison.models
    return Drawn(
        "disagreements",
        draw_sheet(tiles, _COLUMNS),
        f"Images that {first} and {second} answer differently.",
        f"{len(shown)} of {amount(len(comparison.disagreements), 'image')} with different "
        f"answers: index and true class, then the answer of {first}, then that of {second}. "
        f"{first} alone is right on {comparison.only_first} (blue), {second} alone on "
        f"{comparison.only_second} (orange).",
    )


def _sample_line(label: str, answered: str) -> str:
    return f"✓ {label}" if label == answered else f"✗ {answered}, not {label}"


def _error_tile(part: Part, error: ErrorRow) -> Tile:
    lines = (
        f"{error.answer}, not {error.label}",
        f"{percent(error.confidence, 0)}, #{error.index}",
    )
    return Tile((part.images[error.index],), lines, RED)
