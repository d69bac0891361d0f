"""A whole evaluation of a small model: numbers, sentences, page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("seaborn")
from edge_analysis.evaluation import (
    EvaluatedModel,
    Evaluation,
    EvaluationData,
    ModelFacts,
    Part,
    Training,
    evaluate,
)
from edge_analysis.evaluation.confidence import ConfidenceScore
from edge_analysis.evaluation.drawings import draw_figures
from edge_analysis.evaluation.figures.confidence import draw_risk
from edge_analysis.evaluation.figures.confusion import draw_confusion
from edge_analysis.evaluation.figures.tiles import Tile, draw_sheet
from edge_analysis.evaluation.report import build_page
from edge_analysis.evaluation.training import Epoch
from edge_analysis.report_page import page_html
from edge_analysis.report_page.drawn import Drawn
from edge_infer.errors import ModelError, UsageError
from edge_infer.glyph.classifier import Classifier
from edge_infer.glyph.preprocess import prepare_digit
from edge_infer.model.reliability import RiskPoint

DIGITS = tuple("0123456789")


@pytest.fixture(scope="module")
def data(draw_digit: Callable[..., Any]) -> EvaluationData:
    """Each digit four times; of the first two 7s it is said that they are 1s."""
    images = np.stack(
        [
            prepare_digit(draw_digit(label, thickness=width))
            for width in (4, 6, 8, 10)
            for label in DIGITS
        ]
    )
    labels = np.tile(np.arange(10), 4)
    labels[[7, 17]] = 1
    part = Part("test", images, labels)
    others = (replace(part, name=name) for name in ("training", "validation"))
    learnt, chosen = others
    return EvaluationData(
        name="drawn",
        sha256="a" * 64,
        class_names=DIGITS,
        training=learnt,
        validation=chosen,
        test=part,
    )


@pytest.fixture(scope="module")
def subject(tiny_model_path: Path) -> EvaluatedModel:
    classifier = Classifier.load(tiny_model_path)
    facts = ModelFacts(
        name="tiny",
        kind="ONNX file, int8",
        preset="templates",
        parameters=1960,
        size_bytes=2345,
        data="drawn",
        data_sha256="a" * 64,
        seed=0,
        epochs=2,
        reject_threshold=0.5,
    )
    epochs = tuple(
        Epoch(
            epoch=at,
            loss=1 / at,
            accuracy=0.5 + at / 10,
            validation_loss=0.9 / at,
            validation_accuracy=0.6 + at / 10,
            learning_rate=0.01 / at,
            time_s=1.5,
        )
        for at in (1, 2)
    )
    return EvaluatedModel(
        facts=facts,
        class_names=DIGITS,
        predict=classifier.probabilities,
        training=Training(epochs=epochs, best_epoch=2, time_s=3.0, machine="a CPU"),
    )


@pytest.fixture(scope="module")
def evaluation(subject: EvaluatedModel, data: EvaluationData) -> Evaluation:
    """Beside one that says 0 to everything, and has the same name."""

    def always_0(images: Any) -> Any:
        return np.tile(np.eye(10, dtype=np.float32)[0], (len(images), 1))

    return evaluate(subject, data, lambda *_: None, rival=replace(subject, predict=always_0))


@pytest.fixture(scope="module")
def drawn(evaluation: Evaluation) -> dict[str, Drawn]:
    return {one.name: one for one in draw_figures(evaluation, lambda *_: None)}


@pytest.fixture(scope="module")
def page(evaluation: Evaluation, drawn: dict[str, Drawn]) -> str:
    return page_html(build_page(evaluation, {name: one.for_page() for name, one in drawn.items()}))


def test_json_agrees_with_scikit_learn(
    evaluation: Evaluation, subject: EvaluatedModel, data: EvaluationData
) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    document = json.loads(json.dumps(evaluation.record.json_values()))
    labels, predicted = data.test.labels, subject.predict(data.test.images).argmax(axis=1)
    report = metrics.classification_report(
        labels, predicted, target_names=DIGITS, output_dict=True, zero_division=0
    )
    for one in document["classes"]:
        expected = report[one["name"]]
        for ours, theirs in (
            ("precision", "precision"),
            ("recall", "recall"),
            ("f1", "f1-score"),
            ("support", "support"),
        ):
            assert one[ours] == pytest.approx(expected[theirs])
    for one in document["averages"]:
        expected = report[f"{one['name']} avg"]
        for ours, theirs in (("precision",) * 2, ("recall",) * 2, ("f1", "f1-score")):
            assert one[ours] == pytest.approx(expected[theirs])
    assert document["parts"][2]["accuracy"] == pytest.approx(report["accuracy"])
    assert document["confusion"] == metrics.confusion_matrix(labels, predicted).tolist()
    assert [error["index"] for error in document["errors"]] != []
    assert {error["index"] for error in document["errors"]} == set(
        np.flatnonzero(labels != predicted).tolist()
    )


def test_model_beside_another_of_its_name_is_told_by_its_kind(
    subject: EvaluatedModel, data: EvaluationData
) -> None:
    rival = replace(subject, facts=replace(subject.facts, kind="ONNX file, float32"))
    made = evaluate(subject, data, lambda *_: None, rival=rival)
    assert made.record.rival is not None
    assert made.record.rival.model.name == "tiny (float32)"
    html = page_html(build_page(made, {}))
    assert "right on the same 38: there is nothing to test." in html
    assert "They answer every image alike." in html


def test_json_holds_every_part_of_the_record(evaluation: Evaluation) -> None:
    document = json.loads(json.dumps(evaluation.record.json_values()))
    assert [part["name"] for part in document["parts"]] == ["training", "validation", "test"]
    assert document["rival"]["model"]["name"] == "tiny (2)"
    assert document["rival"]["comparison"]["models"] == ["tiny", "tiny (2)"]
    assert {curve["model"] for curve in document["robustness"]} == {"tiny", "tiny (2)"}
    assert document["data"]["trained_on"] is True
    assert document["disputed"] is None
    assert document["training"]["best_epoch"] == 2


def test_figures_are_all_there(drawn: dict[str, Drawn]) -> None:
    kinds = "shift rotation scale noise blur stroke contrast inversion"
    assert set(drawn) == {
        *("success", "mistakes", "confusion-counts", "confusion-shares"),
        *("error-of-each-class", "errors"),
        *("reliability", "risk", "training-loss", "training-accuracy", "training-rate"),
        *("occlusion", "samples", "disagreements"),
        *(f"robustness-{kind}" for kind in kinds.split()),
    }


def test_every_figure_says_what_it_shows_in_numbers(drawn: dict[str, Drawn]) -> None:
    for one in drawn.values():
        assert re.search(r"\d", one.caption), one.caption
        assert one.caption.endswith(".")
        assert not re.search(r"nan|inf\b|\{|  ", one.caption), one.caption


def test_sentences_tell_of_this_model(drawn: dict[str, Drawn], page: str) -> None:
    assert "the most, 2, where 1 is taken for 7" in drawn["confusion-counts"].caption
    assert "worst: 1, 66.67 % (2 of 6 missed)" in drawn["success"].caption
    assert "2 mistakes" in drawn["mistakes"].caption
    assert "Missed most: 1, 2 of 6. Most others are taken for 7: 2." in drawn["mistakes"].caption
    assert "\N{NO-BREAK SPACE}pixels" in drawn["robustness-shift"].caption
    assert "38 of 40 test images right, 95.00 %" in page
    assert "Missed of 1: 2 of 6." in page
    assert "epoch 2 of 2 kept" in page
    assert "Export finds a temperature" in page
    assert "7, not 1" in page
    assert "McNemar" in page


def test_page_shows_every_figure_and_needs_nothing_else(page: str, drawn: dict[str, Drawn]) -> None:
    for name, one in drawn.items():
        # These two are sheets for files: the page has galleries of the same pictures.
        assert (one.alt in page) == (name not in {"errors", "disagreements"})
    assert not re.search(r'(?:src|href)="(?!data:image/png;base64,|#)', page)
    names = re.findall(r' id="([^"]+)"', page)
    assert len(names) == len(set(names))


def test_model_without_errors_or_rival_has_a_page(
    subject: EvaluatedModel, data: EvaluationData
) -> None:
    right = Part("test", data.test.images[20:], data.test.labels[20:])
    made = evaluate(replace(subject, training=None), replace(data, test=right), lambda *_: None)
    assert not made.record.errors
    html = page_html(build_page(made, {}))
    assert "None: all 20 test images are answered rightly." in html
    assert ">Training<" not in html
    assert ">Beside" not in html


def test_other_data_than_it_was_trained_on_is_said(
    subject: EvaluatedModel, data: EvaluationData
) -> None:
    made = evaluate(subject, replace(data, sha256="b" * 64), lambda *_: None)
    assert "not on this very data set" in page_html(build_page(made, {}))


def test_class_that_the_data_lack_is_kept_and_one_that_the_model_lacks_refused(
    subject: EvaluatedModel, data: EvaluationData
) -> None:
    fewer = replace(data, class_names=DIGITS[:9], test=Part("test", *_without_9(data)))
    made = evaluate(subject, fewer, lambda *_: None)
    assert made.names == DIGITS
    assert made.record.classes[9].support == 0
    with pytest.raises(ModelError, match="A of drawn are none of them"):
        evaluate(subject, replace(data, class_names=(*DIGITS[:9], "A")), lambda *_: None)


def _without_9(data: EvaluationData) -> tuple[Any, Any]:
    kept = data.test.labels != 9
    return data.test.images[kept], data.test.labels[kept]


def test_occlusion_map_of_no_image_is_refused(
    subject: EvaluatedModel, data: EvaluationData
) -> None:
    with pytest.raises(UsageError, match="go from 0 to 39, found 40"):
        evaluate(subject, data, lambda *_: None, occlusion=(0, 40))


def test_hundred_classes_get_a_closer_look_at_the_worst() -> None:
    matrix = 20 * np.eye(100, dtype=np.int64)
    matrix[3, 77], matrix[40, 3] = 9, 4
    # Such names would be formulas to Matplotlib.
    names = [f"${at}$" for at in range(100)]
    whole, shares, close, close_shares = draw_confusion(matrix, names)
    assert (whole.name, shares.name) == ("confusion-counts", "confusion-shares")
    assert "where $3$ is taken for $77$" in whole.caption
    assert "The 12 of 100 classes" in close.caption
    assert "13 of all 13 mistakes" in close.caption
    assert "add up" in shares.caption
    assert "add up" not in close_shares.caption
    svg = str(close.for_page().picture)
    for name in ("$3$", "$40$", "$77$"):
        assert f">{name}<" in svg


def test_sheet_of_one_picture_is_no_larger_scale() -> None:
    tile = Tile((np.zeros((28, 28), np.uint8),), ("5, not 6", "99 %, #1"))
    widths = [draw_sheet([tile] * count, 5).get_size_inches()[0] for count in (1, 5)]
    assert widths[0] == widths[1]


def test_error_curve_tells_of_each_fall_once() -> None:
    points = [
        RiskPoint(threshold=0.5, n=100, kept=kept, errors=errors)
        for kept, errors in ((100, 3), (99, 1), (98, 1), (95, 0))
    ]
    score = ConfidenceScore(
        calibration_error=0.1,
        mean_confidence=0.9,
        bins=(),
        risk=tuple(points),
        at_threshold=None,
    )
    assert draw_risk({"m": points}, score).caption == (
        "3 errors when all 100 images are answered, 1 error when the least sure 1.0 % are "
        "rejected, 0 errors when the least sure 5.0 % are rejected."
    )
