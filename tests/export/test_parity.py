"""Limits, reports, pictures of changed images, and the calibration of confidences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_export import GateOptions, Gates
from edge_export.changed_images import MAX_TILES, draw_changed
from edge_export.metadata import find_reject_threshold
from edge_export.parity import ParityReport, compare
from edge_export.reference import find_temperature, softmax
from edge_infer.errors import OutputError, UsageError, VerificationError
from edge_infer.model.metadata import Accuracy
from edge_infer.model.run_folder import Calibration

INT8 = Gates.of("int8", GateOptions())


def report(*, changed: int = 0, lost: int = 0) -> ParityReport:
    return ParityReport(
        precision="int8",
        max_delta=0.0,
        mean_delta=0.0,
        accuracy_keras=Accuracy(correct=9_990, n=10_000),
        accuracy=Accuracy(correct=9_990 - lost, n=10_000),
        changed_indices=tuple(range(changed)),
        gates=INT8,
    )


@pytest.mark.parametrize(
    ("precision", "n", "changes", "losses", "max_delta"),
    [
        ("int8", 10_000, 10, 5, 1.0),
        ("int8", 300, 1, 1, 1.0),
        ("float32", 10_000, 0, 0, 1e-5),
        ("float32", 300, 0, 0, 1e-5),
    ],
)
def test_default_limits(precision: str, n: int, changes: int, losses: int, max_delta) -> None:
    gates = Gates.of(precision, GateOptions())
    found = (gates.allowed_changes(n), gates.allowed_losses(n), gates.max_delta)
    assert found == (changes, losses, max_delta)


def test_one_limit_of_the_user_leaves_the_others() -> None:
    gates = Gates.of("int8", GateOptions(min_agreement_percent=100.0))
    assert gates.allowed_changes(300) == 0
    assert gates.allowed_losses(300) == 1
    assert gates.max_drop_points == INT8.max_drop_points


@given(n=st.integers(1, 10**6), percent=st.floats(0, 100))
def test_limits_of_the_user_are_taken_exactly(n: int, percent: float) -> None:
    gates = Gates.of("int8", GateOptions(min_agreement_percent=percent, max_drop_points=percent))
    assert 0 <= gates.allowed_changes(n) <= n * (100 - percent) / 100 + 1e-6
    assert 0 <= gates.allowed_losses(n) <= n * percent / 100 + 1e-6


@pytest.mark.parametrize(
    ("name", "value"),
    [("min_agreement_percent", 101.0), ("max_drop_points", -1.0), ("max_delta", float("nan"))],
)
def test_limits_outside_their_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(UsageError, match="must lie in 0"):
        GateOptions(**{name: value})


def test_report_passes_at_the_limits_and_fails_beyond() -> None:
    report(changed=10, lost=5).check("digits.onnx")
    report(lost=-10).check("digits.onnx")
    with pytest.raises(VerificationError, match=r"digits\.onnx .*11 of 10000 .* allowed 10"):
        report(changed=11).check("digits.onnx")
    with pytest.raises(VerificationError, match="6 of 10000 .* allowed 5"):
        report(lost=6).check("digits.onnx")


def test_compare_counts_and_measures() -> None:
    keras = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]], np.float32)
    file = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]], np.float32)
    found = compare("float32", keras, file, np.array([0, 1, 0]), GateOptions())
    assert found.changed_indices == (1,)
    assert found.agreement == pytest.approx(2 / 3)
    assert found.max_delta == pytest.approx(0.2)
    assert found.mean_delta == pytest.approx(0.4 / 6)
    assert (found.accuracy_keras.correct, found.accuracy.correct) == (2, 1)
    assert len(found.failures) == 3
    nan = np.full_like(keras, np.nan)
    assert compare("int8", keras, nan, np.array([0, 1, 0]), GateOptions()).failures


def test_report_as_json() -> None:
    document = json.loads(report(changed=2, lost=1).to_json())
    assert document["passed"] is True
    assert document["changed_indices"] == [0, 1]
    assert document["n"] == 10_000
    assert document["file"]["correct"] == 9989
    low, high = document["file"]["interval_95"]
    assert low < document["file"]["accuracy"] < high


# Pictures of changed images -------------------------------------------------------------


def draw(path: Path, changed: tuple[int, ...]) -> NDArray[Any]:
    """Draw the changed ones of 200 images that are grey in the shade of their index."""
    images = np.broadcast_to(np.arange(200, dtype=np.uint8)[:, None, None], (200, 28, 28)).copy()
    labels = np.arange(200) % 2
    answers = np.tile(np.array([[0.75, 0.25]], np.float32), (200, 1))
    calibration = Calibration(images[:0], labels[:0], images, labels)
    draw_changed(path, calibration, changed, (answers, answers[:, ::-1]), ("a", "ü"))
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))


def test_picture_shows_each_changed_image(tmp_path: Path) -> None:
    picture = draw(tmp_path / "changed.png", (7, 33, 150))
    for shade in (7, 33, 150):
        assert np.count_nonzero(picture == shade) >= 140 * 140
    assert np.count_nonzero(picture == 90) < 140


def test_picture_has_a_title_and_bounded_rows(tmp_path: Path) -> None:
    counts = (0, 1, MAX_TILES, 200)
    none, one, some, many = (draw(tmp_path / "x.png", tuple(range(count))) for count in counts)
    assert none.min() < 128
    assert none.shape[0] < one.shape[0] < some.shape[0] == many.shape[0]


def test_picture_of_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"no picture format '\.xyz'"):
        draw(tmp_path / "changed.xyz", (1,))
    assert not list(tmp_path.iterdir())


# Calibration of confidences -------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(scale=st.floats(0.2, 8.0))
def test_temperature_undoes_a_scale(scale: float) -> None:
    # Labels are drawn from the softmax of the logits, so that the right temperature is 1.
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (4000, 10)).astype(np.float32)
    shares = softmax(logits, 1.0).cumsum(axis=1)
    labels = (rng.random((4000, 1)) > shares).sum(axis=1).clip(0, 9)
    found = find_temperature(logits * np.float32(scale), labels)
    assert found == pytest.approx(scale, rel=0.05)


def test_temperature_of_a_faultless_and_of_a_useless_network_is_bounded() -> None:
    labels = np.arange(50) % 10
    logits = np.eye(10, dtype=np.float32)[labels]
    probabilities = softmax(logits, find_temperature(logits, labels))
    assert probabilities.max() == pytest.approx(51 / 52, abs=1e-3)
    assert find_temperature(logits, (labels + 1) % 10) == pytest.approx(20.0)


@given(st.floats(0.05, 20.0), st.floats(-1e4, 1e4))
def test_softmax_gives_probabilities_of_any_logits(temperature: float, shift: float) -> None:
    logits = np.array([[0, 1, 2], [500, -500, 0]], np.float32) + np.float32(shift)
    probabilities = softmax(logits, temperature)
    assert probabilities.sum(axis=1) == pytest.approx([1, 1])
    assert (probabilities >= 0).all()
    assert probabilities.argmax(axis=1).tolist() == [2, 0]


@pytest.mark.parametrize("n", [1, 99, 100, 5000])
def test_reject_threshold_leaves_one_percent_under_it(n: int) -> None:
    confidences = np.random.default_rng(n).permutation(np.linspace(0.5, 1, n))
    probabilities = np.stack([confidences, 1 - confidences], axis=1).astype(np.float32)
    threshold = find_reject_threshold(probabilities)
    assert int((probabilities.max(axis=1) < np.float32(threshold)).sum()) == n // 100
