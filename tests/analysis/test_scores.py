"""Scores of answers."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("sklearn")
from sklearn.metrics import accuracy_score, classification_report, log_loss

from edge_analysis.evaluation.answers import (
    Answers,
    compare_answers,
    mcnemar_p_value,
    score_confidence,
)
from edge_analysis.evaluation.scores import (
    SUSPECTED_LABEL_ERRORS,
    average_scores,
    count_confusions,
    list_errors,
    score_classes,
    score_part,
    score_without,
    suspected_label_errors,
    top_confusions,
)


def random_answers(seed: int, n: int = 200, classes: int = 4) -> Answers:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    logits = rng.normal(size=(n, classes))
    logits[np.arange(n), labels] += 2
    odds = np.exp(logits)
    return Answers(labels, (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32))


def certain_answers(labels: list[int], predicted: list[int], classes: int) -> Answers:
    return Answers(np.array(labels), np.eye(classes, dtype=np.float32)[predicted])


@pytest.mark.parametrize(("seed", "n", "classes"), [(1, 200, 4), (2, 5, 9)])
def test_scores_agree_with_the_report_of_scikit_learn(seed: int, n: int, classes: int) -> None:
    answers = random_answers(seed, n, classes)
    present = np.unique(answers.labels)
    report = classification_report(
        answers.labels,
        answers.predicted,
        labels=present,
        target_names=[str(label) for label in present],
        output_dict=True,
        zero_division=0,
    )
    scores = score_classes(answers, [str(label) for label in range(classes)])
    for one in (scores[label] for label in present):
        found = {"precision": one.precision, "recall": one.recall, "f1-score": one.f1}
        assert {**found, "support": one.support} == pytest.approx(report[one.name])
        assert one.recall_95[0] <= one.recall <= one.recall_95[1]
    for mean in average_scores(answers):
        expected = report[f"{mean.name} avg"]
        found = {"precision": mean.precision, "recall": mean.recall, "f1-score": mean.f1}
        assert {**found, "support": n} == pytest.approx(expected)
    absent = [one for one in scores if not one.support]
    assert all((one.recall, one.recall_95) == (0, (0, 1)) for one in absent)


def test_part_score_agrees_with_scikit_learn() -> None:
    answers = random_answers(1)
    score = score_part("test", answers)
    assert score.accuracy == accuracy_score(answers.labels, answers.predicted)
    # log_loss warns unless the rows sum to exactly 1.
    exact = answers.probabilities.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)
    assert score.loss == pytest.approx(log_loss(answers.labels, exact), rel=1e-6)


def test_95_percent_intervals_contain_the_true_value_19_times_of_20() -> None:
    whole = score_part("all", random_answers(0, 400_000))
    scores = [score_part("some", random_answers(seed)) for seed in range(1, 401)]
    for bounds, truth in (("accuracy_95", whole.accuracy), ("loss_95", whole.loss)):
        held = [getattr(one, bounds)[0] <= truth <= getattr(one, bounds)[1] for one in scores]
        assert 0.92 < sum(held) / len(held) < 0.98


def test_loss_of_probability_0_is_finite() -> None:
    score = score_part("test", certain_answers([0, 1], [0, 0], 2))
    assert score.loss == pytest.approx(-math.log(1e-12) / 2)


def test_top_confusions_have_a_direction_and_a_count() -> None:
    matrix = count_confusions(certain_answers([0, 0, 0, 1, 2, 2], [0, 1, 1, 0, 2, 2], 3))
    found = top_confusions(matrix, "abc")
    assert [(one.label, one.answer, one.count) for one in found] == [("a", "b", 2), ("b", "a", 1)]
    assert found[0].share == pytest.approx(2 / 3)


def test_errors_are_listed_by_confidence() -> None:
    answers = Answers(np.array([0, 1, 1]), np.array([[0.4, 0.6], [0.9, 0.1], [0, 1]], np.float32))
    errors = list_errors(answers, ("a", "b"))
    assert [error.index for error in errors] == [1, 0]
    assert (errors[0].label, errors[0].answer) == ("b", "a")
    assert errors[0].of_label == pytest.approx(0.1)


@given(st.integers(0, 10_000))
def test_bins_contain_all_answers_and_sum_to_the_calibration_error(seed: int) -> None:
    answers = random_answers(seed)
    score = score_confidence(answers, 0.7)
    gaps = [one.n * abs(one.accuracy - one.confidence) for one in score.bins]
    assert sum(gaps) / 200 == pytest.approx(score.calibration_error, abs=1e-6)
    for one in score.bins:
        inside = (answers.confidences > one.low) & (answers.confidences <= one.high)
        assert abs(int(inside.sum()) - one.n) <= 1
    assert sum(one.n for one in score.bins) == 200
    assert score.at_threshold is not None
    assert score_confidence(answers, None).at_threshold is None


def test_mcnemar_is_the_exact_binomial_test() -> None:
    assert mcnemar_p_value(0, 0) == mcnemar_p_value(2000, 2000) == 1
    assert mcnemar_p_value(0, 3) == mcnemar_p_value(3, 0) == pytest.approx(2 / 2**3)
    assert mcnemar_p_value(1, 4) == pytest.approx(2 * (1 + 5) / 2**5)
    assert 0 < mcnemar_p_value(1900, 2100) < 0.01


def test_comparison_counts_each_image_once() -> None:
    labels = [0, 0, 1, 1, 2]
    first = certain_answers(labels, [0, 1, 1, 0, 0], 3)
    second = certain_answers(labels, [0, 0, 0, 2, 0], 3)
    both = compare_answers(("x", "y"), first, second, "abc")
    assert (both.both_right, both.only_first, both.only_second, both.both_wrong) == (1, 1, 1, 2)
    assert both.n == 5
    assert both.agreement == pytest.approx(2 / 5)
    # Images that one model classifies correctly come first.
    assert [one.index for one in both.disagreements] == [1, 2, 3]
    assert both.disagreements[2].answers == ("a", "c")


def test_label_errors_are_suspected_in_one_test_part_only_and_left_out() -> None:
    images = np.zeros((3, 28, 28), np.uint8)
    assert suspected_label_errors(images) == ()
    sha256 = hashlib.sha256(images).hexdigest()
    assert suspected_label_errors(images, test_sha256=sha256) == SUSPECTED_LABEL_ERRORS
    assert suspected_label_errors(images + 1, test_sha256=sha256) == ()
    answers = certain_answers([0, 0, 1, 1], [0, 1, 1, 0], 2)
    score = score_without(answers, (1, 2))
    assert score is not None
    assert score.wrong == (1,)
    assert (score.without.correct, score.without.n) == (1, 2)
    assert score_without(answers, ()) is None
