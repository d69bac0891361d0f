"""Measure a model on a data set."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from typing import Final

from edge_analysis.data_set import DataSet, ImagesU8
from edge_analysis.evaluation.answers import Answers, answer, compare_answers, score_confidence
from edge_analysis.evaluation.models import EvaluatedModel, Predictor, common_classes
from edge_analysis.evaluation.record import DataFacts, EvaluationRecord, InferenceTime, Rival
from edge_analysis.evaluation.robustness import (
    PERTURBATIONS,
    Perturbation,
    RobustnessCurve,
    choose_images,
    measure_robustness,
)
from edge_analysis.evaluation.scores import (
    average_scores,
    count_confusions,
    list_errors,
    score_classes,
    score_part,
    score_without,
    suspected_label_errors,
    top_confusions,
)
from edge_analysis.report_folder import Progress
from edge_infer.errors import UsageError
from edge_infer.host import cpu_name

_TOOLS: Final = ("edge-mnist", "numpy", "opencv-python", "onnxruntime")
_BATCH: Final = 64
_MAX_CALLS: Final = 200
_MAX_TIME_S: Final = 1.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Evaluation:
    """The numbers of an evaluation, and what its figures are drawn from.

    ``names`` are all classes, in the order of the columns of ``predict``; the answers are those to
    the test images; ``occlusion`` are the requested images of occlusion maps, if any.
    """

    record: EvaluationRecord
    data: DataSet
    names: tuple[str, ...]
    predict: Predictor
    answers: Answers
    rival_answers: Answers | None
    occlusion: tuple[int, ...]


def evaluate(
    model: EvaluatedModel,
    data: DataSet,
    progress: Progress,
    *,
    rival: EvaluatedModel | None = None,
    occlusion: tuple[int, ...] = (),
    perturbations: Sequence[Perturbation] = PERTURBATIONS,
) -> Evaluation:
    """Measure a model.

    Args:
        model: The model.
        data: The data set.
        progress: Called before each step.
        rival: A model to compare it with.
        occlusion: Test images to draw occlusion maps of; empty for a default choice.
        perturbations: Perturbations to measure the robustness against.

    Raises:
        ModelError: A model lacks a class of the data.
        UsageError: A test image does not exist.
    """
    n = len(data.test.labels)
    if outside := [index for index in occlusion if not 0 <= index < n]:
        raise UsageError(f"test images are numbered from 0 to {n - 1}, found {outside[0]}")
    models = [model] if rival is None else [model, _with_own_name(rival, model)]
    names = common_classes(data, models)
    predictors = [each.predictor_for(names) for each in models]
    answers: list[Answers] = []
    for done, split in enumerate(data.splits):
        progress("classifying the images", done, len(data.splits))
        answers.append(answer(predictors[0], split))
    named = [(each.facts.name, predict) for each, predict in zip(models, predictors, strict=True)]
    curves = measure_robustness(named, choose_images(data.test), progress, perturbations)
    record = _record(model, data, names, answers, curves)
    rival_answers = None
    if len(models) == 2:
        rival_answers = answer(predictors[1], data.test)
        record = replace(record, rival=_rival(record, models[1], data, answers[-1], rival_answers))
    return Evaluation(
        record=record,
        data=data,
        names=names,
        predict=predictors[0],
        answers=answers[-1],
        rival_answers=rival_answers,
        occlusion=occlusion,
    )


def time_inference(predictor: Predictor, images: ImagesU8) -> InferenceTime:
    """Time a model on images, uint8 (n, 28, 28), for up to two seconds, as an indication."""
    batch = images[:_BATCH]
    return InferenceTime(
        single_ms=_median_ms(predictor, images[:1]),
        batched_ms=_median_ms(predictor, batch) / len(batch),
        batch=len(batch),
    )


def _median_ms(predictor: Predictor, images: ImagesU8) -> float:
    # The first call of a Keras model compiles its graph.
    predictor(images)
    times_ms: list[float] = []
    begin_s = time.perf_counter()
    while len(times_ms) < _MAX_CALLS and time.perf_counter() - begin_s < _MAX_TIME_S:
        start_s = time.perf_counter()
        predictor(images)
        times_ms.append(1000 * (time.perf_counter() - start_s))
    return median(times_ms)


def _with_own_name(rival: EvaluatedModel, model: EvaluatedModel) -> EvaluatedModel:
    name, kind = rival.facts.name, rival.facts.kind
    if name != model.facts.name:
        return rival
    mark = "2" if kind == model.facts.kind else kind.rpartition(" ")[2]
    return replace(rival, facts=replace(rival.facts, name=f"{name} ({mark})"))


def _rival(
    record: EvaluationRecord,
    rival: EvaluatedModel,
    data: DataSet,
    answers: Answers,
    rival_answers: Answers,
) -> Rival:
    both = record.model.name, rival.facts.name
    return Rival(
        model=rival.facts,
        test=score_part(data.test.name, rival_answers),
        inference=time_inference(rival.predict, data.test.images),
        comparison=compare_answers(both, answers, rival_answers, record.data.class_names),
    )


def _record(
    model: EvaluatedModel,
    data: DataSet,
    names: tuple[str, ...],
    answers: list[Answers],
    curves: tuple[RobustnessCurve, ...],
) -> EvaluationRecord:
    test = answers[-1]
    matrix = count_confusions(test)
    trained_on = data.sha256 == model.facts.data_sha256
    pairs = zip(data.splits, answers, strict=True)
    return EvaluationRecord(
        model=model.facts,
        data=DataFacts(data.name, data.sha256, names, trained_on),
        parts=tuple(score_part(split.name, given) for split, given in pairs),
        classes=score_classes(test, names),
        averages=average_scores(test),
        confusion=tuple(tuple(row) for row in matrix.tolist()),
        top_confusions=top_confusions(matrix, names),
        errors=list_errors(test, names),
        disputed=score_without(test, suspected_label_errors(data.test.images)),
        confidence=score_confidence(test, model.facts.reject_threshold),
        inference=time_inference(model.predict, data.test.images),
        training=model.training,
        robustness=curves,
        rival=None,
        machine=f"{cpu_name()}, {os.cpu_count()} cores",
        versions=(f"Python {platform.python_version()}", *map(_version, _TOOLS)),
    )


def _version(tool: str) -> str:
    try:
        return f"{tool} {version(tool)}"
    except PackageNotFoundError:  # OpenCV has several distributions.
        return f"{tool} unknown"
