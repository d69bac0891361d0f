"""What `edge-mnist train` shows: progress, the finished run, and the presets."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.text import Text

from edge_infer.text import duration
from edge_mnist.terminal import ERR, OUT, ProgressView, make_table, percent, show

if TYPE_CHECKING:
    from edge_infer.model.run_folder import RunRecord
    from edge_train.checkpoint import EpochRow
    from edge_train.config import Recipe

_REFRESH_S: Final = 0.2
_DIGIT_CLASSES: Final = 10


class TerminalTrainingView(ProgressView):
    """A ``edge_train.fit.TrainingView`` on stderr: a progress bar, and a line per epoch."""

    def __init__(self) -> None:
        super().__init__()
        self._finished, self._epochs, self._steps = 0, 0, 0
        self._times_s: list[float] = []
        self._shown_at_s = 0.0

    def epoch_started(self, epoch: int, epochs: int, steps: int) -> None:
        """Restart the progress bar."""
        self._finished, self._epochs, self._steps = epoch - 1, epochs, steps
        self.progress(f"epoch {epoch}/{epochs}", 0, steps)

    def step_done(self, step: int, loss: float, accuracy: float) -> None:
        """Move the progress bar, a few times a second."""
        now_s = time.monotonic()
        if now_s - self._shown_at_s >= _REFRESH_S:
            self._shown_at_s = now_s
            note = f"loss {loss:.4f}  accuracy {percent(accuracy)}{self._time_left()}"
            name = f"epoch {self._finished + 1}/{self._epochs}"
            self.progress(name, step, self._steps, note=note)

    def epoch_done(self, row: EpochRow, *, best: bool) -> None:
        """Print the line of the epoch."""
        self._times_s.append(row.time_s)
        self._finished = row.epoch
        ERR.print(
            f"epoch {row.epoch:>3}/{self._epochs}  loss {row.loss:.4f}  "
            f"accuracy {100 * row.accuracy:6.2f} %  "
            f"validation {100 * row.validation_accuracy:6.2f} %  "
            f"{row.time_s:5.1f} s{self._time_left()}" + ("  [green]best[/]" if best else "")
        )

    def _time_left(self) -> str:
        epochs_left = self._epochs - self._finished
        if not self._times_s or not epochs_left:
            return ""
        left_s = epochs_left * sum(self._times_s) / len(self._times_s)
        return f"  about {duration(left_s)} left"


def show_record(folder: Path, record: RunRecord) -> None:
    """Print accuracies and times of a finished run, and the next command."""
    OUT.print(
        f"[bold]{record.preset}[/] on {record.data}, {record.parameters:,} parameters, "
        f"seed {record.seed}\n"
        f"  test accuracy        {percent(record.test_accuracy)}\n"
        f"  validation accuracy  {percent(record.validation_accuracy)} "
        f"(best epoch {record.best_epoch} of {record.epochs})\n"
        f"  training time        {duration(record.training_time_s)} "
        f"({percent(record.augmentation_share, 1)} of it augmentation, in parallel)\n"
        f"  inference time       {record.inference_time_ms:.3f} ms per image in Keras, in batches\n"
        f"  run folder           {folder}"
    )
    OUT.print(f"next: edge-mnist export {folder} --quantize", markup=False)


def show_presets() -> None:
    """Print layers, parameters and multiply-accumulates per image of each preset."""
    from edge_train.presets import PRESETS, build_final, layer_costs

    for name, preset in PRESETS.items():
        costs = layer_costs(build_final(name, preset.recipe, _DIGIT_CLASSES))
        table = make_table("layer", "output", "parameters", "MACs", text=("layer", "output"))
        for cost in costs:
            shape = "x".join(map(str, cost.shape))
            table.add_row(cost.kind, shape, f"{cost.parameters:,}", f"{cost.macs:,}")
        parameters, macs = sum(c.parameters for c in costs), sum(c.macs for c in costs)
        title = Text.assemble((name, "bold"), f": {preset.summary}")
        total = Text(f"{parameters:,} parameters, {macs:,} MACs")
        recipes = [Text(_recipe_line(*item)) for item in preset.recipes.items()]
        show(Group(title, total, *recipes, table, ""))


def _recipe_line(name: str, recipe: Recipe) -> str:
    return (
        f"recipe {name}: {recipe.optimizer}, {recipe.epochs} epochs in batches of "
        f"{recipe.batch_size}, learning rate {recipe.learning_rate:g}, "
        + (f"patience {recipe.patience}" if recipe.patience else "no early stop")
        + (", blur folded" if recipe.fold_blur else "")
    )
