from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_export import GateOptions, Gates
from edge_export.parity import ParityReport, compare
from edge_infer.errors import UsageError, VerificationError
from edge_infer.model.metadata import Accuracy
from edge_infer.model.run_folder import Calibration

INT8 = Gates.of("int8", GateOptions())
FLOAT = Gates.of("float32", GateOptions())


def report(
    *, n: int = 10_000, changed: int = 0, lost: int = 0, gates: Gates = INT8
) -> ParityReport:
    return ParityReport(
        precision="int8",
        max_delta=0.0,
        mean_delta=0.0,
        accuracy_keras=Accuracy(correct=n - 10, n=n),
        accuracy=Accuracy(correct=n - 10 - lost, n=n),
        changed_indices=tuple(range(changed)),
        gates=gates,
    )


def test_gates_of_int8_are_those_of_the_contract() -> None:
    assert (INT8.allowed_changes(10_000), INT8.allowed_losses(10_000)) == (10, 5)


def test_gates_of_float_allow_no_change_on_any_set() -> None:
    assert (FLOAT.allowed_changes(10_000), FLOAT.allowed_losses(10_000)) == (0, 0)
    assert FLOAT.max_delta == 1e-5


def test_gates_of_int8_resolve_to_one_image_on_a_small_set() -> None:
    assert (INT8.allowed_changes(300), INT8.allowed_losses(300)) == (1, 1)


def test_gates_take_what_is_asked_for_and_nothing_else() -> None:
    gates = Gates.of("int8", GateOptions(min_agreement_percent=100.0))
    assert gates.allowed_changes(300) == 0
    assert gates.max_drop_points == INT8.max_drop_points


@given(n=st.integers(1, 10**6), percent=st.floats(0, 100))
def test_gates_that_were_asked_for_are_taken_at_their_word(n: int, percent: float) -> None:
    gates = Gates.of("int8", GateOptions(min_agreement_percent=percent, max_drop_points=percent))
    assert 0 <= gates.allowed_changes(n) <= n * (100 - percent) / 100 + 1e-6
    assert 0 <= gates.allowed_losses(n) <= n * percent / 100 + 1e-6


@pytest.mark.parametrize(
    ("name", "value"),
    [("min_agreement_percent", 101.0), ("max_drop_points", -1.0), ("max_delta", float("nan"))],
)
def test_gate_options_refuse_what_makes_no_sense(name: str, value: float) -> None:
    with pytest.raises(UsageError, match="must lie in 0"):
        GateOptions(**{name: value})


def test_report_passes_at_the_limits_and_fails_beyond() -> None:
    report(changed=10, lost=5).check("digits.onnx")
    with pytest.raises(
        VerificationError, match=r"digits\.onnx .*: 11 of 10000 labels changed, allowed 10"
    ):
        report(changed=11).check("digits.onnx")
    with pytest.raises(VerificationError, match="6 of 10000 .* allowed 5"):
        report(lost=6).check("digits.onnx")


def test_report_never_fails_for_an_accuracy_gained() -> None:
    assert report(lost=-10).failures == ()


def compare_answers(keras: Any, file: Any, labels: list[int], precision: str) -> ParityReport:
    """Compare answers as if a file had given them."""
    classifier: Any = SimpleNamespace(
        metadata=SimpleNamespace(precision=precision), probabilities=lambda images: file
    )
    images = np.zeros((len(labels), 28, 28), np.uint8)
    ids = np.array(labels)
    calibration = Calibration(images[:0], ids[:0], images, ids)
    return compare(classifier, keras, calibration, GateOptions())


def test_compare_counts_and_measures() -> None:
    keras = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]], np.float32)
    file = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]], np.float32)
    found = compare_answers(keras, file, [0, 1, 0], "float32")
    assert found.changed_indices == (1,)
    assert found.agreement == pytest.approx(2 / 3)
    assert found.max_delta == pytest.approx(0.2)
    assert found.mean_delta == pytest.approx(0.4 / 6)
    assert (found.accuracy_keras.correct, found.accuracy.correct) == (2, 1)
    assert len(found.failures) == 3


def test_compare_fails_a_file_that_answers_nan() -> None:
    keras = np.array([[0.9, 0.1]], np.float32)
    assert compare_answers(keras, np.full_like(keras, np.nan), [0], "int8").failures


def test_report_json_says_all() -> None:
    document = json.loads(report(changed=2, lost=1).to_json())
    assert document["passed"] is True
    assert document["changed_indices"] == [0, 1]
    assert document["n"] == 10_000
    assert document["file"]["correct"] == 9989
    low, high = document["file"]["interval_95"]
    assert low < document["file"]["accuracy"] < high
