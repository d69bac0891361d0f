"""From items to results: in order, in constant memory, one failure for each bad item."""

import threading
import time
import weakref
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_infer import Classifier, ImageError, prepare_digit
from edge_infer.io.batch import Failure, predict_items, value_or_failure
from edge_infer.io.sources import Item, open_sources

BLANK = np.zeros((28, 28), np.uint8)


def ready(name: str, tensor: np.ndarray = BLANK, *, delay_s: float = 0.0) -> Item:
    """Return an item that gives a tensor after some time."""

    def load() -> np.ndarray:
        time.sleep(delay_s)
        return tensor

    return Item(name, load, is_tensor=True)


def failing(name: str, error: BaseException) -> Item:
    def load() -> np.ndarray:
        raise error

    return Item(name, load)


@pytest.fixture(scope="module")
def classifier(tiny_model_path: Path) -> Classifier:
    return Classifier.load(tiny_model_path)


@pytest.fixture(scope="module")
def tensors(draw_digit) -> list[np.ndarray]:
    return [prepare_digit(draw_digit(label)) for label in range(10)]


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("batch_size", [1, 7, 64])
@pytest.mark.parametrize("count", [0, 1, 2, 300])
def test_results_come_in_order(classifier, tensors, workers, batch_size, count) -> None:
    items = [ready(str(n), tensors[n % 10]) for n in range(count)]
    results = list(predict_items(classifier, items, batch_size=batch_size, workers=workers))
    assert [result.source for result in results] == [str(n) for n in range(count)]
    assert [result.outcome.label for result in results] == [str(n % 10) for n in range(count)]


def test_slow_pictures_are_read_side_by_side_and_keep_their_order(classifier, tensors) -> None:
    threads = set()

    def load(number: int) -> np.ndarray:
        threads.add(threading.current_thread().name)
        time.sleep(0.004 * (number % 3 + 1))
        return tensors[number % 10]

    items = [Item(str(number), partial(load, number), is_tensor=True) for number in range(30)]
    results = list(predict_items(classifier, items, workers=3))
    assert [result.source for result in results] == [str(number) for number in range(30)]
    assert len(threads - {threading.current_thread().name}) > 1


def test_bad_item_costs_one_result(classifier, tensors) -> None:
    items = [
        ready("good", tensors[1]),
        failing("bad", ImageError("bad is bad", code="damaged")),
        ready("blank"),
        Item("wrong", lambda: np.zeros((28, 28), np.float32)),
        failing("huge", MemoryError()),
        Item("picture", lambda: 255 - tensors[3]),
        ready("good too", tensors[2]),
    ]
    outcomes = [result.outcome for result in predict_items(classifier, items)]
    assert outcomes[1] == Failure("damaged", "bad is bad")
    assert outcomes[3].code == "wrong_dtype"
    assert outcomes[4] == Failure("too_large", "huge does not fit into memory")
    assert [outcomes[n].label for n in (0, 2, 5, 6)] == ["1", None, "3", "2"]


def test_programming_errors_are_raised(classifier) -> None:
    with pytest.raises(ZeroDivisionError):
        list(predict_items(classifier, [failing("x", ZeroDivisionError())]))


def test_one_large_picture_at_a_time_is_held(classifier) -> None:
    alive: set[int] = set()
    most = 0

    def load(number: int) -> np.ndarray:
        nonlocal most
        picture = np.zeros((1000, 1000), np.uint8)
        alive.add(number)
        weakref.finalize(picture, alive.discard, number)
        most = max(most, len(alive))
        return picture

    items = [Item(str(number), partial(load, number)) for number in range(40)]
    results = list(predict_items(classifier, items, workers=1))
    assert [result.outcome.label for result in results] == [None] * 40
    assert most == 1


def test_items_are_drawn_only_a_little_ahead(classifier, tensors) -> None:
    drawn = 0

    def endless() -> Iterator[Item]:
        nonlocal drawn
        while True:
            drawn += 1
            yield ready(str(drawn), tensors[0])

    results = predict_items(classifier, endless(), batch_size=8, workers=2)
    next(results)
    assert drawn <= 3  # The first result does not wait for a full batch.
    for _ in range(499):
        next(results)
    assert drawn <= 500 + 8 * 4
    results.close()


def test_closing_stops_the_threads_soon(classifier, tensors) -> None:
    before = threading.active_count()
    items = (ready(str(n), tensors[0], delay_s=0.005) for n in range(100_000))
    results = predict_items(classifier, items, workers=2)
    for _ in range(40):
        next(results)
    begun_s = time.monotonic()
    results.close()
    assert time.monotonic() - begun_s < 1
    assert threading.active_count() == before


def test_files_of_one_size_give_what_each_gives_alone(classifier, draw_digit, tmp_path) -> None:
    pictures = [cv2.resize(draw_digit(index % 10, 40), (30, 36)) for index in range(90)]
    pictures[5] = cv2.cvtColor(pictures[5], cv2.COLOR_GRAY2BGR)
    pictures[17][:] = 255
    pictures[23] = draw_digit(3, 200)
    for index, picture in enumerate(pictures):
        cv2.imwrite(str(tmp_path / f"{index:02}.png"), picture)
    (tmp_path / "40.png").write_bytes((tmp_path / "41.png").read_bytes()[:60])
    np.savez(tmp_path / "rows.npz", x=np.stack([prepare_digit(pictures[0])] * 3))
    sources = [str(tmp_path), str(tmp_path / "rows.npz"), str(tmp_path / "07.png")]
    results = list(predict_items(classifier, open_sources(sources)))
    assert len(results) == 94
    assert [n for n, result in enumerate(results) if isinstance(result.outcome, Failure)] == [40]
    expected = [classifier.classify(picture) for picture in pictures]
    expected += [expected[0]] * 3 + [expected[7]]
    for index, (result, alone) in enumerate(zip(results, expected, strict=True)):
        if index != 40:
            assert result.outcome.label == alone.label
            np.testing.assert_array_equal(result.outcome.probabilities, alone.probabilities)


def test_memory_that_opencv_cannot_get_is_a_failure_of_the_item() -> None:
    def fail(code: int) -> None:
        error = cv2.error("no memory")
        error.code = code
        raise error

    failure = value_or_failure("a.png", partial(fail, cv2.Error.StsNoMem))
    assert failure == Failure("too_large", "a.png does not fit into memory")
    with pytest.raises(cv2.error):
        value_or_failure("a.png", partial(fail, cv2.Error.StsBadArg))
