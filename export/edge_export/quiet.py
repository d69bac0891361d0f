"""Keep the conversion tools from talking over our own few lines."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

_NOISY_LOGGERS: Final = ("", "tensorflow", "tf2onnx", "onnxslim", "OnnxSlim")


@contextmanager
def quiet_tools(*, verbose: bool) -> Generator[None]:
    """Drop log lines below errors, and warnings, of TensorFlow, tf2onnx and onnxslim.

    Args:
        verbose: Whether to let them all through instead.
    """
    if verbose:
        yield
        return
    loggers = [logging.getLogger(name) for name in _NOISY_LOGGERS]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
