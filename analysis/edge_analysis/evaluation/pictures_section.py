"""Sections of the report that show test images: samples, errors, label errors, occlusion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

from edge_analysis.data_set import Split
from edge_analysis.evaluation.answers import Answers, Comparison
from edge_analysis.evaluation.measure import Evaluation
from edge_analysis.evaluation.robustness import PATCH, OcclusionMap, map_occlusion
from edge_analysis.evaluation.scores import ErrorRow
from edge_analysis.figures.drawing import GREEN, RED, Drawing
from edge_analysis.figures.tiles import Tile, draw_sheets
from edge_analysis.page import Block, Paragraph
from edge_analysis.report_folder import AddFigure, figures
from edge_analysis.text import percent, plural

# More pictures would make the page several megabytes large.
MAX_SHOWN: Final = 400
SAMPLES: Final = 30
_WRONG_SAMPLES: Final = 6
_COLUMNS: Final = 6
_LARGE_COLUMNS: Final = 5
_OCCLUSION_RIGHT: Final = 10
_OCCLUSION_WRONG: Final = 5
# Share of the image in the heat map, so that the strokes stay visible.
_IMAGE_SHARE: Final = 0.35


def sample_blocks(evaluation: Evaluation, add: AddFigure) -> Iterator[Block]:
    """Show some answers, and one error per class."""
    yield from figures(add, *_draw_samples(evaluation), *_draw_error_of_each_class(evaluation))


def error_blocks(evaluation: Evaluation, add: AddFigure) -> Iterator[Block]:
    """Show the wrong answers by true class."""
    record, names = evaluation.record, evaluation.names
    if not record.errors:
        yield Paragraph(text=f"None: all {record.test.n:,} answers are correct.")
        return
    # The sort is stable: the errors of each class stay ordered by confidence.
    shown = sorted(record.errors[:MAX_SHOWN], key=lambda error: names.index(error.label))
    limit = f" The {MAX_SHOWN} most confident are shown; report.json lists all."
    yield from figures(
        add,
        *draw_sheets(
            "errors",
            [_error_tile(evaluation, error) for error in shown],
            _COLUMNS,
            alt="Wrong answers with both labels.",
            caption=f"{plural(len(record.errors), 'wrong answer')} by true class, the most "
            "confident first: answer, true class, confidence, index in the test part."
            f"{limit * (len(record.errors) > MAX_SHOWN)}",
        ),
    )


def label_error_blocks(evaluation: Evaluation, add: AddFigure) -> Iterator[Block]:
    """Show the suspected label errors with the answers of the model."""
    suspected = evaluation.record.disputed
    if suspected is None:
        return
    names, answers = evaluation.names, evaluation.answers
    tiles: list[Tile] = []
    for index in suspected.indices:
        answered = names[answers.predicted[index]]
        lines = (
            f"#{index}: {names[answers.labels[index]]}",
            f"answer {answered}",
            percent(float(answers.confidences[index]), 0),
        )
        colour = GREEN if answers.right[index] else RED
        tiles.append(Tile(evaluation.data.test.images[index], lines, colour))
    without = suspected.without
    caption = (
        f"Reviewers disagreed with the labels of these {len(tiles)} test images (index and label, "
        f"then answer and confidence). For {len(suspected.wrong)} of them the answer differs from "
        f"the label. Without these images the accuracy is {percent(without.accuracy)} "
        f"({without.correct:,} of {without.n:,}), with them "
        f"{percent(evaluation.record.test.accuracy)}."
    )
    alt = "Test images with suspected label errors."
    yield from figures(add, *draw_sheets("label-errors", tiles, _COLUMNS, alt=alt, caption=caption))


def occlusion_blocks(evaluation: Evaluation, add: AddFigure) -> Iterator[Block]:
    """Show occlusion maps of some test images."""
    test, names = evaluation.data.test, evaluation.names
    chosen = evaluation.occlusion or _choose_for_occlusion(evaluation.answers)
    maps = [map_occlusion(evaluation.predict, test.images[at]) for at in chosen]
    tiles: list[Tile] = []
    for at, one in zip(chosen, maps, strict=True):
        right = one.class_id == test.labels[at]
        mark = " ✓" if right else f", not {names[int(test.labels[at])]}"
        change = f"{percent(one.confidence, 0)} → {percent(one.least, 0)}"
        lines = f"{names[one.class_id]}{mark}", f"#{at}", change
        tiles.append(Tile(_image_and_map(test.images[at], one), lines, GREEN if right else RED))
    changed = sum(one.least_class_id != one.class_id for one in maps)
    lowest = min(range(len(maps)), key=lambda at: maps[at].least)
    caption = (
        f"Bright: a background patch of {PATCH}x{PATCH} pixels here lowers the probability of the "
        "answer. Each map has its own scale. Below the index: the probability without a patch and "
        f"the lowest with one. A patch changes the answer to {changed} of the {len(maps)} images. "
        f"The largest decrease is that of image {chosen[lowest]}: from "
        f"{percent(maps[lowest].confidence, 1)} to {percent(maps[lowest].least, 1)}."
    )
    alt = "Test images, and below each an occlusion map."
    yield from figures(
        add, *draw_sheets("occlusion", tiles, _LARGE_COLUMNS, alt=alt, caption=caption)
    )


def choose_samples(answers: Answers) -> tuple[int, ...]:
    """Choose 30 random answers, up to 6 of them wrong, with a fixed seed; ascending."""
    order = np.random.default_rng(0).permutation(len(answers.labels)).tolist()
    wrong = [at for at in order if not answers.right[at]][:_WRONG_SAMPLES]
    rest = [at for at in order if at not in wrong]
    return tuple(sorted(wrong + rest[: SAMPLES - len(wrong)]))


def draw_disagreements(split: Split, comparison: Comparison) -> Iterator[Drawing]:
    """Draw the images that two models answer differently."""
    tiles: list[Tile] = []
    for one in comparison.disagreements[:MAX_SHOWN]:
        lines = (
            f"#{one.index}: {one.label}",
            *(
                f"{answer} {percent(confidence, 0)}"
                for answer, confidence in zip(one.answers, one.confidences, strict=True)
            ),
        )
        # The colour of the model that is correct.
        colour = one.answers.index(one.label) if one.label in one.answers else None
        tiles.append(Tile(split.images[one.index], lines, colour))
    first, second = comparison.models
    limit = f" The first {MAX_SHOWN} are shown; report.json lists all."
    yield from draw_sheets(
        "disagreements",
        tiles,
        _COLUMNS,
        alt=f"Images that {first} and {second} answer differently.",
        caption=f"{plural(len(comparison.disagreements), 'image')} with different answers: index "
        f"and true class, then the answers of {first} and {second}. Only {first} is correct on "
        f"{comparison.only_first} (blue), only {second} on {comparison.only_second} (orange)."
        f"{limit * (len(comparison.disagreements) > MAX_SHOWN)}",
    )


def _draw_samples(evaluation: Evaluation) -> Iterator[Drawing]:
    names, answers = evaluation.names, evaluation.answers
    chosen = choose_samples(answers)
    tiles: list[Tile] = []
    for at in chosen:
        label, answered = names[int(answers.labels[at])], names[int(answers.predicted[at])]
        line = f"✓ {label}" if answers.right[at] else f"✗ {answered}, not {label}"
        colour = GREEN if answers.right[at] else RED
        tiles.append(Tile(evaluation.data.test.images[at], (line,), colour))
    right = int(answers.right[list(chosen)].sum())
    yield from draw_sheets(
        "samples",
        tiles,
        _COLUMNS,
        alt="Test images with a green tick or a red cross, and the labels.",
        caption=f"A random sample: {right} correct answers (green, ✓) and {len(chosen) - right} of "
        f"{plural(int((~answers.right).sum()), 'wrong answer')} (red, ✗: answer, then true class). "
        f"Of all {len(answers.labels):,} answers {percent(answers.right.mean())} are correct.",
    )


def _draw_error_of_each_class(evaluation: Evaluation) -> Iterator[Drawing]:
    first: dict[str, ErrorRow] = {}
    for error in evaluation.record.errors:
        first.setdefault(error.label, error)
    shown = [first[name] for name in evaluation.names if name in first]
    if not shown:
        return
    top = max(shown, key=lambda error: error.confidence)
    yield from draw_sheets(
        "error-of-each-class",
        [_error_tile(evaluation, error) for error in shown],
        _LARGE_COLUMNS,
        alt="The most confident wrong answer of each class.",
        caption=f"The most confident wrong answer of each class that has one, {len(shown)} of "
        f"{len(evaluation.names)}. The most confident of all is {top.label} answered as "
        f"{top.answer} with {percent(top.confidence, 1)} (image {top.index}).",
    )


def _error_tile(evaluation: Evaluation, error: ErrorRow) -> Tile:
    lines = f"{error.answer}, not {error.label}", f"{percent(error.confidence, 0)}, #{error.index}"
    return Tile(evaluation.data.test.images[error.index], lines, RED)


def _choose_for_occlusion(answers: Answers) -> tuple[int, ...]:
    """Choose one correct answer per class and the most confident errors."""
    right: dict[int, int] = {}
    for at in np.flatnonzero(answers.right).tolist():
        right.setdefault(int(answers.labels[at]), at)
    some = [right[label] for label in sorted(right)][:_OCCLUSION_RIGHT]
    return (*some, *answers.errors_by_confidence[:_OCCLUSION_WRONG].tolist())


def _image_and_map(image: NDArray[np.uint8], one: OcclusionMap) -> NDArray[np.uint8]:
    """Place an image above its occlusion map, uint8 (56, 28, 3) RGB."""
    lost = np.clip(one.lost, 0, None)
    heat = mpl.colormaps["inferno"](lost / max(float(lost.max()), 1e-9))[..., :3]
    grey = np.repeat(image[..., np.newaxis], 3, axis=2)
    mixed = (1 - _IMAGE_SHARE) * heat + _IMAGE_SHARE * grey / 255
    return np.vstack([grey, np.rint(255 * mixed).astype(np.uint8)])
