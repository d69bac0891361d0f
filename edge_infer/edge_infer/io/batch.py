"""Recognise the pictures of many items: in order, in constant memory, reading ahead.

Measured on two cores with 10,000 PNG files of 28x28 pixels: handing single pictures to threads
costs more than the work, and two threads that read small pictures are a quarter slower than one,
because every short OpenCV call releases the interpreter lock and has to acquire it again. So
threads get chunks of items, and small pictures get one reading thread. The network runs on one
chunk, without the lock, while the next is read. Large photographs, which take milliseconds to
decode without the lock, get one thread per core.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from threading import Event
from time import perf_counter
from typing import TYPE_CHECKING, Final, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import EdgeMnistError, UsageError
from edge_infer.glyph.classifier import Classifier, Prediction
from edge_infer.glyph.preprocess import prepare_digit, prepare_digits
from edge_infer.io.sources import Item

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

BATCH_SIZE: Final = 64
_MAX_WORKERS: Final = 4
# A second thread pays when reading a picture takes longer than this.
_SLOW_PICTURE_S: Final = 0.002
# Pictures that are read before they are prepared: half of a typical second-level cache.
_MAX_WAITING_BYTES: Final = 256 * 1024
# More than any buffer that a stack of small pictures needs.
_LARGEST_BUFFER_BYTES: Final = 4 * 1024 * 1024

ImageU8 = NDArray[np.uint8]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Failure:
    """The reason why an item has no prediction.

    Attributes:
        code: Stable identifier, as :attr:`EdgeMnistError.code`.
        message: One line for people.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one item."""

    source: str
    outcome: Prediction | Failure


# A tensor, None for a picture without ink, or the reason why there is no picture.
_Read = ImageU8 | Failure | None


def default_workers() -> int:
    """Return the number of reading threads: one per usable core, at most four."""
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
    """Recognise items one after the other.

    Args:
        classifier: The classifier.
        items: Any number. They are consumed as results are taken, a few chunks in advance.
        batch_size: Largest number of pictures in one inference, at least 1.
        workers: Number of threads that read and prepare large pictures, at least 1; None for
            :func:`default_workers`.

    Yields:
        One result for each item, in order. An item that cannot be read has a failure as its
        result. Closing the iterator stops the threads.
    """
    _keep_freed_memory()
    readers = _Readers(default_workers() if workers is None else workers)
    chunks = _growing_chunks(iter(items), batch_size)
    ahead: deque[tuple[list[Item], Callable[[], list[_Read]]]] = deque()
    try:
        # The first picture is read in this thread: if it is the only one, no thread starts.
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


def value_or_failure(name: str, work: Callable[[], Value]) -> Value | Failure:
    """Call a function that processes one item; return a failure when the item is at fault.

    Args:
        name: Name of the item.
        work: May raise any :class:`EdgeMnistError`.

    Raises:
        UsageError: The request is at fault, and would be for every item.
    """
    try:
        return work()
    except UsageError:
        raise
    except EdgeMnistError as error:
        return Failure(error.code, error.message)
    except (MemoryError, cv2.error) as error:
        if isinstance(error, cv2.error) and error.code != cv2.Error.StsNoMem:
            raise
        return Failure("too_large", f"{name} does not fit into memory")


class _Readers:
    """Threads that read and prepare chunks of items: one, or several where they pay."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pools: dict[int, ThreadPoolExecutor] = {}
        self._stop = Event()
        self._picture_s = 0.0

    def start(self, chunk: list[Item]) -> Callable[[], list[_Read]]:
        """Start to read a chunk; return a function that waits for the result.

        The time of the last chunk decides whether one or several threads read.
        """
        threads = self.workers if self._picture_s > _SLOW_PICTURE_S else 1
        if threads not in self._pools:
            # Imported here: a single picture needs no threads.
            from concurrent.futures import ThreadPoolExecutor

            self._pools[threads] = ThreadPoolExecutor(threads, f"read-on-{threads}")
        return self._pools[threads].submit(self.read, chunk).result

    def close(self) -> None:
        """Stop after the pictures that are being read, and wait for them."""
        self._stop.set()
        for pool in self._pools.values():
            pool.shutdown(cancel_futures=True)

    def read(self, chunk: list[Item]) -> list[_Read]:
        """Read and prepare a chunk in the calling thread.

        Several small pictures are read, or one large one, before they are prepared. Doing the
        same with many in a row keeps its code in the caches of the core.
        """
        begun_s = perf_counter()
        read: list[_Read] = []
        waiting: list[ImageU8 | Failure] = []
        waiting_bytes = 0
        for item in chunk:
            if self._stop.is_set():
                break
            # Bound to no name: a large picture must not stay while the next is read.
            waiting.append(value_or_failure(item.name, item.load))
            waiting_bytes += _size_bytes(waiting[-1])
            if waiting_bytes > _MAX_WAITING_BYTES:
                read += _prepare(chunk[len(read) :], waiting)
                waiting, waiting_bytes = [], 0
        read += _prepare(chunk[len(read) :], waiting)
        self._picture_s = (perf_counter() - begun_s) / len(chunk)
        return read


def _size_bytes(image: ImageU8 | Failure) -> int:
    return 0 if isinstance(image, Failure) else image.nbytes


def _prepare(items: list[Item], images: list[ImageU8 | Failure]) -> Iterable[_Read]:
    """Make tensors of pictures; ``items`` may be more than there are pictures."""
    pairs = [
        (item.name, image)
        for item, image in zip(items, images, strict=False)
        if not item.is_tensor and not isinstance(image, Failure)
    ]
    try:
        prepared: Iterator[_Read] = iter(prepare_digits([image for _, image in pairs]))
    except (EdgeMnistError, MemoryError, cv2.error):
        # One by one, so that only the picture at fault fails.
        prepared = iter(
            [value_or_failure(name, partial(prepare_digit, image)) for name, image in pairs]
        )
    for item, image in zip(items, images, strict=False):
        if isinstance(image, Failure):
            yield image
        elif item.is_tensor:
            yield image if image.any() else None
        else:
            yield next(prepared)


def _results(
    classifier: Classifier, chunk: list[Item], wait: Callable[[], list[_Read]]
) -> Iterator[Result]:
    read = wait()
    tensors = [None if isinstance(one, Failure) else one for one in read]
    for item, one, prediction in zip(chunk, read, classifier.predictions(tensors), strict=True):
        yield Result(item.name, one if isinstance(one, Failure) else prediction)


def _growing_chunks(items: Iterator[Item], largest: int) -> Iterator[list[Item]]:
    """Divide items into chunks of 1 at first, later of an eighth of all before.

    So the first result comes at once, and a few large photographs are spread evenly over the
    threads. The division does not depend on time: the same items give the same batches.
    """
    drawn = 0
    while chunk := list(islice(items, min(1 + drawn // 8, largest))):
        yield chunk
        drawn += len(chunk)


def _keep_freed_memory() -> None:
    """Make the C library reuse the buffers of one stack of pictures for the next.

    glibc returns large buffers to the system when they are freed, and each 4 KiB of them costs
    a page fault when it is allocated again: a sixth of the time on small pictures. After the
    first free of a larger buffer glibc keeps all smaller ones (mallopt(3), M_MMAP_THRESHOLD),
    on 64 bits and unless the environment sets the limit. Elsewhere this has no effect, and the
    buffer is never written.
    """
    np.empty(_LARGEST_BUFFER_BYTES, np.uint8)
