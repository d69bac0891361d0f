"""One run from a configuration to a finished run folder, from the start or resumed."""

from __future__ import annotations

import logging
import platform
import shutil
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edge_infer.errors import OutputError, RunError
from edge_infer.host import machine_name
from edge_infer.io.atomic import atomic_path
from edge_infer.model.metadata import IMAGE_SIZE
from edge_infer.model.run_folder import UNLABELLED, Calibration, RunFolder, RunRecord
from edge_infer.model.shipped import shipped_models
from edge_train.checkpoint import CHECKPOINT_NAME, Checkpoint
from edge_train.config import TrainConfig, fit_to_size
from edge_train.data import WORDS, Dataset, load_dataset, split_validation
from edge_train.drawn import validation_negatives, with_negative_class
from edge_train.evaluate import evaluate
from edge_train.fit import TrainingSet, TrainingView, assign_variables, fit, read_variables
from edge_train.fold_blur import fold_blur
from edge_train.history import TensorBoardLog, write_history
from edge_train.presets import build_preset, count_trained
from edge_train.teacher import Teacher, teacher_sha256
from edge_train.training_model import make_training_model

TENSORBOARD_NAME: Final = "tensorboard"
_TOOLS: Final = ("edge-mnist", "tensorflow", "keras", "numpy")


def train(config: TrainConfig, view: TrainingView, *, force: bool = False) -> RunRecord:
    """Train a network from its initial weights and write a run folder.

    Args:
        config: Configuration of the run.
        view: Receives the progress.
        force: Whether a run that is in the folder already may be replaced.

    Returns:
        The record of the run, as written to ``run.json``.

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
    parts = _split(data, config)
    config = _fit_to_size(config, len(parts.images), view)
    model = _build(config, data, parts)
    weights = read_variables(model)
    optimizer = read_variables(model.optimizer)
    start = Checkpoint(config, data.sha256, weights, optimizer, weights, teacher_sha256=sums)
    # An old run is removed only once the new one can begin.
    _clear_folder(config.out)
    start.save(config.out)
    return _run(model, start, data, parts, view)


def resume(folder: Path, view: TrainingView) -> RunRecord:
    """Resume an interrupted run; the result is the same as without the interruption.

    Args:
        folder: The run folder.
        view: Receives the progress.

    Returns:
        The record of the run; the existing one when the run is finished already.

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
    parts = _split(data, state.config)
    model = _build(state.config, data, parts)
    view.notify(f"resuming after epoch {state.epoch} of {state.config.recipe.epochs}")
    return _run(model, state, data, parts, view)


def use_deterministic_operations() -> None:
    """Make TensorFlow compute the same bits in every run on one machine."""
    tf.config.experimental.enable_op_determinism()


def _run(
    model: Any, start: Checkpoint, data: Dataset, parts: TrainingSet, view: TrainingView
) -> RunRecord:
    """Train to the end and write the run folder."""
    config = start.config
    log = TensorBoardLog(config.out / TENSORBOARD_NAME if config.tensorboard else None)

    def save(state: Checkpoint) -> None:
        state.save(config.out)
        write_history(config.out / "history.csv", state.history)
        log.write(state.history[-1])

    try:
        write_history(config.out / "history.csv", start.history)
        state = fit(model, start, parts, view, save)
    finally:
        log.close()
    trained = build_preset(config.preset, len(_class_names(data, config)))
    assign_variables(trained, state.best_model)
    if config.recipe.fold_blur:
        view.notify("folding a 2x2 mean filter into the first convolution")
        trained = fold_blur(trained)
    return _finish(trained, state, data, parts, view)


