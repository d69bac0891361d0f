"""One evaluation: every number of a model on a data set, and the answers they are made of."""

from __future__ import annotations

import platform
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from edge_analysis.evaluation.answers import Answers, Predictor, Progress, answer
from edge_analysis.evaluation.comparison import compare_answers
from edge_analysis.evaluation.confidence import score_confidence
from edge_analysis.evaluation.disputed import disputed_among, score_disputed
from edge_analysis.evaluation.disturbances import DISTURBANCES
from edge_analysis.evaluation.record import DataFacts, EvaluationRecord, Rival
from edge_analysis.evaluation.robustness import (
    RobustnessCurve,
    choose_images,
    measure_robustness,
)
from edge_analysis.evaluation.scores import (
    PartScore,
    average_scores,
    confusion_matrix,
    list_errors,
    score_classes,
    score_part,
    top_confusions,
)
from edge_analysis.evaluation.subject import (
    EvaluatedModel,
    EvaluationData,
    common_classes,
    predictor_for,
)
from edge_analysis.evaluation.timing import time_inference
from edge_infer.errors import UsageError
from edge_infer.host import machine_name

_TOOLS: Final = ("edge-mnist", "numpy", "opencv-python", "onnxruntime")


@dataclass(frozen=True, eq=False, kw_only=True)
class Evaluation:
    """What was measured, and what pictures are drawn of.

    Attributes:
        record: Every number.
        data: The images.
        names: Of all classes, as the columns of answers are.
        predict: Asks the model, in that order.
        answers: Of the model to the test images.
        rival_answers: Of the model beside it; None for none.
        look_at: Test images whose occlusion maps were asked for.
    """

    record: EvaluationRecord
    data: EvaluationData
    names: tuple[str, ...]
    predict: Predictor
    answers: Answers
    rival_answers: Answers | None
    look_at: tuple[int, ...]


def evaluate(
    subject: EvaluatedModel,
    data: EvaluationData,
    progress: Progress,
    *,
    rival: EvaluatedModel | None = None,
    occlusion: tuple[int, ...] = (),
) -> Evaluation:
    """Measure a model.

    Args:
        subject: The model.
        data: On what.
        progress: Told how far it is.
        rival: A model to compare it with.
        occlusion: Test images to draw occlusion maps of; a choice when empty.

    Raises:
        ModelError: A model lacks a class of the data.
        UsageError: There is no such test image.
    """
    _check_indices(occlusion, len(data.test.labels))
    subjects = [subject] if rival is None else [subject, _named_otherwise(rival, subject)]
    names = common_classes(data, subjects)
    predictors = [predictor_for(each, names) for each in subjects]
    parts = [answer(predictors[0], part, progress) for part in data.parts]
    beside = [answer(ask, data.test, progress, "asking the other") for ask in predictors[1:]]
    named = [(each.facts.name, ask) for each, ask in zip(subjects, predictors, strict=True)]
    curves = measure_robustness(named, choose_images(data.test), progress, DISTURBANCES)
    record = _record(subject, data, names, parts, curves)
    if beside:
        record = replace(record, rival=_rival(record, subjects[1], data, parts[-1], beside[0]))
    return Evaluation(
        record=record,
        data=data,
        names=names,
        predict=predictors[0],
        answers=parts[-1],
        rival_answers=beside[0] if beside else None,
        look_at=occlusion,
    )


def _check_indices(indices: tuple[int, ...], n: int) -> None:
    outside = [index for index in indices if not 0 <= index < n]
    if outside:
        raise UsageError(f"test images go from 0 to {n - 1}, found {outside[0]}")


def _named_otherwise(rival: EvaluatedModel, subject: EvaluatedModel) -> EvaluatedModel:
    """Give a model another name where it has that of the one it is compared with."""
    name, kind = rival.facts.name, rival.facts.kind
    if name != subject.facts.name:
        return rival
    mark = "2" if kind == subject.facts.kind else kind.rpartition(" ")[2]
    return replace(rival, facts=replace(rival.facts, name=f"{name} ({mark})"))


def _rival(
    record: EvaluationRecord,
    rival: EvaluatedModel,
    data: EvaluationData,
    answers: Answers,
    beside: Answers,
) -> Rival:
    both = record.model.name, rival.facts.name
    return Rival(
        model=rival.facts,
        test=score_part(data.test.name, beside),
        inference=time_inference(rival.predict, data.test.images),
        comparison=compare_answers(both, answers, beside, record.data.class_names),
    )


def _record(
    subject: EvaluatedModel,
    data: EvaluationData,
    names: tuple[str, ...],
    parts: list[Answers],
    curves: tuple[RobustnessCurve, ...],
) -> EvaluationRecord:
    answers = parts[-1]
    matrix = confusion_matrix(answers)
    classes = score_classes(matrix, names)
    return EvaluationRecord(
        model=subject.facts,
        data=DataFacts(
            name=data.name,
            sha256=data.sha256,
            class_names=names,
            trained_on=data.sha256 == subject.facts.data_sha256,
        ),
        parts=_scores(data, parts),
        classes=classes,
        averages=average_scores(classes),
        confusion=tuple(tuple(row) for row in matrix.tolist()),
        top_confusions=top_confusions(matrix, names),
        errors=list_errors(answers, names),
        disputed=score_disputed(answers, disputed_among(data.test.images)),
        confidence=score_confidence(answers, subject.facts.reject_threshold),
        inference=time_inference(subject.predict, data.test.images),
        training=subject.training,
        robustness=curves,
        rival=None,
        machine=machine_name(),
        versions=(f"Python {platform.python_version()}", *map(_version, _TOOLS)),
    )


def _scores(data: EvaluationData, parts: list[Answers]) -> tuple[PartScore, ...]:
    return tuple(
        score_part(part.name, answers) for part, answers in zip(data.parts, parts, strict=True)
    )


def _version(tool: str) -> str:
    try:
        return f"{tool} {version(tool)}"
    except PackageNotFoundError:  # OpenCV goes by several names.
        return f"{tool} unknown"
