"""From items to results, in order: reading beside inference, in constant memory.

Measured on two cores with 10,000 PNG files of 28x28 pixels: handing pictures to threads
one at a time costs more in hand-overs than in work, and two threads that read small
pictures are slower than one (by a quarter), since each short OpenCV call on a picture lets
go of the interpreter lock and has to win it back. So threads get chunks, small pictures get
one reading thread and are prepared many at once, and the network takes a chunk in one run,
without the lock, while the next is read. Large photographs, whose decoding takes
milliseconds without the lock, get a thread a core.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice
from threading import Event
from time import perf_counter
from typing import TYPE_CHECKING, Final, TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import EdgeMnistError, UsageError
from edge_infer.glyph.classifier import Classifier, Prediction
from edge_infer.glyph.preprocess import prepare_digits
from edge_infer.io.sources import FileItem, Item

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

BATCH_SIZE: Final = 64
_MAX_WORKERS: Final = 4
# Pictures that take longer than this to read gain from a second thread.
_SLOW_PICTURE_S: Final = 0.002
# Half of what a core's second cache holds, on most.
_MOST_WAITING_BYTES: Final = 256 * 1024
# Pictures up to this are prepared many at a time: of larger ones the pixels cost, not the calls.
_SMALL_PICTURE_BYTES: Final = 64 * 64
# More than any buffer that a stack of small pictures needs.
_LARGEST_BUFFER_BYTES: Final = 4 * 1024 * 1024

ImageU8 = NDArray[np.uint8]
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an item has no prediction.

    Attributes:
        code: Stable identifier, as :attr:`EdgeMnistError.code`.
        message: One line for people.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one item."""

    source: str
    outcome: Prediction | Failure


def default_workers() -> int:
    """Return how many threads read pictures: one a core that we may use, four at most."""
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), _MAX_WORKERS)
    return min(os.cpu_count() or 1, _MAX_WORKERS)


def predict_items(
    classifier: Classifier,
    items: Iterable[Item],
    *,
    batch_size: int = BATCH_SIZE,
    workers: int | None = None,
) -> Generator[Result]:
    """Recognise items as they come.

    Args:
        classifier: What recognises them.
        items: Any number; they are drawn as results are taken, a few chunks ahead.
        batch_size: Largest number of pictures in one inference, at least 1.
        workers: Threads that read and prepare large pictures, at least 1; None for
            :func:`default_workers`.

    Yields:
        One result for each item, in their order. An item that cannot be read costs one
        result that says so. Closing the iterator stops the threads.
    """
    _keep_freed_memory()
    readers = _Readers(default_workers() if workers is None else workers)
    chunks = _growing_chunks(iter(items), batch_size)
    ahead: deque[tuple[list[Item], Callable[[], list[_Read]]]] = deque()
    try:
        # The first picture is read here: if it is the only one, no thread need start.
        for chunk in islice(chunks, 1):
            yield from _results(classifier, chunk, partial(readers.read, chunk))
        for chunk in chunks:
            ahead.append((chunk, readers.start(chunk)))
            if len(ahead) > readers.workers:
                yield from _results(classifier, *ahead.popleft())
        while ahead:
            yield from _results(classifier, *ahead.popleft())
    finally:
        readers.close()


_Read = ImageU8 | Failure | None


