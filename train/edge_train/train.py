"""One run from a configuration to a finished run folder, from the start or resumed."""

from __future__ import annotations

import logging
import platform
import shutil
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Self

import keras
import numpy as np
import tensorflow as tf

from edge_infer.errors import OutputError, RunError
from edge_infer.host import machine_name
from edge_infer.io.atomic import atomic_path
from edge_infer.model.metadata import IMAGE_SIZE
from edge_infer.model.run_folder import UNLABELLED, Calibration, RunFolder, RunRecord
from edge_infer.model.shipped import shipped_models
from edge_train.augment import validation_negatives, with_negative_class
from edge_train.checkpoint import CHECKPOINT_NAME, Checkpoint, write_history
from edge_train.config import TrainConfig, fit_to_size
from edge_train.data import WORDS, Dataset, LabelledImages, load_dataset, split_validation
from edge_train.evaluate import evaluate
from edge_train.feed import EpochMaker, Teacher, teacher_sha256
from edge_train.fit import TrainingView, assign_variables, fit, read_variables, tensorboard_log
from edge_train.networks import fold_blur
from edge_train.presets import build_preset, count_trained
from edge_train.training_model import make_training_model

TENSORBOARD_NAME: Final = "tensorboard"


def train(config: TrainConfig, view: TrainingView, *, force: bool = False) -> RunRecord:
    """Train a network from its initial weights and write a run folder.

    Args:
        config: Configuration of the run.
        view: Receives the progress.
        force: Whether a run that is in the folder already may be replaced.

    Raises:
        RunError: The folder holds a run and ``force`` is false, or the training diverged.
        DataError: The data are missing, damaged or unfit.
        OutputError: The folder cannot be written.
    """
    _check_folder(config.out, force=force)
    config = replace(
        config,
        data=_absolute(config.data, WORDS),
        teachers=tuple(_absolute(teacher, shipped_models()) for teacher in config.teachers),
    )
    sums = tuple(teacher_sha256(teacher) for teacher in config.teachers)
    data = load_dataset(config.data, notify=view.notify, progress=view.progress)
    run = _Run.prepare(config, data, view)
    count = len(run.maker.images)
    recipe = fit_to_size(config.recipe, count, config.overridden)
    if recipe != config.recipe:
        view.notify(
            f"{count:,} training images are few: up to {recipe.epochs} epochs in batches of "
            f"{recipe.batch_size}"
        )
    config = replace(config, recipe=recipe)
    run = replace(run, maker=replace(run.maker, recipe=recipe))
    model = run.build_training_model(config)
    weights, optimizer = read_variables(model), read_variables(model.optimizer)
    start = Checkpoint(config, data.sha256, weights, optimizer, weights, teacher_sha256=sums)
    # An old run is removed only once the new one can begin.
    _clear_folder(config.out)
    start.save(config.out)
    return run.finish(model, start)


def resume(folder: Path, view: TrainingView) -> RunRecord:
    """Resume an interrupted run; the result is the same as without the interruption.

    A run that is finished already stays as it is.

    Raises:
        RunError: There is no run to resume, or the data or the teachers have changed.
    """
    if not (folder / CHECKPOINT_NAME).is_file() and RunFolder(folder).record_path.is_file():
        view.notify(f"{folder} is finished already")
        return RunFolder(folder).read_record()
    state = Checkpoint.load(folder)
    # The folder may have been moved.
    state = replace(state, config=replace(state.config, out=folder))
    data = load_dataset(state.config.data, notify=view.notify, progress=view.progress)
    if data.sha256 != state.data_sha256:
        raise RunError(
            f"the data of {state.config.data!r} are not those that {folder} was begun with "
            f"(SHA-256 {data.sha256[:12]}…, then {state.data_sha256[:12]}…): train anew"
        )
    for teacher, sha256 in zip(state.config.teachers, state.teacher_sha256, strict=True):
        if teacher_sha256(teacher) != sha256:
            raise RunError(f"the teacher {teacher} is not the one that {folder} was begun with")
    run = _Run.prepare(state.config, data, view)
    model = run.build_training_model(state.config)
    view.notify(f"resuming after epoch {state.epoch} of {state.config.recipe.epochs}")
    return run.finish(model, state)


def use_deterministic_operations() -> None:
    """Make TensorFlow compute the same bits in every run on one machine."""
    tf.config.experimental.enable_op_determinism()


