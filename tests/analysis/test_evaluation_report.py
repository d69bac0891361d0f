"""An evaluation of a small model: numbers, figures, page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("sklearn")
from edge_analysis.evaluation import (
    DataSet,
    Epoch,
    EvaluatedModel,
    Evaluation,
    ModelFacts,
    Split,
    Training,
    evaluate,
    write_evaluation,
)
from edge_analysis.evaluation.answers import ConfidenceScore
from edge_analysis.evaluation.curves_section import draw_risk
from edge_analysis.evaluation.report import build_page
from edge_analysis.evaluation.robustness import PERTURBATIONS
from edge_analysis.evaluation.scores import ClassScore
from edge_analysis.evaluation.scores_section import draw_confusion, draw_mistakes, draw_recalls
from edge_analysis.figures.drawing import Drawing
from edge_analysis.page import Figure, page_html
from edge_infer.errors import ModelError, UsageError
from edge_infer.glyph.classifier import Classifier
from edge_infer.glyph.preprocess import prepare_digit
from edge_infer.model.reliability import RiskPoint

DIGITS = tuple("0123456789")


def quiet(*_: object) -> None:
    """Ignore progress."""


def evaluate_once(model: EvaluatedModel, data: DataSet, **options: Any) -> Evaluation:
    """Evaluate with one perturbation of eight, which takes less time."""
    return evaluate(model, data, quiet, perturbations=PERTURBATIONS[:1], **options)


def page_of(evaluation: Evaluation) -> str:
    """Return the page without its pictures."""

    def add(drawing: Drawing) -> Figure:
        return Figure(picture="<svg></svg>", alt=drawing.alt, caption=drawing.caption)

    return page_html(build_page(evaluation, add, quiet))


@pytest.fixture(scope="module")
def data(draw_digit: Callable[..., Any]) -> DataSet:
    """Each digit four times; the first two 7s are labelled as 1s."""
    images = np.stack(
        [
            prepare_digit(draw_digit(label, thickness=width))
            for width in (4, 6, 8, 10)
            for label in DIGITS
        ]
    )
    labels = np.tile(np.arange(10), 4)
    labels[[7, 17]] = 1
    numbers = np.arange(len(labels))
    splits = tuple(
        Split(name, images, labels, numbers) for name in ("training", "validation", "test")
    )
    return DataSet(name="drawn", sha256="a" * 64, class_names=DIGITS, splits=splits)


@pytest.fixture(scope="module")
def model(tiny_model_path: Path) -> EvaluatedModel:
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
        predict=Classifier.load(tiny_model_path).probabilities,
        training=Training(epochs=epochs, best_epoch=2, time_s=3.0, machine="a CPU"),
    )


@pytest.fixture(scope="module")
def evaluation(model: EvaluatedModel, data: DataSet) -> Evaluation:
    """Compared with a model of the same name that always answers 0."""

    def always_0(images: Any) -> Any:
        return np.tile(np.eye(10, dtype=np.float32)[0], (len(images), 1))

    return evaluate(model, data, quiet, rival=replace(model, predict=always_0))


@pytest.fixture(scope="module")
def folder(evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_evaluation(evaluation, tmp_path_factory.mktemp("evaluation"), quiet).parent


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def drawings(evaluation: Evaluation) -> dict[str, Drawing]:
    drawn: dict[str, Drawing] = {}

    def add(drawing: Drawing) -> Figure:
        drawn[drawing.name] = drawing
        return Figure(picture="<svg></svg>", alt=drawing.alt, caption=drawing.caption)

    build_page(evaluation, add, quiet)
    return drawn


def test_json_contains_the_whole_record(evaluation: Evaluation, folder: Path) -> None:
    document = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    figures = document.pop("figures")
    assert document == json.loads(json.dumps(asdict(evaluation.record)))
    assert {Path(name).suffix for name in figures} == {".png", ".svg"}
    assert [part["name"] for part in document["parts"]] == ["training", "validation", "test"]
    assert document["parts"][2]["correct"] == 38
    assert document["rival"]["comparison"]["models"] == ["tiny", "tiny (2)"]
    assert {curve["model"] for curve in document["robustness"]} == {"tiny", "tiny (2)"}
    assert document["data"]["trained_on"] is True
    assert document["disputed"] is None
    assert document["training"]["best_epoch"] == 2
    assert [error["answer"] for error in document["errors"]] == ["7", "7"]


def test_all_figures_are_drawn(drawings: dict[str, Drawing]) -> None:
    kinds = "shift rotation scale noise blur stroke contrast inversion"
    assert set(drawings) == {
        *("success", "mistakes", "confusion-counts", "confusion-shares"),
        *("error-of-each-class", "errors"),
        *("reliability", "risk", "training-loss", "training-accuracy", "training-rate"),
        *("occlusion", "samples", "disagreements"),
        *(f"robustness-{kind}" for kind in kinds.split()),
    }
    for one in drawings.values():
        assert re.search(r"\d", one.caption), one.caption
        assert one.caption.endswith(".")
        assert not re.search(r"nan|inf\b|\{|  ", one.caption), one.caption


def test_captions_contain_the_numbers_of_this_model(drawings: dict[str, Drawing]) -> None:
    assert "1 answered as 7 (2)" in drawings["confusion-counts"].caption
    assert "1, 66.67 % (2 of 6 missed)" in drawings["success"].caption
    assert "Most missed: 1, 2 of 6. Most false answers: 7, 2." in drawings["mistakes"].caption
    assert "\N{NO-BREAK SPACE}pixels" in drawings["robustness-shift"].caption


def test_page_contains_every_figure_and_no_reference(
    page: str, drawings: dict[str, Drawing]
) -> None:
    for one in drawings.values():
        assert one.alt in page
    assert "38 of 40 test images correct, 95.00 %" in page
    assert "epoch 2 of 2 kept" in page
    assert "McNemar" in page
    assert not re.search(r'(?:src|href)="(?!data:image/png;base64,|#)', page)
    names = re.findall(r' id="([^"]+)"', page)
    assert len(names) == len(set(names))


def test_rival_of_the_same_name_is_named_by_its_kind(model: EvaluatedModel, data: DataSet) -> None:
    rival = replace(model, facts=replace(model.facts, kind="ONNX file, float32"))
    found = evaluate_once(model, data, rival=rival)
    assert found.record.rival is not None
    assert found.record.rival.model.name == "tiny (float32)"
    assert found.record.rival.comparison.p_value == 1
    assert "same answer to every image" in page_of(found)


def test_model_without_errors_training_and_rival_has_a_page(
    model: EvaluatedModel, data: DataSet
) -> None:
    correct = data.test.take(np.arange(20, 40))
    other = replace(data, splits=(correct,) * 3, sha256="b" * 64)
    found = evaluate_once(replace(model, training=None), other)
    assert not found.record.errors
    html = page_of(found)
    assert "all 20 answers are correct" in html
    assert ">Training<" not in html
    assert ">Comparison<" not in html
    # The model was trained on other data.
    assert 'class="notes"' in html


def test_further_class_of_the_model_is_kept_and_a_missing_class_refused(
    model: EvaluatedModel, data: DataSet
) -> None:
    kept = data.test.take(np.flatnonzero(data.test.labels != 9))
    found = evaluate_once(model, replace(data, class_names=DIGITS[:9], splits=(kept,) * 3))
    assert found.names == DIGITS
    assert found.record.classes[9].support == 0
    with pytest.raises(ModelError, match="lacks A of drawn"):
        evaluate_once(model, replace(data, class_names=(*DIGITS[:9], "A")))


def test_answers_are_reordered_by_class_name(model: EvaluatedModel) -> None:
    two = replace(
        model,
        class_names=("b", "a"),
        predict=lambda images: np.tile(np.float32([0.25, 0.75]), (len(images), 1)),
    )
    placed = two.predictor_for("abc")(np.zeros((2, 28, 28), np.uint8))
    np.testing.assert_array_equal(placed, [[0.75, 0.25, 0]] * 2)


def test_occlusion_map_of_a_missing_image_is_refused(model: EvaluatedModel, data: DataSet) -> None:
    with pytest.raises(UsageError, match="from 0 to 39, found 40"):
        evaluate_once(model, data, occlusion=(0, 40))


def test_confusions_of_many_classes_have_a_close_up() -> None:
    matrix = 20 * np.eye(100, dtype=np.int64)
    matrix[3, 77], matrix[40, 3] = 9, 4
    # Matplotlib must not read such names as formulas.
    names = [f"${at}$" for at in range(100)]
    whole, _, close, _ = draw_confusion(matrix, names)
    assert "$3$ answered as $77$ (9)" in whole.caption
    assert close.name == "confusion-closeup-counts"
    assert "13 of all 13 mistakes" in close.caption
    svg = close.for_page().picture
    for name in ("$3$", "$40$", "$77$"):
        assert f">{name}<" in svg


def class_score(name: str, missed: int) -> ClassScore:
    recall = 1 - missed / 20
    return ClassScore(name, 20, 20, 20 - missed, recall, recall, (0.0, 1.0), recall)


def test_worst_of_many_classes_are_drawn_in_order(evaluation: Evaluation) -> None:
    # Two of three classes have mistakes.
    scores = [class_score(f"c{at}", at % 3) for at in range(45)]
    for drawing in (draw_mistakes(scores), draw_recalls(scores, evaluation.record.test)):
        assert drawing is not None
        (axes,) = drawing.figure.axes
        names = [label.get_text() for label in axes.get_yticklabels()]
        assert names == [f"c{at}" for at in range(45) if at % 3]
        assert drawing.caption.startswith("30 of 45 classes")
    assert draw_mistakes([class_score("a", 0)]) is None


def test_risk_caption_names_each_number_of_errors_once() -> None:
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
    caption = draw_risk({"m": points}, score).caption
    assert re.findall(r"\d+ errors?", caption) == ["3 errors", "1 error", "0 errors"]
    assert re.findall(r"[\d.]+ %", caption) == ["1.0 %", "5.0 %"]
