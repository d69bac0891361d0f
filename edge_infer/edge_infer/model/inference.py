"""Inference on one image and on batches, from any number of threads.

A network of this size takes about as long as the call into onnxruntime, so the two cases differ:

- :class:`SingleInference` binds buffers to a session once and reuses them. ``session.run`` would
  make a tensor of the input and an array of the output in every call, 2 of 25 us.
- :class:`BatchInference` cuts a batch into slices, which several threads take through a session
  each. onnxruntime's own threads divide the work inside a node, which costs about what it saves
  in networks this small. A session for each thread keeps its memory in the cache of one core.
  Images do not depend on one another, so cutting changes no bit of the answers.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from edge_infer.model.metadata import IMAGE_SIZE, INPUT_NAME, OUTPUT_NAME

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

ONE_SHAPE: Final = (1, IMAGE_SIZE, IMAGE_SIZE)
UINT8: Final = np.dtype(np.uint8)
# Images for each thread, at least; waking a thread for fewer takes longer than running them
# (measured with the shipped models).
MIN_THREAD_IMAGES: Final = 16
# Images in a slice, at most. onnxruntime keeps the activations of every image of a run: 10,000
# at once take 300 MB more, and save no time.
MAX_SLICE_IMAGES: Final = 256

# Input pixels, the binding of both buffers to a session, and the output probabilities.
_Buffers = tuple[NDArray[np.uint8], Any, NDArray[np.float32]]


class SingleInference:
    """Runs a session on one image at a time. Threads may share an instance."""

    def __init__(self, session: Any, classes: int) -> None:
        """Keep an onnxruntime session, best one without an arena, with ``classes`` columns."""
        self._session = session
        self._run = session.run_with_iobinding
        self._classes = classes
        self._thread = threading.local()

    def probabilities(self, image_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return float32 (1, classes), owned by the caller, for an image uint8 (1, 28, 28)."""
        try:
            # One attribute access for all buffers: access to thread-local data is slow.
            buffers: _Buffers = self._thread.buffers
        except AttributeError:
            buffers = self._thread.buffers = self._bind()
        pixels, binding, probabilities = buffers
        pixels[...] = image_u8
        self._run(binding)
        return probabilities.copy()

    def _bind(self) -> _Buffers:
        pixels = np.zeros(ONE_SHAPE, np.uint8)
        probabilities = np.zeros((1, self._classes), np.float32)
        binding = self._session.io_binding()
        binding.bind_cpu_input(INPUT_NAME, pixels)
        # On the CPU an OrtValue shares the memory of its array.
        output = ort.OrtValue.ortvalue_from_numpy(probabilities)
        binding.bind_ortvalue_output(OUTPUT_NAME, output)
        return pixels, binding, probabilities


class BatchInference:
    """Runs batches on as many threads as it has sessions. Threads may share an instance.

    The calling thread works too, and does everything where no other thread is free. The
    worker threads end with this object or with the process. A forked process starts its own.
    """

    def __init__(self, sessions: Sequence[Any], classes: int) -> None:
        """Keep the sessions. Threads start with the first batch that is divided.

        Args:
            sessions: At least one, of one model, each with one thread.
            classes: Number of columns of their output.
        """
        self._sessions = list(sessions)
        self._classes = classes
        self._pool: ThreadPoolExecutor | None = None
        self._pool_process = 0

    def probabilities(self, images_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return float32 (N, classes) for N images, at least 1, uint8 (N, 28, 28)."""
        slices = batch_slices(len(images_u8), len(self._sessions))
        if len(slices) == 1:
            return _run(self._sessions[0], images_u8)
        probabilities = np.empty((len(images_u8), self._classes), np.float32)
        todo = iter(slices)

        def work(session: Any) -> None:
            for part in todo:
                probabilities[part] = _run(session, images_u8[part])

        self._on_threads(len(slices), work, todo)
        return probabilities

    def _on_threads(self, threads: int, work: Callable[[Any], None], todo: Iterator[slice]) -> None:
        """Call ``work`` with a session on each of several threads until ``todo`` is empty."""
        helpers: list[Future[None]] = []
        try:
            # No thread can be started while Python exits or where the system has too many.
            # The calling thread then does everything.
            with suppress(RuntimeError):
                for session in self._sessions[1:threads]:
                    helpers.append(self._worker_pool().submit(work, session))
            work(self._sessions[0])
            for helper in helpers:
                # A helper that has not started by now would find nothing to do.
                if not helper.cancel():
                    helper.result()
        finally:
            deque(todo, maxlen=0)  # After Ctrl-C or an error nobody needs the remaining slices.

    def _worker_pool(self) -> ThreadPoolExecutor:
        # A forked process inherits the pool without its threads and would wait forever.
        if self._pool is None or self._pool_process != os.getpid():
            # Imported here: the import takes 5 ms, which one thread does not need to pay.
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(len(self._sessions) - 1, "edge-mnist-batch")
            self._pool_process = os.getpid()
        return self._pool


def batch_slices(images: int, threads: int) -> list[slice]:
    """Divide images, at least 1, into slices of equal length, one for each thread or more.

    A batch that is too small to divide is one slice.
    """
    sharing = max(1, min(threads, images // MIN_THREAD_IMAGES))
    count = sharing * -(-images // (sharing * MAX_SLICE_IMAGES))
    bounds = [images * index // count for index in range(count + 1)]
    return [slice(*pair) for pair in pairwise(bounds)]


def _run(session: Any, images_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
    probabilities: NDArray[np.float32] = session.run((OUTPUT_NAME,), {INPUT_NAME: images_u8})[0]
    return probabilities
