from __future__ import annotations

from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.glyph.classifier import Classifier
from edge_infer.glyph.preprocess import fit_to_box
from edge_synth.digit_forms import FORMS, Form, read_drawing
from edge_synth.drawn_digits import draw_digits, draw_form
from edge_train import drawn_digits

TEACHER = Path(__file__).parents[2] / "train" / "teacher.onnx"
EVERY_FORM = [
    pytest.param(digit, form, id=f"{digit} {form.name}")
    for digit, forms in FORMS.items()
    for form in forms
]


@pytest.fixture(scope="module")
def labels() -> NDArray[np.int64]:
    return np.random.default_rng(0).permutation(np.repeat(np.arange(10), 40))


@pytest.fixture(scope="module")
def digits(labels) -> NDArray[np.uint8]:
    return draw_digits(labels, np.random.default_rng(1))


@pytest.fixture(scope="module")
def best() -> Classifier:
    """A network that learnt them, not softened: drawn as sharp as here it sees them in training."""
    return Classifier.load(TEACHER)


def test_digits_are_as_many_as_labels_and_normalised(digits) -> None:
    assert digits.shape == (400, 28, 28)
    assert digits.dtype == np.uint8
    assert (digits.max(axis=(1, 2)) > 60).all()
    for image in digits:
        rows, columns = np.nonzero(image)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 in (19, 20)


def test_digits_come_in_the_order_of_their_labels(digits, labels, best) -> None:
    read = best.probabilities(digits).argmax(axis=1)
    assert (read == labels).mean() > 0.95
    assert set(read.tolist()) == set(range(10))


def test_digits_of_equal_state_are_equal(labels, digits) -> None:
    assert (draw_digits(labels, np.random.default_rng(1)) == digits).all()
    others = draw_digits(labels, np.random.default_rng(2))
    assert (others != digits).any(axis=(1, 2)).all()


def test_no_labels_give_no_digits() -> None:
    none = draw_digits(np.zeros(0, np.int64), np.random.default_rng(0))
    assert none.shape == (0, 28, 28)


def test_label_that_is_no_digit_is_refused() -> None:
    with pytest.raises(AssertionError):
        draw_digits(np.array([3, 10]), np.random.default_rng(0))


@pytest.mark.parametrize(("digit", "form"), EVERY_FORM)
def test_form_is_drawn_well_inside_the_canvas(
    digit: int, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    edges: list[int] = []

    def note_edge(canvas: NDArray[np.uint8]) -> NDArray[np.uint8]:
        edges.append(max(canvas[[0, -1]].max(), canvas[:, [0, -1]].max()))
        return fit_to_box(canvas)

    monkeypatch.setattr(drawn_digits, "fit_to_box", note_edge)
    draw_form(form, 40, np.random.default_rng(digit))
    assert edges == [0] * 40


@pytest.mark.parametrize(("digit", "form"), EVERY_FORM)
def test_form_is_read_as_its_digit(digit: int, form: Form, best) -> None:
    """By a network that has learnt them: a form that a change makes unlike itself is seen."""
    read = best.probabilities(draw_form(form, 400, np.random.default_rng(digit))).argmax(axis=1)
    assert (read == digit).mean() >= 0.95


def test_writers_differ(digits, labels) -> None:
    """In pen, width and slant, not in a pixel here and there."""
    for digit in range(10):
        own = digits[labels == digit].astype(float)
        ink = own.sum(axis=(1, 2))
        assert ink.max() > 1.5 * ink.min()
        widths = own.any(axis=1).sum(axis=1)
        assert widths.max() >= widths.min() + 5


def test_flags_of_ones_rise_and_bars_of_sevens_are_level() -> None:
    for form in FORMS[1]:
        for text in form.extremes:
            points = read_drawing(text).points
            if len(points) > 2:
                left, top = points[0], points[points[:, 1].argmin()]
                assert left[1] - top[1] > top[0] - left[0], form.name
    for form in FORMS[7]:
        for text in form.extremes:
            drawing = read_drawing(text)
            corner = drawing.runs[-1 if len(drawing.strokes) == 1 else -2][0]
            if not corner:
                # A round one has no bar but a bow.
                continue
            bar = drawing.points[: corner + 1]
            start = bar[1 if len(bar) > 2 else 0]
            assert abs(start[1] - bar[-1][1]) < 0.1 * (bar[-1][0] - start[0]), form.name


@pytest.mark.parametrize(("digit", "form"), EVERY_FORM)
def test_extremes_of_a_form_match(digit: int, form: Form) -> None:
    del digit
    one, other = (read_drawing(text) for text in form.extremes)
    assert one.points.shape == other.points.shape
    assert (one.strokes, one.runs) == (other.strokes, other.runs)
    assert not np.array_equal(one.points, other.points)


def test_drawing_is_read_with_its_corners_and_strokes() -> None:
    drawing = read_drawing("0,0 .5,0 | .2,1 / .1,.5 .4,-.5")
    assert drawing.points.tolist() == [[0, 0], [0.5, 0], [0.2, 1], [0.1, 0.5], [0.4, -0.5]]
    assert drawing.strokes == ((0, 2), (3, 4))
    assert drawing.runs == ((0, 1), (1, 2), (3, 4))


def test_names_and_weights_of_forms() -> None:
    assert sorted(FORMS) == list(range(10))
    assert all(form.weight > 0 for form in chain(*FORMS.values()))
    for forms in FORMS.values():
        assert len({form.name for form in forms}) == len(forms)
