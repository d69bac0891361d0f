"""One run from a configuration to a finished run folder, begun anew or resumed."""

from __future__ import annotations

import logging
import platform
import shutil
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
from edge_synth.negatives import name_classes, sample_others
from edge_train.checkpoint import CHECKPOINT_NAME, Checkpoint
from edge_train.config import TrainConfig, fit_to_size
from edge_train.data import WORDS, Dataset, load_dataset, split_validation
from edge_train.evaluate import Evaluation, evaluate
from edge_train.fit import TrainingSet, TrainingView, compile_model, fit, restore_best, variables
from edge_train.history import write_history
from edge_train.precision import training_twin
from edge_train.presets import build_preset, count_trained
from edge_train.soften import soften_network
from edge_train.teacher import Teacher, settle_teacher, teacher_sha256
from edge_train.tensorboard import TENSORBOARD_NAME, TensorBoardLog

_TOOLS: Final = ("edge-mnist", "tensorflow", "keras", "numpy")


def train(config: TrainConfig, view: TrainingView, *, force: bool = False) -> RunRecord:
    """Train a network from its first weights and leave a finished run folder.

    Args:
        config: What to train, on what, how and where to.
        view: Told of every step.
        force: Whether a run that stands in the folder may be replaced.

    Returns:
        The record, as written to ``run.json``.

    Raises:
        RunError: The folder holds a run already and ``force`` is false.
        DataError: The data cannot be had or used.
        OutputError: The folder cannot be written.
    """
    _check_room(config.out, force=force)
    settled = tuple(settle_teacher(teacher) for teacher in config.teachers)
    config = replace(config, data=_settled(config.data), teachers=settled)
    teachers = tuple(teacher_sha256(teacher) for teacher in config.teachers)
    data = load_dataset(config.data, notify=view.notify, progress=view.progress)
    parts = _parts(data, config)
    config = _fitted(config, len(parts.images), view)
    model = _build(config, data, parts)
    weights, optimizer = variables(model), variables(model.optimizer)
    start = Checkpoint(config, data.sha256, weights, optimizer, weights, teacher_sha256=teachers)
    # Not before all else has gone well: what stood there may be all that there is.
    _make_room(config.out)
    start.save(config.out)
    return _run(model, start, data, parts, view)


def resume(folder: Path, view: TrainingView) -> RunRecord:
    """Go on with a run that was stopped; ends as if it had never been.

    Args:
        folder: The run folder.
        view: Told of every step.

    Returns:
        The record; the old one when the run was finished already.

    Raises:
        RunError: There is no run to resume, or the data or the teachers are not those it
            began with.
    """
    if not (folder / CHECKPOINT_NAME).is_file() and RunFolder(folder).record_path.is_file():
        view.notify(f"{folder} is finished already")
        return RunFolder(folder).read_record()
    state = Checkpoint.load(folder)
    # The folder may have been moved since.
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
    parts = _parts(data, state.config)
    model = _build(state.config, data, parts)
    view.notify(f"resuming after epoch {state.epoch} of {state.config.recipe.epochs}")
    return _run(model, state, data, parts, view)


def _run(
    model: Any, start: Checkpoint, data: Dataset, parts: TrainingSet, view: TrainingView
) -> RunRecord:
    config = start.config
    with TensorBoardLog(config.out / TENSORBOARD_NAME if config.tensorboard else None) as log:

        def keep(state: Checkpoint) -> None:
            state.save(config.out)
            write_history(config.out / "history.csv", state.history)
            log.write(state.history[-1])

        write_history(config.out / "history.csv", start.history)
        state = fit(model, start, parts, view, keep)
    trained = build_preset(config.preset, len(_class_names(data, config)))
    restore_best(trained, state)
    if config.recipe.soften:
        view.notify("softening what the trained network sees, in its first convolution")
        trained = soften_network(trained)
    return _finish(trained, state, data, parts, view)