def _finish(
    model: Any, state: Checkpoint, data: Dataset, parts: TrainingSet, view: TrainingView
) -> RunRecord:
    """Write the files of the run; ``run.json`` is last because it marks the run as complete."""
    folder = RunFolder(state.config.out)
    with atomic_path(folder.model_path) as temporary:
        model.save(temporary)
    if state.config.legacy_h5:
        _save_legacy(model, folder.legacy_path)
    negatives = np.zeros((0, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    if state.config.recipe.negatives:
        negatives = validation_negatives(parts.validation_images, parts.validation_labels)
        result = evaluate(model, negatives, np.full(len(negatives), model.output.shape[-1] - 1))
        view.notify(f"{result.correct:,} of {result.n:,} generated negatives are recognized")
    _calibration(data, parts, negatives).save(folder.calibration_path)
    view.notify(f"evaluating the {len(data.test_labels):,} test images, once")
    record = _record(model, state, data, parts)
    folder.write_record(record)
    (state.config.out / CHECKPOINT_NAME).unlink(missing_ok=True)
    return record


def _calibration(data: Dataset, parts: TrainingSet, negatives: NDArray[np.uint8]) -> Calibration:
    """Add the negatives to the validation images, unlabelled: they serve int8 ranges only."""
    unlabelled = np.full(len(negatives), UNLABELLED)
    return Calibration(
        validation_images=np.concatenate((parts.validation_images, negatives)),
        validation_labels=np.concatenate((parts.validation_labels, unlabelled)),
        test_images=data.test_images,
        test_labels=data.test_labels,
    )


def _record(model: Any, state: Checkpoint, data: Dataset, parts: TrainingSet) -> RunRecord:
    """Evaluate the model on the test and validation images and describe the run."""
    test = evaluate(model, data.test_images, data.test_labels)
    validation = evaluate(model, parts.validation_images, parts.validation_labels)
    time_s = sum(row.time_s for row in state.history)
    return RunRecord(
        config=state.config.to_json_values(),
        class_names=_class_names(data, state.config),
        data=data.name,
        data_sha256=data.sha256,
        preset=state.config.preset,
        parameters=count_trained(model),
        seed=state.config.seed,
        epochs=state.epoch,
        best_epoch=state.best_epoch,
        train_images=len(parts.images),
        validation_accuracy=validation.accuracy,
        test_accuracy=test.accuracy,
        training_time_s=time_s,
        inference_time_ms=test.time_ms,
        augmentation_share=sum(row.augmentation_s for row in state.history) / time_s,
        versions={"python": platform.python_version(), **{tool: version(tool) for tool in _TOOLS}},
        machine=machine_name(),
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        teacher_sha256=state.teacher_sha256,
    )


def _fit_to_size(config: TrainConfig, images: int, view: TrainingView) -> TrainConfig:
    recipe = fit_to_size(config.recipe, images, config.overridden)
    if recipe != config.recipe:
        view.notify(
            f"{images:,} training images are few: up to {recipe.epochs} epochs in batches of "
            f"{recipe.batch_size}"
        )
    return replace(config, recipe=recipe)


def _absolute(source: str, names: Collection[str]) -> str:
    """Make a path absolute, so that the run can be resumed from any folder; keep names."""
    path = Path(source).expanduser()
    return str(path.resolve()) if source not in names and path.exists() else source


def _build(config: TrainConfig, data: Dataset, parts: TrainingSet) -> Any:
    """Build the compiled training model with the initial weights of the seed."""
    keras.utils.set_random_seed(config.seed)
    model = build_preset(config.preset, len(_class_names(data, config)))
    return make_training_model(model, config.recipe, parts.steps_per_epoch(config.recipe))


def _save_legacy(model: Any, path: Path) -> None:
    """Write Keras' old format without the warning that Keras logs about it."""
    with atomic_path(path) as temporary:
        logging.disable(logging.WARNING)
        try:
            model.save(temporary)
        finally:
            logging.disable(logging.NOTSET)


def _class_names(data: Dataset, config: TrainConfig) -> tuple[str, ...]:
    return with_negative_class(data.class_names) if config.recipe.negatives else data.class_names


def _split(data: Dataset, config: TrainConfig) -> TrainingSet:
    """Split off the validation images and load the teachers."""
    train_ids, validation_ids = split_validation(data.train_labels, rule=config.split)
    names = _class_names(data, config)
    return TrainingSet(
        images=data.train_images[train_ids],
        labels=data.train_labels[train_ids],
        validation_images=data.train_images[validation_ids],
        validation_labels=data.train_labels[validation_ids],
        teacher=Teacher.load(config.teachers, names) if config.teachers else None,
    )


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
