from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from edge_infer.glyph.classifier import Classifier


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load("nano")


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (64, 28, 28), dtype=np.uint8)


def test_one_image_gets_what_session_run_gives(classifier: Classifier, images: np.ndarray) -> None:
    every = np.concatenate([classifier.probabilities(image[None]) for image in images])
    twice = [classifier.probabilities(np.stack((image, image)))[:1] for image in images]
    assert (every == np.concatenate(twice)).all()


def test_answer_is_the_callers_own(classifier: Classifier, images: np.ndarray) -> None:
    first = classifier.probabilities(images[:1])
    kept = first.copy()
    classifier.probabilities(images[1:2])
    assert (first == kept).all()
    assert not (classifier.probabilities(images[1:2]) == kept).all()


def test_threads_do_not_see_one_anothers_images(classifier: Classifier, images: np.ndarray) -> None:
    alone = [classifier.probabilities(image[None]) for image in images]
    with ThreadPoolExecutor(8) as pool:
        together = list(
            pool.map(lambda i: classifier.probabilities(images[i][None]), [*range(64)] * 8)
        )
    for index, answer in enumerate(together):
        assert (answer == alone[index % 64]).all()


def test_image_that_is_no_part_of_memory_in_one_piece_is_taken(
    classifier: Classifier, images: np.ndarray
) -> None:
    mirrored = images[:1, :, ::-1]
    assert (classifier.probabilities(mirrored) == classifier.probabilities(mirrored.copy())).all()


@pytest.mark.parametrize("shape", [(1, 1, 28), (1, 28, 1), (1, 14, 14)])
def test_image_of_another_shape_is_refused(classifier: Classifier, shape: tuple[int, ...]) -> None:
    with pytest.raises(Exception, match="invalid dimensions"):
        classifier.probabilities(np.zeros(shape, np.uint8))


def test_image_of_another_dtype_is_refused(classifier: Classifier) -> None:
    with pytest.raises(Exception, match="data type"):
        classifier.probabilities(np.zeros((1, 28, 28), np.float32))  # type: ignore[arg-type]