class _Readers:
    """Threads that turn chunks of items into tensors: one, or several when it pays."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pools: dict[int, ThreadPoolExecutor] = {}
        self._stop = Event()
        self._picture_s = 0.0

    def start(self, chunk: list[Item]) -> Callable[[], list[_Read]]:
        """Have a chunk read by as many threads as suit the last one; return what waits for it."""
        threads = self.workers if self._picture_s > _SLOW_PICTURE_S else 1
        if threads not in self._pools:
            # Imported here, where it is certain that it pays.
            from concurrent.futures import ThreadPoolExecutor

            self._pools[threads] = ThreadPoolExecutor(threads, f"read-on-{threads}")
        return self._pools[threads].submit(self.read, chunk).result

    def close(self) -> None:
        """Stop after the pictures that are being read, and wait for that."""
        self._stop.set()
        for pool in self._pools.values():
            pool.shutdown(cancel_futures=True)

    def read(self, chunk: list[Item]) -> list[_Read]:
        """Read a chunk in the calling thread: first pictures, then what is made of them.

        Step by step the code of each stays in the core's caches. The pictures that wait
        are small ones, or a single large one.
        """
        begun_s = perf_counter()
        read: list[_Read] = []
        waiting: list[ImageU8 | Failure] = []
        waiting_bytes = 0
        for item in chunk:
            if self._stop.is_set():
                break
            # Bound to no name: a large one would stay while the next is read.
            waiting.append(done_or_failed(item.name, item.image))
            waiting_bytes += _size_bytes(waiting[-1])
            if waiting_bytes > _MOST_WAITING_BYTES:
                read += _tensors(chunk[len(read) :], waiting)
                waiting, waiting_bytes = [], 0
        read += _tensors(chunk[len(read) :], waiting)
        self._picture_s = (perf_counter() - begun_s) / len(chunk)
        return read


def _size_bytes(image: ImageU8 | Failure) -> int:
    return 0 if isinstance(image, Failure) else image.nbytes


def _tensors(items: list[Item], images: list[ImageU8 | Failure]) -> list[_Read]:
    tensors: list[_Read] = []
    for is_small, group in groupby(zip(items, images, strict=False), _is_small_file):
        pairs = list(group)
        tensors += _stacked(pairs) if is_small else (_tensor(*pair) for pair in pairs)
    return tensors


def _stacked(pairs: list[tuple[Item, ImageU8 | Failure]]) -> Iterable[_Read]:
    """Prepare small pictures at once; one by one where anything is wrong, to tell with which."""
    try:
        return prepare_digits([cast(ImageU8, image) for _, image in pairs])
    except (EdgeMnistError, MemoryError, cv2.error):
        return [_tensor(*pair) for pair in pairs]


def _is_small_file(pair: tuple[Item, ImageU8 | Failure]) -> bool:
    item, image = pair
    small = not isinstance(image, Failure) and image.size <= _SMALL_PICTURE_BYTES
    return small and isinstance(item, FileItem)


def _tensor(item: Item, image: ImageU8 | Failure) -> _Read:
    if isinstance(image, Failure):
        return image
    return done_or_failed(item.name, partial(item.tensor, image))


def _keep_freed_memory() -> None:
    """Have the buffers of one stack of pictures reused for the next.

    The allocator of glibc hands large buffers back to the system as they are freed, and to
    get them again costs a page fault each 4 KiB: a sixth of all time on small pictures. Once
    a larger one was freed it keeps all below (mallopt(3), "M_MMAP_THRESHOLD"), on 64 bits
    and unless the environment fixes the limit. To others this means nothing, and the buffer
    is never touched.
    """
    np.empty(_LARGEST_BUFFER_BYTES, np.uint8)


def _growing_chunks(items: Iterator[Item], largest: int) -> Iterator[list[Item]]:
    """Cut into chunks of 1 at first, later of an eighth of all before.

    So the first answer comes at once, a few large photographs are shared out evenly,
    and the cut does not depend on time: the same items give the same batches.
    """
    drawn = 0
    while chunk := list(islice(items, min(1 + drawn // 8, largest))):
        yield chunk
        drawn += len(chunk)


def done_or_failed(name: str, work: Callable[[], Done]) -> Done | Failure:
    """Do the work on one item; what is wrong with the item is a result too.

    Args:
        name: The item's.
        work: May raise any :class:`EdgeMnistError`.

    Raises:
        UsageError: The user's request is at fault, and would be for every item.
    """
    try:
        return work()
    except UsageError:
        raise
    except EdgeMnistError as error:
        return Failure(error.code, error.message)
    except MemoryError:
        return Failure("too_large", f"{name} does not fit into memory")
    except cv2.error as error:
        if error.code != cv2.Error.StsNoMem:
            raise
        return Failure("too_large", f"{name} does not fit into memory")


def _results(
    classifier: Classifier, chunk: list[Item], wait: Callable[[], list[_Read]]
) -> Iterator[Result]:
    read = wait()
    tensors = [None if isinstance(one, Failure) else one for one in read]
    for item, one, prediction in zip(chunk, read, classifier.predictions(tensors), strict=True):
        yield Result(item.name, one if isinstance(one, Failure) else prediction)
