"""How a training looks on the terminal: a live line, and one line a finished epoch."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from edge_mnist.console import ERR
from edge_mnist.loading_view import LoadingView

if TYPE_CHECKING:
    from edge_train.history import EpochRow

_REFRESH_S = 0.2


class TerminalTrainingView(LoadingView):
    """A ``edge_train.fit.TrainingView`` on stderr; a context manager for its live line."""

    def __init__(self) -> None:
        super().__init__()
        self._finished, self._epochs = 0, 0
        self._times_s: list[float] = []
        self._shown_at_s = 0.0

    def epoch_started(self, epoch: int, epochs: int, steps: int) -> None:
        """Start the live line anew."""
        self._finished, self._epochs = epoch - 1, epochs
        self._bar.reset(
            self._task,
            total=steps,
            description=f"epoch {epoch}/{epochs}",
            note="",
            visible=True,
        )

    def step_done(self, step: int, loss: float, accuracy: float) -> None:
        """Move the live line on, a few times a second."""
        now_s = time.monotonic()
        if now_s - self._shown_at_s >= _REFRESH_S:
            self._shown_at_s = now_s
            note = f"loss {loss:.4f}  accuracy {100 * accuracy:.2f} %{self._time_left()}"
            self._bar.update(self._task, completed=step, note=note)

    def epoch_done(self, row: EpochRow, *, best: bool) -> None:
        """Print the epoch's line."""
        self._times_s.append(row.time_s)
        self._finished = row.epoch
        ERR.print(
            f"epoch {row.epoch:>3}/{self._epochs}  loss {row.loss:.4f}  "
            f"accuracy {100 * row.accuracy:6.2f} %  "
            f"validation {100 * row.validation_accuracy:6.2f} %  "
            f"{row.time_s:5.1f} s{self._time_left()}" + ("  [green]best[/]" if best else "")
        )

    def _time_left(self) -> str:
        if not self._times_s:
            return ""
        epochs_left = self._epochs - self._finished
        left_s = epochs_left * sum(self._times_s) / len(self._times_s)
        return f"  about {_duration(left_s)} left" if epochs_left else ""


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
