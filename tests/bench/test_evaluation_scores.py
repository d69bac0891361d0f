"""Scores of an evaluation, held against scikit-learn and SciPy on the same answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_analysis.evaluation.answers import Answers, in_classes
from edge_analysis.evaluation.comparison import compare_answers, mcnemar_p_value
from edge_analysis.evaluation.confidence import score_confidence
from edge_analysis.evaluation.disputed import DISPUTED, disputed_among, score_disputed
from edge_analysis.evaluation.scores import (
    average_scores,
    confusion_matrix,
    list_errors,
    score_classes,
    score_part,
    top_confusions,
)


def some_answers(seed: int, n: int = 200, classes: int = 4, *, skill: float = 2.0) -> Answers:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    logits = rng.normal(size=(n, classes))
    logits[np.arange(n), labels] += skill
    odds = np.exp(logits)
    return Answers(labels, (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32))


def given_answers(labels: list[int], predicted: list[int], classes: int) -> Answers:
    return Answers(np.array(labels), np.eye(classes, dtype=np.float32)[predicted])


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10_000), st.integers(1, 80), st.integers(2, 12), st.floats(0, 6))
def test_class_scores_are_those_of_scikit_learn(
    seed: int, n: int, classes: int, skill: float
) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    answers = some_answers(seed, n, classes, skill=skill)
    names = [f"class {at}" for at in range(classes)]
    matrix = confusion_matrix(answers)
    assert (
        matrix.tolist()
        == metrics.confusion_matrix(
            answers.labels, answers.predicted, labels=range(classes)
        ).tolist()
    )
    expected = metrics.precision_recall_fscore_support(
        answers.labels, answers.predicted, labels=range(classes), zero_division=0
    )
    scores = score_classes(matrix, names)
    found = [[one.precision, one.recall, one.f1, one.support] for one in scores]
    np.testing.assert_allclose(found, np.transpose(expected))
    # Averages are over the classes that there are images of.
    met = np.unique(answers.labels)
    for mean in average_scores(scores):
        wanted = metrics.precision_recall_fscore_support(
            answers.labels, answers.predicted, labels=met, average=mean.name, zero_division=0
        )
        np.testing.assert_allclose((mean.precision, mean.recall, mean.f1), wanted[:3])


def test_part_score_is_that_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    answers = some_answers(1)
    score = score_part("test", answers)
    assert score.accuracy == metrics.accuracy_score(answers.labels, answers.predicted)
    # It warns where rows of float32 do not sum to exactly 1.
    exact = answers.probabilities.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)
    assert score.loss == pytest.approx(metrics.log_loss(answers.labels, exact), rel=1e-6)


def test_intervals_are_those_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    answers = some_answers(2)
    score = score_part("test", answers)
    wilson = stats.binomtest(score.correct, score.n).proportion_ci(0.95, method="wilson")
    assert score.accuracy_95 == pytest.approx(tuple(wilson))
    deviation = answers.losses.std() / math.sqrt(score.n)
    normal = stats.norm.interval(0.95, loc=answers.losses.mean(), scale=deviation)
    assert score.loss_95 == pytest.approx(normal)
    for one in score_classes(confusion_matrix(answers), "abcd"):
        wilson = stats.binomtest(one.correct, one.support).proportion_ci(0.95, method="wilson")
        assert one.recall_95 == pytest.approx(tuple(wilson))


def test_intervals_hold_the_truth_19_times_of_20() -> None:
    # The truth of this maker of answers, from very many.
    whole = score_part("all", some_answers(0, 400_000))
    scores = [score_part("some", some_answers(seed)) for seed in range(1, 401)]
    for bounds, truth in (("accuracy_95", whole.accuracy), ("loss_95", whole.loss)):
        held = [getattr(one, bounds)[0] <= truth <= getattr(one, bounds)[1] for one in scores]
        assert 0.92 < sum(held) / len(held) < 0.98


def test_loss_of_an_impossible_answer_is_large_and_finite() -> None:
    score = score_part("test", given_answers([0, 1], [0, 0], 2))
    assert score.loss == pytest.approx(-math.log(1e-12) / 2)


def test_top_confusions_are_directed_and_leave_out_what_never_happened() -> None:
    matrix = confusion_matrix(given_answers([0, 0, 0, 1, 2, 2], [0, 1, 1, 0, 2, 2], 3))
    found = top_confusions(matrix, "abc")
    assert [(one.label, one.answer, one.count) for one in found] == [("a", "b", 2), ("b", "a", 1)]
    assert found[0].share == pytest.approx(2 / 3)


def test_errors_come_with_the_surest_first() -> None:
    answers = Answers(np.array([0, 1, 1]), np.array([[0.4, 0.6], [0.9, 0.1], [0, 1]], np.float32))
    errors = list_errors(answers, ("a", "b"))
    assert [error.index for error in errors] == [1, 0]
    assert (errors[0].label, errors[0].answer) == ("b", "a")
    assert errors[0].of_label == pytest.approx(0.1)


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=30)
def test_bins_add_up_to_the_calibration_error(seed: int) -> None:
    score = score_confidence(some_answers(seed), 0.7)
    gaps = [one.n * abs(one.accuracy - one.confidence) for one in score.bins]
    assert sum(gaps) / 200 == pytest.approx(score.calibration_error, abs=1e-6)
    assert sum(one.n for one in score.bins) == 200
    assert all(one.low < one.confidence <= one.high + 1e-6 for one in score.bins if one.n)
    assert score.at_threshold is not None
    assert score_confidence(some_answers(seed), None).at_threshold is None


def test_calibration_error_is_that_of_its_formula() -> None:
    """Equation 3 of Guo et al. 2017, answer by answer: bins are (low, high]."""
    answers = some_answers(5, 300)
    error = 0.0
    for number in range(15):
        inside = [
            at
            for at, sure in enumerate(answers.confidences.tolist())
            if number / 15 < sure <= (number + 1) / 15
        ]
        if inside:
            right = sum(answers.predicted[at] == answers.labels[at] for at in inside)
            sure = sum(float(answers.probabilities[at].max()) for at in inside)
            error += abs(float(right) - sure) / 300
    assert score_confidence(answers, None).calibration_error == pytest.approx(error, abs=1e-6)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_exact_binomial_test(first: int, second: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    expected = stats.binomtest(first, first + second).pvalue if first + second else 1.0
    assert mcnemar_p_value(first, second) == pytest.approx(expected)


def test_mcnemar_takes_thousands() -> None:
    assert mcnemar_p_value(2000, 2000) == 1.0
    assert 0 < mcnemar_p_value(1900, 2100) < 0.01


def test_comparison_counts_every_image_once_and_tells_the_telling_ones_first() -> None:
    labels = [0, 0, 1, 1, 2]
    first = given_answers(labels, [0, 1, 1, 0, 0], 3)
    second = given_answers(labels, [0, 0, 0, 2, 0], 3)
    both = compare_answers(("x", "y"), first, second, "abc")
    assert (both.both_right, both.only_first, both.only_second, both.both_wrong) == (1, 1, 1, 2)
    assert both.n == 5
    assert both.agreement == pytest.approx(2 / 5)
    assert [one.index for one in both.disagreements] == [1, 2, 3]
    assert both.disagreements[2].answers == ("a", "c")


def test_answers_are_put_into_the_order_of_other_classes() -> None:
    placed = in_classes(
        lambda images: np.tile(np.float32([0.25, 0.75]), (len(images), 1)), "ba", "abc"
    )
    np.testing.assert_array_equal(placed(np.zeros((2, 28, 28), np.uint8)), [[0.75, 0.25, 0]] * 2)


def test_disputed_images_are_those_of_mnist_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.zeros((3, 28, 28), np.uint8)
    assert disputed_among(images) == ()
    zeros = "6e4b7b9d"
    monkeypatch.setattr("edge_analysis.evaluation.disputed._MNIST_TEST_SHA256", zeros)
    assert disputed_among(images) == ()
    import hashlib

    real = hashlib.sha256(images).hexdigest()
    monkeypatch.setattr("edge_analysis.evaluation.disputed._MNIST_TEST_SHA256", real)
    assert disputed_among(images) == DISPUTED
    assert disputed_among(images + 1) == ()
    assert len(set(DISPUTED)) == 15


def test_accuracy_without_disputed_images_leaves_just_those_out() -> None:
    answers = given_answers([0, 0, 1, 1], [0, 1, 1, 0], 2)
    score = score_disputed(answers, (1, 2))
    assert score is not None
    assert score.wrong == (1,)
    assert (score.without.correct, score.without.n) == (1, 2)
    assert score_disputed(answers, ()) is None
