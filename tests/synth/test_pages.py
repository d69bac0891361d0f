"""Drawn pages: legible, the same for the same seed, with boxes around the ink."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages.strategies import hard_pages, seeds

from edge_infer import Classifier
from edge_synth import KINDS, PageSpec, draw_page, draw_sized_page, random_spec

SLOW = settings(max_examples=15, deadline=None, derandomize=True)


def test_simplest_page_is_one_digit_on_white_paper() -> None:
    page = draw_page(PageSpec(), 0)
    assert page.rows == ("3",)
    (border,) = {*page.image[0].ravel(), *page.image[-1].ravel()}
    assert border == 255
    assert 0.02 < (page.image < 128).mean() < 0.1


@SLOW
@given(hard_pages(), seeds)
def test_page_is_the_same_for_the_same_seed(spec: PageSpec, seed: int) -> None:
    first, again = draw_page(spec, seed), draw_page(spec, seed)
    np.testing.assert_array_equal(first.image, again.image)
    assert first.boxes == again.boxes
    assert first.boxes != draw_page(replace(spec, jitter=1.0), seed + 1).boxes


@SLOW
@given(hard_pages(), seeds)
def test_every_digit_has_a_box_with_ink_inside_the_picture(spec: PageSpec, seed: int) -> None:
    page = draw_page(replace(spec, ruling="none"), seed)
    height, width = page.image.shape[:2]
    assert [len(row) for row in page.boxes] == [len(row) for row in page.rows]
    for row in page.boxes:
        assert [box.x for box in row] == sorted(box.x for box in row)
        for box in row:
            assert 0 <= box.x < box.x + box.width <= width
            assert 0 <= box.y < box.y + box.height <= height
            inside = page.image[box.y : box.y + box.height, box.x : box.x + box.width]
            assert inside.min() < 0.7 * page.image.max()


def test_paper_and_camera_do_not_change_the_writing() -> None:
    plain = replace(PageSpec(), rows=("2587", "903"), jitter=1.0)
    rich = replace(plain, paper="cream", texture=1.0, ruling="squared", show_through=0.3)
    photo = replace(rich, light="shadow", noise_sd=5.0, blur_px=1.0, jpeg_quality=60)
    assert draw_page(plain, 7).boxes == draw_page(rich, 7).boxes == draw_page(photo, 7).boxes
    assert (draw_page(plain, 7).image != draw_page(photo, 7).image).mean() > 0.9


@pytest.mark.parametrize("kind", KINDS)
def test_kind_is_drawn_and_differs_from_page_to_page(kind: str) -> None:
    assert random_spec(kind, 3) == random_spec(kind, 3)
    specs = [replace(random_spec(kind, seed), digit_height_px=40) for seed in range(3)]
    assert len(set(specs)) == 3
    for spec in specs:
        image = draw_page(spec, 0).image
        assert image.dtype == np.uint8
        assert image.ndim == 3
        assert np.ptp(image) > 20


@pytest.mark.parametrize(("spacing", "pieces"), [(0.1, 3), (-0.05, 1)])
def test_negative_spacing_makes_digits_touch(spacing: float, pieces: int) -> None:
    for seed in range(5):
        page = draw_page(PageSpec(rows=("000",), spacing=spacing), seed)
        dark = (page.image[:, :, 0] < 128).astype(np.uint8)
        assert cv2.connectedComponents(dark)[0] - 1 == pieces


def test_turned_page_has_its_rows_upright() -> None:
    level = draw_page(PageSpec(rows=("345",)), 0)
    turned = draw_page(PageSpec(rows=("345",), turn_deg=90.0), 0)
    assert turned.image.shape[:2] == level.image.shape[1::-1]
    assert [box.y for box in turned.boxes[0]] == sorted(box.y for box in turned.boxes[0])


@settings(SLOW, max_examples=8)
@given(hard_pages(), seeds, st.integers(40, 400), st.integers(40, 400))
def test_page_fits_into_a_given_size(spec: PageSpec, seed: int, width: int, height: int) -> None:
    page = draw_page(spec, seed, (width, height))
    assert page.image.shape == (height, width, 3)
    for box in (box for row in page.boxes for box in row):
        assert 0 <= box.x < box.x + box.width <= width
        assert 0 <= box.y < box.y + box.height <= height


@pytest.mark.parametrize(("size_px", "digits"), [(300, 1), (300, 40), (700, 9)])
def test_page_has_its_size_and_number_of_digits(size_px: int, digits: int) -> None:
    page = draw_sized_page(size_px, digits)
    assert page.image.shape == (size_px * 3 // 4, size_px, 3)
    assert sum(map(len, page.rows)) == sum(map(len, page.boxes)) == digits
    assert max(box.height for row in page.boxes for box in row) < size_px / 6


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="found 'fax'"):
        random_spec("fax", 0)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load("edge")


@pytest.mark.parametrize("digit", "0123456789")
def test_single_digits_are_legible(classifier: Classifier, digit: str) -> None:
    # The seed chooses the form of the digit; forty seeds cover most forms.
    wrong = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        spec = PageSpec(
            rows=(digit,),
            jitter=1.0,
            slant_deg=float(rng.uniform(-5, 18)),
            aspect=float(rng.uniform(0.8, 1.15)),
            stroke=float(rng.uniform(0.045, 0.11)),
        )
        wrong += classifier.classify(draw_page(spec, seed).image).label != digit
    assert wrong <= 1
