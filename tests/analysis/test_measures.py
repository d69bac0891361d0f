from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

pytest.importorskip("sklearn")
from edge_analysis.exploration.measures import (
    Spread,
    class_images,
    measure_glyphs,
    spread,
    spread_by_class,
)


def stroke(start: tuple[int, int], end: tuple[int, int]) -> NDArray[np.uint8]:
    image = np.zeros((28, 28), np.uint8)
    cv2.line(image, start, end, 255, 2, cv2.LINE_AA)
    return image


def test_ink_box_and_slant_of_a_blank_a_full_and_a_nearly_blank_picture() -> None:
    images = np.zeros((4, 28, 28), np.uint8)
    images[1] = 255
    images[2, :14] = 255
    images[3, 11, 3:20] = 77
    found = measure_glyphs(images)
    np.testing.assert_allclose(found.ink_percent[:3], [0, 100, 50])
    np.testing.assert_array_equal(found.width_px, [np.nan, 28, 28, 17])
    np.testing.assert_array_equal(found.height_px, [np.nan, 28, 14, 1])
    # A single row of ink has no slant.
    assert np.isnan(found.slant_degrees).tolist() == [True, False, False, True]


@pytest.mark.parametrize(
    ("start", "end", "degrees"),
    [((14, 4), (14, 24), 0), ((19, 4), (9, 24), 26.6), ((9, 4), (19, 24), -26.6)],
)
def test_slant_is_positive_to_the_right(
    start: tuple[int, int], end: tuple[int, int], degrees: float
) -> None:
    measured = measure_glyphs(stroke(start, end)[None]).slant_degrees[0]
    assert measured == pytest.approx(degrees, abs=2)


@given(st.integers(0, 2**32 - 1), st.integers(0, 40))
def test_box_is_that_of_opencv(seed: int, dots: int) -> None:
    rng = np.random.default_rng(seed)
    image = np.zeros((28, 28), np.uint8)
    image[rng.integers(0, 28, dots), rng.integers(0, 28, dots)] = rng.integers(1, 256, dots)
    measures = measure_glyphs(image[None])
    box = np.array([measures.width_px[0], measures.height_px[0]])
    np.testing.assert_array_equal(np.nan_to_num(box), cv2.boundingRect(image)[2:])


def test_measures_do_not_depend_on_blocks() -> None:
    images = np.random.default_rng(0).integers(0, 256, (4100, 28, 28), np.uint8)
    whole, last = measure_glyphs(images), measure_glyphs(images[-3:])
    np.testing.assert_array_equal(whole.slant_degrees[-3:], last.slant_degrees)


def test_class_images_are_mean_and_variance_of_each_class() -> None:
    rng = np.random.default_rng(1)
    images, labels = rng.integers(0, 256, (30, 28, 28), np.uint8), np.arange(30) % 2 * 2
    found = class_images(images, labels, 3)
    np.testing.assert_allclose(found.mean[2], images[1::2].mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found.variance[0], images[::2].var(axis=0), rtol=1e-4)
    assert not found.mean[1].any()


def test_spread_leaves_out_what_is_not_measured() -> None:
    found = spread(np.array([*range(101), np.nan]))
    assert found == Spread(n=101, mean=50, p5=5, p25=25, p50=50, p75=75, p95=95)
    assert spread_by_class(np.array([np.nan, 3.0]), np.array([0, 1]), 3)[::2] == (None, None)
