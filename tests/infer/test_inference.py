"""Inference: one image and batches on several threads give the same bits, in order."""

import gc
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_infer import Classifier
from edge_infer.model.inference import (
    MAX_SLICE_IMAGES,
    MIN_THREAD_IMAGES,
    BatchInference,
    batch_slices,
)

CLASSES = 10


class FakeSession:
    """Answers with the first pixels of each image, and records the calls."""

    def __init__(
        self, before: Callable[[], object] = lambda: None, error: BaseException | None = None
    ) -> None:
        self.calls: list[tuple[str, int]] = []
        self._before = before
        self._error = error

    def run(self, outputs: tuple[str], feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        assert outputs == ("probabilities",)
        images_u8 = feed["image"]
        self.calls.append((threading.current_thread().name, len(images_u8)))
        self._before()
        if self._error is not None:
            raise self._error
        return [images_u8[:, 0, :CLASSES].astype(np.float32)]


@pytest.fixture(scope="module")
def images_u8() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (1000, 28, 28), np.uint8)


@pytest.fixture(scope="module")
def nano() -> Classifier:
    return Classifier.load("nano")


def sleep(time_s: float) -> Callable[[], None]:
    return partial(time.sleep, time_s)


def test_one_image_gets_the_answer_of_a_batch(nano: Classifier, images_u8: np.ndarray) -> None:
    single = np.concatenate([nano.probabilities(image[None]) for image in images_u8[:64]])
    pairs = [nano.probabilities(np.stack((image, image)))[:1] for image in images_u8[:64]]
    np.testing.assert_array_equal(single, np.concatenate(pairs))
    mirrored = images_u8[:1, :, ::-1]  # Not contiguous in memory.
    assert (nano.probabilities(mirrored) == nano.probabilities(mirrored.copy())).all()


def test_threads_and_calls_keep_their_single_images_apart(
    nano: Classifier, images_u8: np.ndarray
) -> None:
    alone = [nano.probabilities(image[None]) for image in images_u8[:64]]
    assert not (alone[0] == alone[1]).all()
    with ThreadPoolExecutor(8) as pool:
        together = pool.map(lambda i: nano.probabilities(images_u8[i][None]), [*range(64)] * 8)
        for index, answer in enumerate(together):
            assert (answer == alone[index % 64]).all()


@given(images=st.integers(1, 5000), threads=st.integers(1, 256))
def test_slices_cover_every_image_once_and_are_even(images: int, threads: int) -> None:
    slices = batch_slices(images, threads)
    assert [n for part in slices for n in range(images)[part]] == list(range(images))
    sizes = [part.stop - part.start for part in slices]
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) <= MAX_SLICE_IMAGES
    assert len(slices) == 1 or min(sizes) >= MIN_THREAD_IMAGES


@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 257, 1000])
def test_answers_have_the_same_bits_on_any_number_of_threads(
    tiny_model_path: Path, images_u8: np.ndarray, count: int
) -> None:
    alone = Classifier.load(tiny_model_path).probabilities(images_u8)
    for threads in (2, 3):
        shared = Classifier.load(tiny_model_path, threads=threads).probabilities(images_u8[:count])
        np.testing.assert_array_equal(shared, alone[:count])


def test_batches_of_several_callers_stay_apart(images_u8: np.ndarray) -> None:
    inference = BatchInference([FakeSession(sleep(0.001)), FakeSession(sleep(0.001))], CLASSES)
    batches = [images_u8[start : start + 90] for start in range(0, 900, 45)]
    with ThreadPoolExecutor(4) as pool:
        for batch, answer in zip(batches, pool.map(inference.probabilities, batches), strict=True):
            np.testing.assert_array_equal(answer, batch[:, 0, :CLASSES])


def test_small_batch_starts_no_thread(images_u8: np.ndarray) -> None:
    before = threading.active_count()
    sessions = [FakeSession(), FakeSession()]
    BatchInference(sessions, CLASSES).probabilities(images_u8[: 2 * MIN_THREAD_IMAGES - 1])
    assert threading.active_count() <= before  # Threads of other tests may be ending.
    assert not sessions[1].calls


@pytest.mark.parametrize("broken", [0, 1])
def test_error_of_any_session_reaches_the_caller(images_u8: np.ndarray, broken: int) -> None:
    about_to_fail = threading.Event()
    sessions = [FakeSession(partial(about_to_fail.wait, 5)) for _ in range(2)]
    sessions[broken] = FakeSession(about_to_fail.set, RuntimeError("broken"))
    with pytest.raises(RuntimeError, match="broken"):
        BatchInference(sessions, CLASSES).probabilities(images_u8)


def test_interruption_stops_the_other_threads() -> None:
    other = FakeSession(sleep(0.005))
    inference = BatchInference([FakeSession(sleep(0.02), KeyboardInterrupt()), other], CLASSES)
    with pytest.raises(KeyboardInterrupt):
        inference.probabilities(np.zeros((50 * MAX_SLICE_IMAGES, 28, 28), np.uint8))
    calls = len(other.calls)
    time.sleep(0.05)
    assert len(other.calls) <= calls + 1 < 50


def test_threads_end_with_their_owner(images_u8: np.ndarray) -> None:
    before = set(threading.enumerate())
    inference = BatchInference([FakeSession(sleep(0.005)), FakeSession()], CLASSES)
    inference.probabilities(images_u8)
    (started,) = set(threading.enumerate()) - before
    del inference
    gc.collect()
    started.join(5)
    assert not started.is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forked_process_starts_its_own_threads(tiny_model_path, images_u8) -> None:
    classifier = Classifier.load(tiny_model_path, threads=2)
    expected = classifier.probabilities(images_u8)
    child = os.fork()
    if child == 0:
        same = np.array_equal(classifier.probabilities(images_u8), expected)
        os._exit(0 if same else 1)
    for _ in range(500):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        time.sleep(0.01)
    else:
        os.kill(child, 9)
        os.waitpid(child, 0)
        pytest.fail("the forked process waits for threads that it does not have")
    assert status == 0
