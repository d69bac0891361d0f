"""One image at a time, through buffers that are kept.

Half of the time of a small network goes into the call, not into the network.
``session.run`` makes a tensor of the input and an array of the output in each call; bound
once and used again, they save some 2 us of 25.
"""

from __future__ import annotations

import threading
from typing import Any, Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from edge_infer.metadata import IMAGE_SIZE, INPUT_NAME, OUTPUT_NAME

ONE_SHAPE: Final = (1, IMAGE_SIZE, IMAGE_SIZE)


class OneImage(threading.local):
    """Runs a session on single images; each thread gets buffers of its own."""

    def __init__(self, session: Any, classes: int) -> None:
        """Bind buffers; called again by each thread that uses the object.

        Args:
            session: That keeps the contract.
            classes: Width of its output.
        """
        self._run = session.run_with_iobinding
        self._pixels = np.zeros(ONE_SHAPE, np.uint8)
        self._probabilities = np.zeros((1, classes), np.float32)
        self._bound = session.io_binding()
        self._bound.bind_cpu_input(INPUT_NAME, self._pixels)
        # On the CPU such a value is the array itself, not a copy.
        answer = ort.OrtValue.ortvalue_from_numpy(self._probabilities)
        self._bound.bind_ortvalue_output(OUTPUT_NAME, answer)

    def probabilities(self, image_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Run the network.

        Args:
            image_u8: uint8 (1, 28, 28).

        Returns:
            float32 (1, classes), the caller's own.
        """
        self._pixels[...] = image_u8
        self._run(self._bound)
        return self._probabilities.copy()
