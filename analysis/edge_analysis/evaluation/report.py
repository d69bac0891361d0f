"""The page of an evaluation, put together from its record and figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edge_analysis.evaluation.disturbances import DISTURBANCES
from edge_analysis.evaluation.gallery import (
    MAX_SHOWN,
    disagreement_gallery,
    disputed_gallery,
    error_gallery,
)
from edge_analysis.evaluation.measure import Evaluation
from edge_analysis.evaluation.record import EvaluationRecord, Rival
from edge_analysis.evaluation.tables import (
    classes_table,
    confusions_table,
    key_figures,
    parts_table,
    risk_table,
    rival_table,
)
from edge_analysis.report_page import Block, Figure, Figures, Notes, Page, Paragraph, Section
from edge_analysis.text import amount, p_value, percent, percent_range

# Under this a difference is not put down to chance.
_SIGNIFICANT: Final = 0.05

Pictures = Mapping[str, Figure]


def build_page(evaluation: Evaluation, pictures: Pictures) -> Page:
    """Put the page together.

    Args:
        evaluation: What was measured.
        pictures: The figures that there are, by name.
    """
    record = evaluation.record
    test = record.test
    sections = (
        Section(
            title="Accuracy",
            blocks=(key_figures(record), *_data_notes(record), parts_table(record)),
        ),
        Section(
            title="Classes",
            blocks=(*_figures(pictures, "success", "mistakes"), classes_table(record)),
        ),
        Section(title="Confusions", blocks=_confusions(record, pictures)),
        Section(title="Samples", blocks=_figures(pictures, "samples", "error-of-each-class")),
        Section(title="Errors", blocks=_errors(evaluation)),
        Section(title="Disputed images", blocks=disputed_gallery(evaluation)),
        Section(
            title="Confidence",
            blocks=(
                *_temperature_note(record),
                *_figures(pictures, "reliability", "risk"),
                risk_table(record),
            ),
        ),
        Section(
            title="Training",
            blocks=_figures(pictures, "training-loss", "training-accuracy", "training-rate"),
        ),
        Section(title="What it looks at", blocks=_figures(pictures, "occlusion")),
        Section(title="Robustness", blocks=_robustness(record, pictures)),
        Section(title=_rival_title(record), blocks=_rival(evaluation)),
        Section(title="How this was measured", blocks=_method(record)),
    )
    return Page(
        title=f"{record.model.name}: evaluation on {record.data.name}",
        lead=f"{record.model.kind} of the network {record.model.preset}, "
        f"{record.model.parameters:,} parameters: {test.correct:,} of {test.n:,} test images "
        f"right, {percent(test.accuracy)} (95 % interval {percent_range(test.accuracy_95)}).",
        sections=tuple(section for section in sections if section.blocks),
    )


def _figures(pictures: Pictures, *names: str) -> tuple[Block, ...]:
    there = tuple(pictures[name] for name in names if name in pictures)
    return (Figures(figures=there),) if there else ()


def _data_notes(record: EvaluationRecord) -> tuple[Block, ...]:
    if record.data.trained_on:
        return ()
    text = (
        f"The model was trained on {record.model.data}, not on this very data set: the names of "
        "the parts are those of the data, and no part need be what it has learnt from."
    )
    return (Notes(title="Other data than it was trained on", items=(text,)),)


def _temperature_note(record: EvaluationRecord) -> tuple[Block, ...]:
    if record.training is None:
        return ()
    text = (
        "These are the confidences of the network as it was trained. Export finds a temperature "
        "on validation images that makes them right, so those of its files are others, and so is "
        "their loss."
    )
    return (Paragraph(text=text),)


def _confusions(record: EvaluationRecord, pictures: Pictures) -> tuple[Block, ...]:
    names = ("confusion-counts", "confusion-shares")
    close = (f"{name.replace('-', '-closeup-')}" for name in names)
    return (
        *_figures(pictures, *names),
        *_figures(pictures, *close),
        *((confusions_table(record),) if record.top_confusions else ()),
    )


def _errors(evaluation: Evaluation) -> tuple[Block, ...]:
    record = evaluation.record
    if not record.errors:
        return (Paragraph(text=f"None: all {record.test.n:,} test images are answered rightly."),)
    text = (
        f"{amount(len(record.errors), 'wrong answer')}, by true class and the surest first: "
        "answer, true class, confidence, index in the test part."
    )
    if len(record.errors) > MAX_SHOWN:
        text += f" The {MAX_SHOWN} surest are shown; report.json lists all."
    return (Paragraph(text=text), *error_gallery(evaluation))


def _robustness(record: EvaluationRecord, pictures: Pictures) -> tuple[Block, ...]:
    n = record.robustness[0].points[0].n
    of_all = "all" if n == record.test.n else f"the same {n:,}, evenly chosen, of the"
    text = (
        f"Accuracy on {of_all} {record.test.n:,} test images as they get worse, with 95 % "
        "intervals. The 28x28 image itself is disturbed. In use, edge-mnist centres, scales and "
        "stretches what it reads first and finds out which is ink, so shift, scale, contrast and "
        "inversion seldom reach the model."
    )
    names = [f"robustness-{kind.name}" for kind in DISTURBANCES]
    return (Paragraph(text=text), *_figures(pictures, *names))


def _rival_title(record: EvaluationRecord) -> str:
    return f"Beside {record.rival.model.name}" if record.rival else ""


def _rival(evaluation: Evaluation) -> tuple[Block, ...]:
    record = evaluation.record
    if record.rival is None:
        return ()
    return (
        Paragraph(text=_verdict(record.rival)),
        rival_table(record, record.rival),
        *disagreement_gallery(evaluation, record.rival.comparison),
    )


def _verdict(rival: Rival) -> str:
    one = rival.comparison
    first, second = one.models
    told = (
        "a difference that chance seldom makes"
        if one.p_value < _SIGNIFICANT
        else "no more than chance would make of two equally good models"
    )
    alike = f"{first} and {second} answer {percent(one.agreement)} of {one.n:,} test images alike."
    if not one.only_first + one.only_second:
        return f"{alike} They are right on the same {one.both_right:,}: there is nothing to test."
    return (
        f"{alike} {one.only_first:,} only {first} gets right, {one.only_second:,} only {second}, "
        f"{one.both_wrong:,} neither. McNemar's exact test on the "
        f"{one.only_first + one.only_second:,} that one alone gets right gives "
        f"{p_value(one.p_value)}: {told}."
    )


def _method(record: EvaluationRecord) -> tuple[Block, ...]:
    model, data = record.model, record.data
    lines = [
        f"Model: {model.kind}, network {model.preset}, seed {model.seed}, "
        f"{amount(model.epochs, 'epoch')} on {model.data} (SHA-256 {model.data_sha256[:12]}…).",
        f"Data: {data.name} (SHA-256 {data.sha256[:12]}…), {len(data.class_names)} classes.",
        f"Inference time: median wall time of up to 200 calls on {record.machine}, taken in "
        "passing; edge-mnist bench measures with care.",
        *(
            [f"Training time: wall time of the epochs on {record.training.machine}."]
            if record.training
            else []
        ),
        f"Tools: {', '.join(record.versions)}.",
        "Every number stands in report.json, the figures as PNG and SVG in the folder figures.",
    ]
    return tuple(Paragraph(text=line) for line in lines)
