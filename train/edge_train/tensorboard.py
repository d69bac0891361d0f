"""A TensorBoard log of the history, for those who ask for it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import tensorflow as tf

from edge_infer.errors import OutputError
from edge_train.history import EpochRow

TENSORBOARD_NAME: Final = "tensorboard"


class TensorBoardLog:
    """Writes each epoch's figures as scalars; does nothing without a folder."""

    def __init__(self, folder: Path | None) -> None:
        """Open the log in ``folder``, or none at all for None."""
        self._writer: Any = None
        if folder is not None:
            with _clear_errors():
                self._writer = tf.summary.create_file_writer(str(folder))

    def write(self, row: EpochRow) -> None:
        """Add one epoch, so that a viewer sees it at once."""
        if self._writer is None:
            return
        figures = asdict(row)
        epoch = figures.pop("epoch")
        with _clear_errors(), self._writer.as_default():
            for name, value in figures.items():
                tf.summary.scalar(name, value, step=epoch)
            self._writer.flush()

    def __enter__(self) -> Self:
        """Return the log."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the log's file."""
        if self._writer is not None:
            self._writer.close()


@contextmanager
def _clear_errors() -> Generator[None]:
    try:
        yield
    except tf.errors.OpError as error:
        raise OutputError(f"cannot write the TensorBoard log: {error.message}") from error
