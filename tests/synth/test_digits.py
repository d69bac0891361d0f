"""Drawn digits: legible, varied, the same for the same seed."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_infer.glyph.classifier import Classifier
from edge_infer.glyph.preprocess import fit_to_box
from edge_synth import draw_digit, draw_digits, plain_strokes
from edge_synth.curves import skeleton
from edge_synth.digits import draw_form
from edge_synth.forms import FORMS, LETTERS, Form

TEACHER = Path(__file__).parents[2] / "train" / "teacher.onnx"
EVERY_FORM = [
    pytest.param(digit, form, id=f"{digit} {form.name}")
    for digit, forms in FORMS.items()
    for form in forms
]


@pytest.fixture(scope="module")
def best() -> Classifier:
    """A network that was trained on such digits, without blurring them."""
    return Classifier.load(TEACHER)


def test_digits_match_their_labels(digits, labels, best) -> None:
    read = best.probabilities(digits).argmax(axis=1)
    assert (read == labels).mean() > 0.95
    assert set(read.tolist()) == set(range(10))


@given(st.lists(st.integers(0, 9), max_size=12), st.integers(0, 2**32 - 1))
def test_each_label_gets_one_picture(labels: list[int], seed: int) -> None:
    def draw() -> list[tuple[int, bytes]]:
        pairs = draw_digits(np.array(labels, np.int64), np.random.default_rng(seed))
        return [(index, picture.tobytes()) for index, picture in pairs]

    assert sorted(index for index, _ in draw()) == list(range(len(labels)))
    assert draw() == draw()


def test_one_digit_is_a_picture_of_its_own() -> None:
    one, other = (draw_digit(3, np.random.default_rng(seed)) for seed in (0, 1))
    assert one.shape == other.shape == (92, 92)
    assert one.dtype == np.uint8
    assert one.max() == 255
    assert (one != other).any()


@pytest.mark.parametrize("label", [-1, 10])
def test_label_that_is_not_a_digit_is_refused(label: int) -> None:
    with pytest.raises(ValueError, match=str(label)):
        draw_digit(label, np.random.default_rng(0))


@pytest.mark.parametrize(("digit", "form"), EVERY_FORM)
def test_form_is_read_as_its_digit(digit: int, form: Form, best) -> None:
    """A network that has learned the forms finds one that a change made illegible."""
    images = np.zeros((400, 28, 28), np.uint8)
    for index, picture in enumerate(draw_form(form, 400, np.random.default_rng(digit))):
        assert not picture[[0, -1]].any(), "ink at the border"
        assert not picture[:, [0, -1]].any(), "ink at the border"
        images[index] = fit_to_box(picture)
    assert (best.probabilities(images).argmax(axis=1) == digit).mean() >= 0.95


def test_plain_strokes_are_as_high_as_the_digit() -> None:
    for digit in range(10):
        y = np.concatenate(plain_strokes(digit))[:, 1]
        assert y.min() == pytest.approx(0, abs=0.05)
        assert y.max() == pytest.approx(1, abs=0.05)


def test_writers_differ_in_pen_and_width(digits, labels) -> None:
    for digit in range(10):
        own = digits[labels == digit].astype(float)
        ink = own.sum(axis=(1, 2))
        assert ink.max() > 1.5 * ink.min()
        widths = own.any(axis=1).sum(axis=1)
        assert widths.max() >= widths.min() + 5


@given(
    st.sampled_from([*chain(*FORMS.values()), *LETTERS.values()]),
    st.floats(-0.5, 1.5),
    st.floats(0, 1.5),
    st.sampled_from((0.02, 0.08, 1.0)),
)
def test_strokes_pass_through_their_ends(
    form: Form, blend: float, roundness: float, step: float
) -> None:
    shape = skeleton(form, step)
    controls = shape.controls(blend)
    points = shape.trace(controls, roundness)
    assert np.isfinite(points).all()
    for (first, last), (begin, end) in zip(shape.strokes, shape.curves, strict=True):
        np.testing.assert_allclose(points[[begin, end]], controls[[first, last]], atol=1e-12)
