"""Perturbations, robustness curves and occlusion maps."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_analysis.data_set import Split
from edge_analysis.evaluation.models import Predictor
from edge_analysis.evaluation.robustness import (
    PATCH,
    PERTURBATIONS,
    Perturbation,
    RobustnessCurve,
    RobustnessPoint,
    choose_images,
    map_occlusion,
    measure_robustness,
    perturb,
)

ImagesU8 = NDArray[np.uint8]
KINDS = {kind.name: kind for kind in PERTURBATIONS}


@pytest.fixture
def bars() -> ImagesU8:
    """Upright bars, one to the left of the middle, one to the right."""
    images = np.zeros((2, 28, 28), np.uint8)
    images[0, 6:22, 9:12] = 255
    images[1, 6:22, 16:19] = 255
    return images


def centre(image: ImagesU8) -> NDArray[np.float64]:
    """Return the ink's centre of mass, (x, y)."""
    places = np.indices(image.shape, np.float64)[::-1]
    return (places * image).sum(axis=(1, 2)) / image.sum()


@pytest.mark.parametrize("kind", PERTURBATIONS, ids=lambda kind: kind.name)
def test_no_strength_changes_nothing_and_any_other_does(kind: Perturbation, bars: ImagesU8) -> None:
    before = bars.copy()
    assert kind.none in kind.strengths
    assert list(kind.strengths) == sorted(kind.strengths)
    for strength in kind.strengths:
        worse = perturb(kind, bars, strength)
        assert (worse.dtype, worse.shape) == (bars.dtype, bars.shape)
        assert np.array_equal(worse, bars) == (strength == kind.none)
        np.testing.assert_array_equal(worse, perturb(kind, bars, strength))
    np.testing.assert_array_equal(bars, before)


def test_shift_goes_so_far_and_farther_the_same_way(bars: ImagesU8) -> None:
    some = np.repeat(bars[:1], 20, axis=0)
    near, far = (perturb(KINDS["shift"], some, pixels) for pixels in (2, 4))
    steps = np.array([centre(image) - centre(some[0]) for image in near])
    np.testing.assert_allclose(np.hypot(*steps.T), 2, atol=0.05)
    assert len(np.unique(np.rint(steps), axis=0)) > 4
    further = np.array([centre(image) - centre(some[0]) for image in far])
    np.testing.assert_allclose(further, 2 * steps, atol=0.1)


def test_rotation_is_counter_clockwise(bars: ImagesU8) -> None:
    turned = perturb(KINDS["rotation"], bars, 45)
    # What stood right of the middle now stands above it.
    x, y = centre(turned[1]) - 13.5
    assert x > 1
    assert y < -1


def test_scale_noise_blur_and_contrast(bars: ImagesU8) -> None:
    ink = [perturb(KINDS["scale"], bars, factor).sum() for factor in (0.5, 1, 1.4)]
    assert ink == sorted(ink)
    noisy = perturb(KINDS["noise"], np.full((4, 28, 28), 128, np.uint8), 20)
    assert noisy.std() == pytest.approx(20, rel=0.1)
    assert perturb(KINDS["blur"], bars, 2).max() < 255
    assert perturb(KINDS["contrast"], bars, 0.8).max() == 51


def test_strokes_become_so_much_wider_or_narrower(bars: ImagesU8) -> None:
    for pixels in (-1.0, 2.0):
        row = perturb(KINDS["stroke"], bars, pixels)[0, 14].astype(float)
        assert row.sum() / 255 == pytest.approx(3 + pixels, abs=0.3)


def test_inversion_ends_in_the_negative(bars: ImagesU8) -> None:
    np.testing.assert_array_equal(perturb(KINDS["inversion"], bars, 1), 255 - bars)


def test_images_are_chosen_evenly() -> None:
    labels = np.repeat(np.arange(5), 20)
    part = Split("test", np.zeros((100, 28, 28), np.uint8), labels, np.arange(100))
    assert np.bincount(choose_images(part, 25).labels).tolist() == [5] * 5
    assert choose_images(part, 100) is part


def test_curves_are_measured_for_each_model(bars: ImagesU8) -> None:
    def bright(images: ImagesU8) -> NDArray[np.float32]:
        """Answer 0 where any pixel is bright, else 1."""
        return np.eye(2, dtype=np.float32)[(images.max(axis=(1, 2)) < 100).astype(int)]

    part = Split("test", bars, np.array([0, 0]), np.arange(2))
    told: list[tuple[int, int]] = []
    models = [
        ("first", bright),
        ("second", lambda images: np.tile(np.float32([0, 1]), (len(images), 1))),
    ]
    curves = measure_robustness(
        models, part, lambda _, done, total: told.append((done, total)), [KINDS["contrast"]]
    )
    first, second = curves
    assert (first.model, second.model) == ("first", "second")
    assert [point.accuracy for point in first.points] == [1, 1, 1, 1, 0, 0, 0]
    assert {point.correct for point in second.points} == {0}
    assert first.tolerated == (0, 0.6)
    assert first.worst.strength == 0.8
    assert told[-1] == (6, 7)


def curve_of(*accuracies: float) -> RobustnessCurve:
    points = tuple(
        RobustnessPoint(strength=at - 2, correct=0, n=1, accuracy=value, accuracy_95=(0, 1))
        for at, value in enumerate(accuracies)
    )
    return RobustnessCurve(model="m", disturbance="d", axis="a", unit="u", none=0, points=points)


def test_tolerated_strengths_end_at_the_first_fall() -> None:
    assert curve_of(0.99, 0.9, 0.98, 0.94, 0.2).tolerated == (0, 1)
    assert curve_of(0.99, 0.97, 0.98, 0.1, 0.99).tolerated == (-2, 0)
    assert curve_of(0, 0, 0.98, 0, 0).tolerated == (0, 0)


def depends_on(row: int, column: int) -> Predictor:
    """Return a model whose answer depends on one pixel."""

    def predict(images: ImagesU8) -> NDArray[np.float32]:
        share = images[:, row, column].astype(np.float32) / 255
        return np.stack((1 - share, share), axis=1)

    return predict


def test_occlusion_finds_the_one_pixel_that_counts() -> None:
    image = np.full((28, 28), 200, np.uint8)
    image[9, 20] = 255
    found = map_occlusion(depends_on(9, 20), image)
    assert (found.class_id, found.least_class_id) == (1, 0)
    assert (found.confidence, found.least) == (1, 0)
    assert np.unravel_index(found.lost.argmax(), found.lost.shape) == (9, 20)
    assert found.lost.max() == pytest.approx(1)
    away = np.ones((28, 28), bool)
    away[9 - PATCH : 9 + PATCH + 1, 20 - PATCH : 20 + PATCH + 1] = False
    assert not found.lost[away].any()
    # Corners are covered as well.
    found = map_occlusion(depends_on(0, 27), np.full((28, 28), 255, np.uint8))
    assert found.lost[0, 27] == pytest.approx(1)
