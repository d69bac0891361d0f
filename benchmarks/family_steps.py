"""The work behind ``family.py``: the command line trains and exports, Keras answers beside it."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_bench.family.handwriting import HandwritingSet
from edge_bench.family.latency import time_files
from edge_bench.family.measure import answer_all, measure_file, running_accuracy, sha256_of
from edge_bench.family.plan import Run
from edge_bench.family.results import FamilyResults, Make, PresetResults
from edge_bench.family.rows import KerasResult, Latency, SeedRun
from edge_bench.family.steps import Files, Folder
from edge_infer.errors import RunError
from edge_infer.glyph.classifier import Classifier
from edge_infer.model.run_folder import RunFolder, RunRecord
from family_calls import CommandLine, alone_in
from family_make import (
    complete_make,
    cost_layers,
    make_of_checkpoint,
    make_of_record,
    network_digest,
    network_of,
    plain_values,
)
from family_parity import keras_parity

# What the commands in the results say, wherever the runs lay.
SHOWN_RUNS: Final = Path("runs/family")
# In the folder of the runs: networks that are there to be timed alone.
STAND_INS: Final = "stand-ins"


class KerasSteps:
    """What :class:`edge_bench.family.steps.Steps` asks for, with Keras and onnxruntime."""

    def __init__(
        self,
        plan: Sequence[Run],
        *,
        data: str,
        runs: Path,
        handwriting: Sequence[HandwritingSet] = (),
        log: bool = False,
    ) -> None:
        """Take what all runs have in common; loads nothing yet.

        Args:
            plan: All runs.
            data: What follows ``--data``.
            runs: Folder of the run folders.
            handwriting: Other sets to measure on.
            log: Whether what the command line prints goes to files in ``runs``.
        """
        self.commands = CommandLine()
        self._plan = {run.name: run for run in plan}
        self._data, self._runs = data, runs
        self._handwriting, self._log = tuple(handwriting), log
        self._keras_lock = threading.Lock()

    @cached_property
    def _dataset(self) -> Any:
        from edge_train.data import load_dataset

        return load_dataset(self._data, notify=lambda message: None)

    @cached_property
    def _train_ids(self) -> NDArray[np.int64]:
        from edge_train.data import split_validation

        return split_validation(self._dataset.train_labels)[0]

    @cached_property
    def _costs(self) -> dict[str, list[Any]]:
        """Layers of each preset's network, untrained."""
        recipes = {run.entry.preset: self._recipe(run) for run in self._plan.values()}
        return {
            name: cost_layers(name, r, self._dataset.class_names) for name, r in recipes.items()
        }

    def make(self, run: Run, results: FamilyResults) -> Make:
        """Resolve what a run is made of; a gone teacher is known from the results."""
        return Make(
            recipe=plain_values(asdict(self._recipe(run))),
            data_sha256=self._dataset.sha256,
            teacher_sha256=tuple(self._teacher_sha256(t, results) for t in run.entry.teachers),
            network=network_digest(self._costs[run.entry.preset]),
            export=run.entry.export,
        )

    def complete(self, make: Make) -> Make:
        """Bring a make from a file to this version's fields and to today's exports."""
        return complete_make(make)

    def work(self, run: Run) -> float:
        """Give multiply-accumulates an image times epochs."""
        return sum(cost.macs for cost in self._costs[run.entry.preset]) * self._recipe(run).epochs

    def folder(self, run: Run, make: Make) -> tuple[Folder, str]:
        """Look what the run's folder holds, and why it is another's."""
        from edge_train.checkpoint import CHECKPOINT_NAME, Checkpoint

        folder = RunFolder(self._path(run))
        try:
            if folder.record_path.is_file():
                with self._keras_lock:
                    found, holds = make_of_record(folder, make), Folder.TRAINED
                seed = folder.read_record().seed
            elif (folder.path / CHECKPOINT_NAME).is_file():
                state = Checkpoint.load(folder.path)
                found, holds = make_of_checkpoint(state, make), Folder.UNFINISHED
                seed = state.config.seed
            elif any(path.exists() for path in folder.files):
                return Folder.ANOTHER, "its folder holds a part of a run"
            else:
                return Folder.NOTHING, ""
        except RunError as error:
            return Folder.ANOTHER, error.message
        differences = make.differences(found)
        if seed != run.seed:
            differences.append(f"seed {run.seed} instead of {seed}")
        if differences:
            return Folder.ANOTHER, f"its folder is of another run: {'; '.join(differences)}"
        return holds, ""

    def set_aside(self, run: Run) -> Path:
        """Rename the run's folder; return what it is called now."""
        old = self._path(run)
        new = next(
            path
            for number in count(1)
            if not (path := old.with_name(f"{old.name}.old{number}")).exists()
        )
        return old.rename(new)

    def train(self, run: Run, *, resume: bool) -> None:
        """Train from the start or from the last epoch."""
        path = self._path(run)
        path.mkdir(parents=True, exist_ok=True)
        words = ["--resume", str(path)] if resume else self._train_words(run)
        with alone_in(path) as lock:
            self._call(run, ["train", *words], lock)

    def measure(self, run: Run, make: Make) -> PresetResults:
        """Export a trained run and measure its files; one row, without latency."""
        self._export(run, str(self._path(run)))
        with self._keras_lock:
            row = self._row(run)
        costs = self._costs[run.entry.preset]
        return PresetResults(
            preset=run.entry.preset,
            recipe=run.entry.recipe,
            parameters=sum(cost.parameters for cost in costs),
            macs=sum(cost.macs for cost in costs),
            make=make,
            seeds={run.seed: row},
        )

    def files(self, run: Run) -> Files:
        """Tell where the run's files lie."""
        return run.float_file(self._runs), run.int8_file(self._runs)

    def stand_in(self, run: Run) -> Files:
        """Train the run's network for one epoch, without a teacher, and export it.

        Files that another call has made so are taken, if they are of today's network.
        """
        changes = {**run.entry.changes, "epochs": 1}
        short = replace(run, entry=replace(run.entry, changes=changes, teachers=()))
        runs = self._runs / STAND_INS
        files = run.float_file(runs), run.int8_file(runs)
        path = runs / run.name
        if not (all(file.is_file() for file in files) and self._is_todays(run, RunFolder(path))):
            out = str(path)
            self._call(run, ["train", *short.train_words(self._data, out, ()), "--force"])
            self._export(run, out)
        return files

    def _is_todays(self, run: Run, folder: RunFolder) -> bool:
        with self._keras_lock:
            return network_of(folder) == network_digest(self._costs[run.entry.preset])

    def has_files(self, run: Run, results: PresetResults) -> bool:
        """Tell whether the files that a row tells of are there."""
        row = results.seeds.get(run.seed)
        files = self.files(run)
        return (
            row is not None
            and all(path.is_file() for path in files)
            and [sha256_of(path) for path in files] == [row.float32.sha256, row.int8.sha256]
        )

    def lacks(self, results: PresetResults, seed: int) -> bool:
        """Tell whether a row lacks a handwriting set that is asked for."""
        found = {score.name for score in results.seeds[seed].int8.handwriting}
        return not {handwriting.name for handwriting in self._handwriting} <= found

    def time(self, files: Mapping[str, Files]) -> dict[str, Latency]:
        """Time both files of each key, all in turns."""
        return time_files(files, self._dataset.test_images)

    def _row(self, run: Run) -> SeedRun:
        folder = RunFolder(self._path(run))
        record, calibration = folder.read_record(), folder.read_calibration()
        files = {
            path: measure_file(path, calibration, keras_parity(folder, path), self._handwriting)
            for path in self.files(run)
        }
        float32, int8 = files.values()
        return SeedRun(
            seed=run.seed,
            epochs=record.epochs,
            best_epoch=record.best_epoch,
            training_time_s=round(record.training_time_s, 1),
            machine=record.machine,
            finished_at=record.finished_at,
            commands=self._shown_commands(run),
            keras=self._keras_result(folder, record, run.float_file(self._runs)),
            float32=float32,
            int8=int8,
        )

    def _keras_result(self, folder: RunFolder, record: RunRecord, float_file: Path) -> KerasResult:
        classifier = Classifier.load(float_file)
        metadata, data, ids = classifier.metadata, self._dataset, self._train_ids
        answers = answer_all(classifier, data.train_images[ids]).argmax(axis=1)
        return KerasResult(
            size_bytes=folder.model_path.stat().st_size,
            validation_correct=metadata.validation_accuracy_keras.correct,
            validation_n=metadata.validation_accuracy_keras.n,
            test_correct=metadata.test_accuracy_keras.correct,
            test_n=metadata.test_accuracy_keras.n,
            train_correct=int((answers == data.train_labels[ids]).sum()),
            train_n=len(ids),
            running_train_accuracy=running_accuracy(folder.history_path, record.best_epoch),
            inference_ms=round(record.inference_time_ms, 4),
        )

    def _recipe(self, run: Run) -> Any:
        """Resolve a run's recipe as ``edge-mnist train`` does."""
        from edge_train.config import fit_to_size, override
        from edge_train.presets import find_preset

        changes: dict[str, Any] = dict(run.entry.changes)
        recipe = override(find_preset(run.entry.preset).find_recipe(run.entry.recipe), **changes)
        return fit_to_size(recipe, len(self._train_ids), tuple(changes))

    def _teacher_sha256(self, teacher: str, results: FamilyResults) -> str:
        from edge_train.teacher import teacher_sha256

        run = self._plan.get(teacher)
        if run is None:
            return teacher_sha256(teacher)
        path, preset = run.float_file(self._runs), results.presets.get(run.entry.key)
        if preset is not None and run.seed in preset.seeds:
            return preset.seeds[run.seed].float32.sha256
        return sha256_of(path) if path.is_file() else ""

    def _train_words(self, run: Run) -> list[str]:
        return run.train_words(self._data, str(self._path(run)), self._teachers(run, self._runs))

    def _teachers(self, run: Run, runs: Path) -> list[str]:
        return [
            str(self._plan[teacher].float_file(runs)) if teacher in self._plan else teacher
            for teacher in run.entry.teachers
        ]

    def _shown_commands(self, run: Run) -> tuple[str, ...]:
        """Write the commands as anyone would call them, wherever these runs lay."""
        out = SHOWN_RUNS / run.name
        train = run.train_words(Path(self._data).name, str(out), self._teachers(run, SHOWN_RUNS))
        return (
            shlex.join(["edge-mnist", "train", *train]),
            shlex.join(["edge-mnist", "export", str(out)]),
            shlex.join(["edge-mnist", "export", str(out), "--quantize", *run.entry.export]),
        )

    def _export(self, run: Run, out: str) -> None:
        options = ["--no-verify", "--force"]
        self._call(run, ["export", out, *options])
        self._call(run, ["export", out, "--quantize", *run.entry.export, *options])

    def _path(self, run: Run) -> Path:
        return self._runs / run.name

    def _call(self, run: Run, words: list[str], lock: int | None = None) -> None:
        log = self._runs / f"{run.name}.log" if self._log else None
        self.commands.call(words, log, lock)
