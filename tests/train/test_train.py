"""Runs from the start, resumed runs, and what is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edge_infer.errors import DataError, OutputError, RunError, UsageError
from edge_infer.model.run_folder import RunFolder
from edge_infer.model.shipped import read_shipped_model
from edge_train import TrainConfig
from edge_train.checkpoint import CHECKPOINT_NAME
from edge_train.config import override
from edge_train.evaluate import evaluate
from edge_train.presets import build_final, count_trained, find_preset
from edge_train.train import resume, train, use_deterministic_operations

pytestmark = pytest.mark.slow

TINY = Path(__file__).parents[1] / "infer" / "tiny.onnx"
RUN_FILES = {"model.keras", "run.json", "history.csv", "calibration.npz"}
MakeView = Callable[..., Any]


@pytest.fixture(autouse=True, scope="module")
def deterministic() -> None:
    use_deterministic_operations()


@pytest.fixture
def view(make_view: MakeView) -> Any:
    return make_view()


def with_recipe(config: TrainConfig, **values: Any) -> TrainConfig:
    return replace(config, recipe=replace(config.recipe, **values))


def load_model(folder: Path) -> Any:
    return keras.models.load_model(folder / "model.keras")


def names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def validate(folder: Path, model: Any) -> float:
    calibration = RunFolder(folder).read_calibration()
    labelled = calibration.validation_labels >= 0
    images, labels = calibration.validation_images, calibration.validation_labels
    return evaluate(model, images[labelled], labels[labelled]).accuracy


# Complete runs --------------------------------------------------------------------------


def test_run_folder_is_complete(config: TrainConfig, view: Any) -> None:
    config = with_recipe(config, precision="mixed_bfloat16")
    config = replace(config, legacy_h5=True, tensorboard=True)
    record = train(config, view)
    assert names(config.out) == {*RUN_FILES, "mnist.h5", "tensorboard"}
    folder = RunFolder(config.out)
    assert folder.read_record() == record
    assert TrainConfig.from_json_values(dict(record.config)) == config
    assert (record.epochs, record.preset, record.train_images) == (2, "nano", 183)
    calibration = folder.read_calibration()
    assert (len(calibration.validation_labels), len(calibration.test_labels)) == (17, 50)
    assert [row.epoch for row in view.rows] == [1, 2]
    assert view.best_epochs[-1] == record.best_epoch
    assert "once" in view.messages[-1]

    model = load_model(config.out)
    assert record.parameters == count_trained(model)
    assert count_trained(model) == count_trained(build_final("nano", config.recipe, 10))
    assert validate(config.out, model) == record.validation_accuracy
    assert {layer.dtype_policy.name for layer in model.layers[1:]} == {"float32"}
    assert all(type(layer).__module__.startswith("keras.") for layer in model.layers)
    assert keras.config.dtype_policy().name == "float32"
    legacy = keras.models.load_model(config.out / "mnist.h5", compile=False)
    images = calibration.test_images
    assert (legacy.predict(images, verbose=0) == model.predict(images, verbose=0)).all()
    (log,) = (config.out / "tensorboard").glob("events.*")
    assert b"validation_accuracy" in log.read_bytes()


@pytest.mark.slow
def test_network_learns_to_read_digits(config: TrainConfig, view: Any) -> None:
    recipe = override(find_preset("walkthrough").recipe, epochs=12, batch_size=16)
    record = train(replace(config, preset="walkthrough", recipe=recipe), view)
    assert record.test_accuracy > 0.8
    assert view.rows[-1].loss < 0.5 * view.rows[0].loss


def test_training_stops_when_patience_is_exhausted(config: TrainConfig, view: Any) -> None:
    # The rate is too low to change a weight, so no epoch improves on the first one.
    frozen = override(find_preset("dropout").recipe, epochs=9, patience=2, learning_rate=1e-30)
    assert train(replace(config, preset="dropout", recipe=frozen), view).epochs == 3
    assert any("stopped early" in message for message in view.messages)


@pytest.mark.slow
def test_negatives_add_a_class(config, view, monkeypatch) -> None:
    monkeypatch.setattr("edge_train.augment.VALIDATION_NEGATIVES", 60)
    config = with_recipe(config, negatives=0.5, degradations=0.5, fold_blur=False)
    record = train(replace(config, preset="page", teachers=("edge",)), view)
    assert record.class_names == (*"0123456789", "other")
    assert record.train_images == 183
    assert len(record.teacher_sha256) == 1
    assert any("generated negatives are recognized" in message for message in view.messages)
    model = load_model(config.out)
    assert model.output.shape[-1] == 11
    calibration = RunFolder(config.out).read_calibration()
    assert (calibration.validation_labels[:17] >= 0).all()
    assert calibration.validation_labels[17:].tolist() == 60 * [-1]
    assert validate(config.out, model) == record.validation_accuracy


def test_negatives_need_digits(small_data: Path, tmp_path: Path, config, view) -> None:
    with np.load(small_data) as arrays:
        few = {name: array[: 60 if "train" in name else 20] for name, array in arrays.items()}
    np.savez(tmp_path / "few.npz", **{k: v % 2 if k[0] == "y" else v for k, v in few.items()})
    config = replace(with_recipe(config, negatives=0.5), data=str(tmp_path / "few.npz"))
    with pytest.raises(UsageError, match="classes 0, 1"):
        train(config, view)


# Resumed runs ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory, small_data: Path, make_view, interruption) -> Path:
    """A run that was interrupted in its second epoch, in a folder with its data and teacher.

    Data and teacher were given by relative paths.
    """
    folder = tmp_path_factory.mktemp("interrupted")
    shutil.copy(small_data, folder / "small.npz")
    (folder / "teacher.onnx").write_bytes(read_shipped_model("edge"))
    config = TrainConfig(
        preset="dropout",
        data="small.npz",
        out=folder / "run",
        seed=1,
        recipe=override(find_preset("dropout").recipe, epochs=2, batch_size=100),
        teachers=("teacher.onnx",),
        overridden=("epochs", "batch_size"),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with pytest.raises(interruption):
            train(config, make_view(at=(2, 1)))
    return folder


RESUMED = [
    # Dropout has a random state, batch normalization has statistics, negatives add steps.
    ("dropout", {"fold_blur": False, "patience": 5}, (2, 4)),
    pytest.param("nano", {}, (1, 2), marks=pytest.mark.slow),
    pytest.param("dropout", {"fold_blur": False, "negatives": 0.5}, (2, 6), marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("preset", "values", "at"), RESUMED)
def test_resumed_run_ends_as_an_uninterrupted_one(
    config, preset, values, at, make_view, interruption
) -> None:
    config = with_recipe(replace(config, preset=preset), **values)
    whole = replace(config, out=config.out.with_name("whole"))
    view = make_view()
    expected = train(whole, view)
    if config.recipe.patience:
        best = max(row.validation_accuracy for row in view.rows)
        assert validate(whole.out, load_model(whole.out)) == best == expected.validation_accuracy
    with pytest.raises(interruption):
        train(config, make_view(at=at))
    assert names(config.out) == {CHECKPOINT_NAME, "history.csv"}
    found = resume(config.out, make_view())
    weights = (load_model(run.out).get_weights() for run in (whole, config))
    assert all((one == other).all() for one, other in zip(*weights, strict=True))
    assert (found.test_accuracy, found.best_epoch) == (expected.test_accuracy, expected.best_epoch)
    assert names(config.out) == RUN_FILES


def test_run_resumes_from_any_folder_and_after_a_move(interrupted, tmp_path: Path, view) -> None:
    moved = shutil.copytree(interrupted / "run", tmp_path / "moved")
    assert resume(moved, view).epochs == 2
    assert [row.epoch for row in view.rows] == [2]
    assert names(moved) == RUN_FILES


def test_interruption_while_finishing_trains_nothing_again(config, make_view, interruption) -> None:
    with pytest.raises(interruption):
        train(config, make_view(on_message="test images"))
    assert (config.out / CHECKPOINT_NAME).is_file()
    assert not (config.out / "run.json").exists()
    view = make_view()
    record = resume(config.out, view)
    assert (record.epochs, view.rows) == (2, [])

    again = make_view()
    assert resume(config.out, again) == record
    assert "finished already" in again.messages[0]


@pytest.mark.parametrize(("changed", "words"), [("data", "data of"), ("teacher", "the teacher")])
def test_run_with_changed_inputs_is_not_resumed(
    interrupted, tmp_path, view, changed, words
) -> None:
    run = shutil.copytree(interrupted / "run", tmp_path / "run")
    path = interrupted / {"data": "small.npz", "teacher": "teacher.onnx"}[changed]
    kept = path.read_bytes()
    try:
        if changed == "data":
            with np.load(path) as arrays:
                other = dict(arrays)
            np.savez(path, **{**other, "x_test": 255 - other["x_test"]})
        else:
            path.write_bytes(TINY.read_bytes())
        with pytest.raises(RunError, match=words):
            resume(run, view)
    finally:
        path.write_bytes(kept)


def test_folder_without_a_run_cannot_be_resumed(tmp_path: Path, view: Any) -> None:
    with pytest.raises(RunError, match="holds no unfinished run"):
        resume(tmp_path, view)


# What is refused ------------------------------------------------------------------------


def test_run_is_replaced_only_by_force(
    interrupted, config, tmp_path, make_view, interruption
) -> None:
    shutil.copytree(interrupted / "run", config.out)
    with pytest.raises(RunError, match="--resume"):
        train(config, make_view())
    config = with_recipe(config, epochs=1)
    train(replace(config, tensorboard=True), make_view(), force=True)
    with pytest.raises(RunError, match="choose another"):
        train(config, make_view())

    before = {path.name: path.read_bytes() for path in config.out.iterdir() if path.is_file()}
    with pytest.raises(DataError):
        train(replace(config, data=str(tmp_path / "nowhere")), make_view(), force=True)
    assert all((config.out / name).read_bytes() == data for name, data in before.items())

    (config.out / "nano.int8.onnx").write_bytes(b"of the old run")
    with pytest.raises(interruption):
        train(config, make_view(at=(1, 1)), force=True)
    assert names(config.out) == {CHECKPOINT_NAME, "history.csv"}


def test_diverging_training_is_an_error_and_no_run(config: TrainConfig, view: Any) -> None:
    wild = with_recipe(config, learning_rate=1e30, optimizer="adam", warmup_epochs=None)
    with pytest.raises(RunError, match=r"diverged in epoch 1.*lower --learning-rate"):
        train(wild, view)
    assert not (config.out / "run.json").exists()


def test_outputs_that_cannot_be_written_are_clear_errors(config: TrainConfig, view: Any) -> None:
    config.out.mkdir()
    (config.out / "tensorboard").write_text("a file in place of the folder")
    with pytest.raises(OutputError, match="cannot write the TensorBoard log"):
        train(replace(config, tensorboard=True), view)
    with pytest.raises(OutputError, match="cannot write to"):
        train(replace(config, out=config.out / "tensorboard"), view)