@dataclass(frozen=True)
class _Run:
    """The images of a run, and the view of its progress."""

    data: Dataset
    class_names: tuple[str, ...]
    maker: EpochMaker
    validation: LabelledImages
    view: TrainingView

    @classmethod
    def prepare(cls, config: TrainConfig, data: Dataset, view: TrainingView) -> Self:
        """Split off the validation images and load the teachers."""
        names, recipe = data.class_names, config.recipe
        if recipe.negatives:
            names = with_negative_class(names)
        labelled = LabelledImages(data.train_images, data.train_labels)
        train, validation = (
            labelled.select(part) for part in split_validation(labelled.labels, rule=config.split)
        )
        teacher = Teacher.load(config.teachers, names) if config.teachers else None
        maker = EpochMaker(train.images, train.labels, len(names), recipe, teacher, config.seed)
        return cls(data, names, maker, validation, view)

    def build_training_model(self, config: TrainConfig) -> Any:
        """Build the compiled training model with the initial weights of the seed."""
        keras.utils.set_random_seed(config.seed)
        model = build_preset(config.preset, len(self.class_names))
        return make_training_model(model, config.recipe, self.maker.steps_per_epoch)

    def finish(self, model: Any, start: Checkpoint) -> RunRecord:
        """Train to the end and write the run folder."""
        config, history_path = start.config, RunFolder(start.config.out).history_path
        log_folder = config.out / TENSORBOARD_NAME if config.tensorboard else None
        write_history(history_path, start.history)
        with tensorboard_log(log_folder) as log:

            def save(state: Checkpoint) -> None:
                state.save(config.out)
                write_history(history_path, state.history)
                log(state.history[-1])

            state = fit(model, start, self.maker, self.validation, self.view, after_epoch=save)
        trained = build_preset(config.preset, len(self.class_names))
        assign_variables(trained, state.best_model)
        if config.recipe.fold_blur:
            self.view.notify("folding a 2x2 mean filter into the first convolution")
            trained = fold_blur(trained)
        return self._write(trained, state)

    def _write(self, model: Any, state: Checkpoint) -> RunRecord:
        """Write the files; ``run.json`` is last because it marks the run as complete."""
        folder = RunFolder(state.config.out)
        _save(model, folder.model_path)
        if state.config.legacy_h5:
            _save(model, folder.legacy_path)
        negatives = np.zeros((0, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
        if state.config.recipe.negatives:
            negatives = validation_negatives(self.validation.images, self.validation.labels)
            result = evaluate(model, negatives, np.full(len(negatives), len(self.class_names) - 1))
            self.view.notify(
                f"{result.correct:,} of {result.n:,} generated negatives are recognized"
            )
        # The negatives are unlabelled: they serve int8 ranges only.
        unlabelled = np.full(len(negatives), UNLABELLED)
        Calibration(
            validation_images=np.concatenate((self.validation.images, negatives)),
            validation_labels=np.concatenate((self.validation.labels, unlabelled)),
            test_images=self.data.test_images,
            test_labels=self.data.test_labels,
        ).save(folder.calibration_path)
        self.view.notify(f"evaluating the {len(self.data.test_labels):,} test images, once")
        record = self._record(model, state)
        folder.write_record(record)
        (state.config.out / CHECKPOINT_NAME).unlink(missing_ok=True)
        return record

    def _record(self, model: Any, state: Checkpoint) -> RunRecord:
        """Evaluate the model on the test and validation images and describe the run."""
        test = evaluate(model, self.data.test_images, self.data.test_labels)
        validation = evaluate(model, self.validation.images, self.validation.labels)
        time_s = sum(row.time_s for row in state.history)
        versions = {tool: version(tool) for tool in ("edge-mnist", "tensorflow", "keras", "numpy")}
        return RunRecord(
            config=state.config.to_json_values(),
            class_names=self.class_names,
            data=self.data.name,
            data_sha256=state.data_sha256,
            preset=state.config.preset,
            parameters=count_trained(model),
            seed=state.config.seed,
            epochs=state.epoch,
            best_epoch=state.best_epoch,
            train_images=len(self.maker.images),
            validation_accuracy=validation.accuracy,
            test_accuracy=test.accuracy,
            training_time_s=time_s,
            inference_time_ms=test.time_ms,
            augmentation_share=sum(row.augmentation_s for row in state.history) / time_s,
            versions={"python": platform.python_version(), **versions},
            machine=machine_name(),
            finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
            teacher_sha256=state.teacher_sha256,
        )


def _absolute(source: str, names: Collection[str]) -> str:
    """Make a path absolute, so that the run can be resumed from any folder; keep names."""
    path = Path(source).expanduser()
    return str(path.resolve()) if source not in names and path.exists() else source


def _save(model: Any, path: Path) -> None:
    """Write a model without the warning that Keras logs about its old format."""
    with atomic_path(path) as temporary:
        logging.disable(logging.WARNING)
        try:
            model.save(temporary)
        finally:
            logging.disable(logging.NOTSET)


def _check_folder(out: Path, *, force: bool) -> None:
    """Refuse to overwrite a run, finished or not, without ``force``."""
    unfinished = (out / CHECKPOINT_NAME).exists()
    if force or not (unfinished or any(path.exists() for path in RunFolder(out).files)):
        return
    way = f"resume it with `edge-mnist train --resume {out}`" if unfinished else "choose another"
    raise RunError(f"{out} holds a run already: {way}, or give --force to replace it")


def _clear_folder(out: Path) -> None:
    """Make the folder and remove the files of an old run and its exports."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        # run.json is first: as long as it exists, the run counts as finished.
        for path in (*RunFolder(out).files, out / CHECKPOINT_NAME, *out.glob("*.onnx")):
            path.unlink(missing_ok=True)
        if (out / TENSORBOARD_NAME).is_dir():
            shutil.rmtree(out / TENSORBOARD_NAME)
    except OSError as error:
        raise OutputError(f"cannot write to {out}: {error.strerror}", code="unwritable") from error