def _finish(
    model: Any, state: Checkpoint, data: Dataset, parts: TrainingSet, view: TrainingView
) -> RunRecord:
    """Write what export needs; ``run.json`` last, for it says that all is there."""
    folder = RunFolder(state.config.out)
    with atomic_path(folder.model_path) as temporary:
        model.save(temporary)
    if state.config.legacy_h5:
        _save_legacy(model, folder.legacy_path)
    others = np.zeros((0, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    if state.config.recipe.others:
        others = sample_others(parts.validation_images, parts.validation_labels)
        told = evaluate(model, others, np.full(len(others), model.output.shape[-1] - 1))
        view.notify(f"{told.correct:,} of {told.n:,} made pictures of no digit are told as such")
    _calibration(data, parts, others).save(folder.calibration_path)
    view.notify(f"reading the {len(data.test_labels):,} test images, once")
    test = evaluate(model, data.test_images, data.test_labels)
    validation = evaluate(model, parts.validation_images, parts.validation_labels)
    record = _record(model, state, data, parts, validation=validation, test=test)
    folder.write_record(record)
    (state.config.out / CHECKPOINT_NAME).unlink(missing_ok=True)
    return record


def _calibration(data: Dataset, parts: TrainingSet, others: NDArray[np.uint8]) -> Calibration:
    """Put what is no digit among the validation images, for the ranges of int8 alone."""
    unlabelled = np.full(len(others), UNLABELLED)
    return Calibration(
        validation_images=np.concatenate((parts.validation_images, others)),
        validation_labels=np.concatenate((parts.validation_labels, unlabelled)),
        test_images=data.test_images,
        test_labels=data.test_labels,
    )


def _record(
    model: Any,
    state: Checkpoint,
    data: Dataset,
    parts: TrainingSet,
    *,
    validation: Evaluation,
    test: Evaluation,
) -> RunRecord:
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


def _fitted(config: TrainConfig, images: int, view: TrainingView) -> TrainConfig:
    recipe = fit_to_size(config.recipe, images, config.asked)
    if recipe != config.recipe:
        view.notify(
            f"{images:,} training images are few: up to {recipe.epochs} epochs in batches of "
            f"{recipe.batch_size}"
        )
    return replace(config, recipe=recipe)


def _settled(data: str) -> str:
    """Make a relative path whole, so that the run can be resumed from any folder."""
    path = Path(data).expanduser()
    return str(path.resolve()) if data not in WORDS and path.exists() else data


def _build(config: TrainConfig, data: Dataset, parts: TrainingSet) -> Any:
    """Make the model, compiled, with the seed's first weights."""
    keras.utils.set_random_seed(config.seed)
    model = build_preset(config.preset, len(_class_names(data, config)))
    twin = training_twin(model, config.recipe.precision)
    compile_model(twin, config.recipe, len(parts.images))
    return twin


def _save_legacy(model: Any, path: Path) -> None:
    """Write Keras' old format, and spare the user its advice against it."""
    with atomic_path(path) as temporary:
        logging.disable(logging.WARNING)
        try:
            model.save(temporary)
        finally:
            logging.disable(logging.NOTSET)


def _class_names(data: Dataset, config: TrainConfig) -> tuple[str, ...]:
    return name_classes(data.class_names) if config.recipe.others else data.class_names


def _parts(data: Dataset, config: TrainConfig) -> TrainingSet:
    train_ids, validation_ids = split_validation(data.train_labels, rule=config.split)
    names = _class_names(data, config)
    teacher = Teacher.load(config.teachers, names) if config.teachers else None
    return TrainingSet(
        images=data.train_images[train_ids],
        labels=data.train_labels[train_ids],
        validation_images=data.train_images[validation_ids],
        validation_labels=data.train_labels[validation_ids],
        teacher=teacher,
    )


def _check_room(out: Path, *, force: bool) -> None:
    """Refuse to train over a run, finished or not, unless told to."""
    unfinished = (out / CHECKPOINT_NAME).exists()
    if force or not (unfinished or any(path.exists() for path in RunFolder(out).files)):
        return
    way = f"go on with `edge-mnist train --resume {out}`" if unfinished else "choose another"
    raise RunError(f"{out} holds a run already: {way}, or give --force to replace it")


def _make_room(out: Path) -> None:
    """Make the folder and take away what an old run left in it, its exports too."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        # run.json first: while it stands the folder counts as finished.
        for path in (*RunFolder(out).files, out / CHECKPOINT_NAME, *out.glob("*.onnx")):
            path.unlink(missing_ok=True)
        if (out / TENSORBOARD_NAME).is_dir():
            shutil.rmtree(out / TENSORBOARD_NAME)
    except OSError as error:
        raise OutputError(f"cannot write to {out}: {error.strerror}", code="unwritable") from error


def use_deterministic_operations() -> None:
    """Make TensorFlow's sums come out the same to the bit in every run on one machine."""
    tf.config.experimental.enable_op_determinism()
