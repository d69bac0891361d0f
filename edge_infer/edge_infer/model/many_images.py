"""Batches: cut into pieces, each of which one thread takes through a session of its own.

onnxruntime's own threads share out the work inside a node. In networks as small as these
that costs about what it saves, and it is done node after node, image after image. Whole
images are shared out better: a batch costs two threads little more than half the time.
Each thread has a session because each session has its own memory: what one core has just
written, another does not have to fetch.

Rows do not depend on one another, so the cut changes no bit of any answer.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.model.metadata import INPUT_NAME, OUTPUT_NAME

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

# Measured with the shipped models: on fewer images, waking another thread does not pay.
SMALLEST_SHARE: Final = 16
# A longer run saves no time, but keeps every layer's values of all its images: 10,000 at
# once take 300 MB more.
LARGEST_PIECE: Final = 256

Run = Callable[..., Any]


class ManyImages:
    """Runs batches on as many threads as it has sessions; may be shared by threads.

    The calling thread does its part, and all of it while the others are held up. Those
    end with this object or the process, and a forked process starts its own.
    """

    def __init__(self, sessions: Sequence[Any], classes: int) -> None:
        """Keep the sessions; threads start with the first batch that is shared out.

        Args:
            sessions: Of the same model, each on one thread; at least one.
            classes: Width of their output.
        """
        self._runs: list[Run] = [session.run for session in sessions]
        self._classes = classes
        self._pool: ThreadPoolExecutor | None = None
        self._pool_process = 0

    def probabilities(self, images_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Run the network.

        Args:
            images_u8: uint8 (N, 28, 28), N at least 1.

        Returns:
            float32 (N, classes), in the order of the images.
        """
        pieces = cut(len(images_u8), len(self._runs))
        if len(pieces) == 1:
            return _answer(self._runs[0], images_u8)
        probabilities = np.empty((len(images_u8), self._classes), np.float32)
        todo = iter(pieces)

        def work(run: Run) -> None:
            for piece in todo:
                probabilities[piece] = _answer(run, images_u8[piece])

        helpers: list[Future[None]] = []
        try:
            # While Python ends, or where there are too many, no thread starts: all is done here.
            with suppress(RuntimeError):
                for run in self._runs[1 : len(pieces)]:
                    helpers.append(self._helpers().submit(work, run))
            work(self._runs[0])
            for helper in helpers:
                # One that has not begun by now would find nothing left to do.
                if not helper.cancel():
                    helper.result()
        finally:
            deque(todo, maxlen=0)  # After Ctrl-C or an error the rest is wanted by no one.
        return probabilities

    def _helpers(self) -> ThreadPoolExecutor:
        # A forked process has none of its parent's threads, and would wait for them.
        if self._pool is None or self._pool_process != os.getpid():
            # Imported here: it costs every start 5 ms, and one thread needs none.
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(len(self._runs) - 1, "edge-mnist-batch")
            self._pool_process = os.getpid()
        return self._pool


def cut(images: int, threads: int) -> list[slice]:
    """Cut a batch evenly: a piece a thread, or more where those would be too long."""
    sharing = max(1, min(threads, images // SMALLEST_SHARE))
    pieces = sharing * -(-images // (sharing * LARGEST_PIECE))
    bounds = [images * index // pieces for index in range(pieces + 1)]
    return [slice(*pair) for pair in pairwise(bounds)]


def _answer(run: Run, images_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
    probabilities: NDArray[np.float32] = run((OUTPUT_NAME,), {INPUT_NAME: images_u8})[0]
    return probabilities
