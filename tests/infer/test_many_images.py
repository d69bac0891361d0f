"""Batches on several threads: the same bits, in order, and nothing left behind."""

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
from edge_infer.model.many_images import LARGEST_PIECE, SMALLEST_SHARE, ManyImages, cut

CLASSES = 10


class FakeSession:
    """Answers with the images' own corner, and remembers who asked and for how many."""

    def __init__(
        self, before: Callable[[], object] | None = None, error: BaseException | None = None
    ) -> None:
        self.asked: list[tuple[str, int]] = []
        self._before = before
        self._error = error

    def run(self, outputs: tuple[str], feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        assert outputs == ("probabilities",)
        images_u8 = feed["image"]
        self.asked.append((threading.current_thread().name, len(images_u8)))
        if self._before is not None:
            self._before()
        if self._error is not None:
            raise self._error
        return [images_u8[:, 0, :CLASSES].astype(np.float32)]


@pytest.fixture(scope="module")
def images_u8() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (1000, 28, 28), np.uint8)


def sleep(time_s: float) -> Callable[[], None]:
    return partial(time.sleep, time_s)


def wait_for(condition) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("waited for 5 s in vain")


@given(images=st.integers(1, 5000), threads=st.integers(1, 256))
def test_cut_covers_every_image_once_in_even_pieces(images: int, threads: int) -> None:
    pieces = cut(images, threads)
    assert [n for piece in pieces for n in range(images)[piece]] == list(range(images))
    sizes = [piece.stop - piece.start for piece in pieces]
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) <= LARGEST_PIECE
    assert len(pieces) == 1 or min(sizes) >= SMALLEST_SHARE


@pytest.mark.parametrize(
    ("images", "threads", "sizes"),
    [(31, 2, [31]), (32, 2, [16, 16]), (64, 1, [64]), (64, 8, [16] * 4), (600, 2, [150] * 4)],
)
def test_cut_gives_small_batches_to_one_thread(images, threads, sizes) -> None:
    assert [piece.stop - piece.start for piece in cut(images, threads)] == sizes


@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 257, 1000])
def test_answers_are_the_same_to_the_bit_on_any_number_of_threads(
    tiny_model_path: Path, images_u8: np.ndarray, count: int
) -> None:
    alone = Classifier.load(tiny_model_path).probabilities(images_u8)
    for threads in (2, 3):
        shared = Classifier.load(tiny_model_path, threads=threads).probabilities(images_u8[:count])
        np.testing.assert_array_equal(shared, alone[:count])


def test_batches_of_several_callers_stay_apart(images_u8: np.ndarray) -> None:
    many = ManyImages([FakeSession(sleep(0.001)), FakeSession(sleep(0.001))], CLASSES)
    batches = [images_u8[start : start + 90] for start in range(0, 900, 45)]
    with ThreadPoolExecutor(4) as pool:
        for batch, answer in zip(batches, pool.map(many.probabilities, batches), strict=True):
            np.testing.assert_array_equal(answer, batch[:, 0, :CLASSES])


def test_each_session_serves_one_thread(images_u8: np.ndarray) -> None:
    # Nobody goes on before all three are asked: which thread is quick does not matter.
    barrier = threading.Barrier(3, timeout=5)
    sessions = [FakeSession(barrier.wait) for _ in range(3)]
    ManyImages(sessions, CLASSES).probabilities(images_u8)
    served = [{name for name, _ in session.asked} for session in sessions]
    assert served[0] == {threading.current_thread().name}
    assert [len(session.asked) for session in sessions] == [2, 2, 2]
    assert [len(names) for names in served] == [1, 1, 1]
    assert len(set.union(*served)) == 3


def test_small_batches_start_no_thread(images_u8: np.ndarray) -> None:
    before = threading.active_count()
    sessions = [FakeSession(), FakeSession()]
    ManyImages(sessions, CLASSES).probabilities(images_u8[: 2 * SMALLEST_SHARE - 1])
    assert threading.active_count() <= before  # Others may be ending.
    assert not sessions[1].asked


def test_caller_does_all_where_the_others_are_held_up(images_u8: np.ndarray) -> None:
    held_up = FakeSession(sleep(0.2))
    quick = FakeSession()
    ManyImages([quick, held_up], CLASSES).probabilities(np.tile(images_u8, (4, 1, 1)))
    assert len(held_up.asked) <= 1
    assert sum(count for _, count in quick.asked + held_up.asked) == 4000


@pytest.mark.parametrize("broken", [0, 1])
def test_error_of_any_session_reaches_the_caller(images_u8: np.ndarray, broken: int) -> None:
    about_to_fail = threading.Event()
    sessions = [FakeSession(partial(about_to_fail.wait, 5)) for _ in range(2)]
    sessions[broken] = FakeSession(about_to_fail.set, RuntimeError("broken"))
    with pytest.raises(RuntimeError, match="broken"):
        ManyImages(sessions, CLASSES).probabilities(images_u8)


def test_interruption_stops_the_other_threads() -> None:
    other = FakeSession(sleep(0.005))
    many = ManyImages([FakeSession(sleep(0.02), KeyboardInterrupt()), other], CLASSES)
    with pytest.raises(KeyboardInterrupt):
        many.probabilities(np.zeros((50 * LARGEST_PIECE, 28, 28), np.uint8))
    asked = len(other.asked)
    time.sleep(0.05)
    assert len(other.asked) <= asked + 1 < 50


def test_threads_end_with_their_owner(images_u8: np.ndarray) -> None:
    before = set(threading.enumerate())
    many = ManyImages([FakeSession(sleep(0.005)), FakeSession()], CLASSES)
    many.probabilities(images_u8)
    (started,) = set(threading.enumerate()) - before
    del many
    gc.collect()
    wait_for(lambda: not started.is_alive())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forked_process_starts_threads_of_its_own(tiny_model_path, images_u8) -> None:
    classifier = Classifier.load(tiny_model_path, threads=2)
    expected = classifier.probabilities(images_u8)
    child = os.fork()
    if child == 0:
        same = np.array_equal(classifier.probabilities(images_u8), expected)
        os._exit(0 if same else 1)
    ended = 0
    for _ in range(500):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        time.sleep(0.01)
    if not ended:
        os.kill(child, 9)
        os.waitpid(child, 0)
    assert ended
    assert status == 0
