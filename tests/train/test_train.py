from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from edge_infer.errors import DataError, OutputError, RunError
from edge_infer.model.run_folder import RunFolder
from edge_infer.model.shipped import read_shipped_model
from edge_train.checkpoint import CHECKPOINT_NAME
from edge_train.config import TrainConfig, override
from edge_train.data import load_dataset
from edge_train.evaluate import evaluate
from edge_train.presets import build_preset, count_trained, find_preset
from edge_train.train import resume, train, use_deterministic_operations

TINY = Path(__file__).parents[1] / "infer" / "tiny.onnx"
RUN_FILES = {"model.keras", "run.json", "history.csv", "calibration.npz"}


@pytest.fixture(autouse=True, scope="module")
def deterministic() -> None:
    use_deterministic_operations()


def weights(folder: Path) -> list[np.ndarray]:
    model = keras.models.load_model(folder / "model.keras")
    return [keras.ops.convert_to_numpy(variable) for variable in model.variables]


def test_train_leaves_a_complete_run_folder(config: TrainConfig, view) -> None:
    record = train(config, view)
    assert {entry.name for entry in config.out.iterdir()} == RUN_FILES
    folder = RunFolder(config.out)
    assert folder.read_record() == record
    assert TrainConfig.from_json_values(dict(record.config)) == config
    assert (record.epochs, record.preset, record.train_images) == (3, "edge", 367)
    calibration = folder.read_calibration()
    assert len(calibration.validation_labels) == 33
    assert len(calibration.test_labels) == 100
    assert [row.epoch for row in view.rows] == [1, 2, 3]
    assert view.best_epochs[-1] == record.best_epoch
    assert "once" in view.messages[-1]


def test_train_learns_to_read_digits(config: TrainConfig, view) -> None:
    recipe = override(find_preset("walkthrough").recipe, epochs=8, batch_size=32)
    record = train(replace(config, preset="walkthrough", recipe=recipe), view)
    assert record.test_accuracy > 0.85
    assert view.rows[-1].loss < 0.5 * view.rows[0].loss


def test_train_with_patience_keeps_the_weights_of_the_best_epoch(
    config: TrainConfig, with_recipe, view
) -> None:
    record = train(with_recipe(patience=10), view)
    model = keras.models.load_model(config.out / "model.keras")
    calibration = RunFolder(config.out).read_calibration()
    validation = evaluate(model, calibration.validation_images, calibration.validation_labels)
    test = evaluate(model, calibration.test_images, calibration.test_labels)
    assert validation.accuracy == max(row.validation_accuracy for row in view.rows)
    assert validation.accuracy == record.validation_accuracy
    assert test.accuracy == record.test_accuracy


@pytest.mark.parametrize(("epoch", "step"), [(1, 2), (2, 5), (3, 8)])
def test_resume_ends_as_an_undisturbed_run(
    config: TrainConfig, epoch: int, step: int, stop_at, stopped_error, view
) -> None:
    whole = replace(config, out=config.out.with_name("whole"))
    undisturbed = train(whole, view)
    with pytest.raises(stopped_error):
        train(config, stop_at(epoch, step))
    assert not (config.out / "model.keras").exists()
    assert not (config.out / "run.json").exists()
    resumed = resume(config.out, view)
    for one, other in zip(weights(whole.out), weights(config.out), strict=True):
        assert (one == other).all()
    assert resumed.test_accuracy == undisturbed.test_accuracy
    assert resumed.best_epoch == undisturbed.best_epoch
    assert {entry.name for entry in config.out.iterdir()} == RUN_FILES


def test_resume_after_a_kill_while_finishing_writes_the_run_again(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch, stopped_error, view, other_view
) -> None:
    def killed(*arguments: object, **others: object) -> None:
        raise stopped_error

    with monkeypatch.context() as patch:
        patch.setattr("edge_train.train._record", killed)
        with pytest.raises(stopped_error):
            train(config, view)
    assert (config.out / CHECKPOINT_NAME).is_file()
    assert resume(config.out, other_view).epochs == 3
    assert other_view.rows == []


def test_resume_of_a_moved_run_goes_on_where_it_stands(
    config: TrainConfig, stop_at, stopped_error, view
) -> None:
    with pytest.raises(stopped_error):
        train(config, stop_at(2, 1))
    moved = config.out.rename(config.out.with_name("moved"))
    resume(moved, view)
    assert {entry.name for entry in moved.iterdir()} == RUN_FILES
    assert not config.out.exists()


def test_resume_finds_data_of_a_relative_path_from_another_folder(
    config: TrainConfig, stop_at, stopped_error, view, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(Path(config.data).parent)
    with pytest.raises(stopped_error):
        train(replace(config, data=Path(config.data).name), stop_at(2, 1))
    monkeypatch.chdir(tmp_path)
    assert resume(config.out, view).epochs == 3


def test_resume_of_a_finished_run_changes_nothing(config: TrainConfig, view, other_view) -> None:
    record = train(config, view)
    assert resume(config.out, other_view) == record
    assert "finished already" in other_view.messages[0]


def test_resume_with_other_data_is_refused(
    config: TrainConfig, stop_at, stopped_error, view
) -> None:
    with pytest.raises(stopped_error):
        train(config, stop_at(2, 1))
    arrays = dict(np.load(config.data))
    arrays["x_test"] = 255 - arrays["x_test"]
    other = Path(config.data)
    kept = other.read_bytes()
    np.savez_compressed(other, **arrays)
    try:
        with pytest.raises(RunError, match="are not those"):
            resume(config.out, view)
    finally:
        other.write_bytes(kept)


def test_resume_without_a_run_is_a_clear_error(tmp_path: Path, view) -> None:
    with pytest.raises(RunError, match="holds no unfinished run"):
        resume(tmp_path, view)


def test_train_refuses_a_folder_with_a_run_unless_forced(
    config: TrainConfig, with_recipe, stop_at, stopped_error, view
) -> None:
    with pytest.raises(stopped_error):
        train(config, stop_at(1, 1))
    with pytest.raises(RunError, match="--resume"):
        train(config, view)
    one_epoch = with_recipe(epochs=1)
    assert train(one_epoch, view, force=True).epochs == 1
    with pytest.raises(RunError, match="choose another"):
        train(one_epoch, view)


def test_train_keeps_the_old_run_until_the_new_one_can_begin(
    config: TrainConfig, with_recipe, view, tmp_path: Path
) -> None:
    train(with_recipe(epochs=1), view)
    before = {path.name: path.read_bytes() for path in config.out.iterdir()}
    with pytest.raises(DataError):
        train(replace(config, data=str(tmp_path / "nowhere")), view, force=True)
    assert {path.name: path.read_bytes() for path in config.out.iterdir()} == before


def test_train_forced_leaves_nothing_of_the_old_run(
    config: TrainConfig, with_recipe, view, stop_at, stopped_error
) -> None:
    train(replace(with_recipe(epochs=1), tensorboard=True), view)
    (config.out / "edge.int8.onnx").write_bytes(b"of the old run")
    with pytest.raises(stopped_error):
        train(config, stop_at(1, 1), force=True)
    assert {path.name for path in config.out.iterdir()} == {CHECKPOINT_NAME, "history.csv"}


def test_train_that_diverges_is_an_error_and_no_run(config: TrainConfig, with_recipe, view) -> None:
    wild = with_recipe(learning_rate=1e30, optimizer="adam", warmup_epochs=None)
    with pytest.raises(RunError, match=r"diverged in epoch 1.*lower --learning-rate"):
        train(wild, view)
    assert not (config.out / "run.json").exists()


def test_tensorboard_log_that_cannot_be_written_is_an_output_error(
    config: TrainConfig, with_recipe, view, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_train.train.TENSORBOARD_NAME", "run.json/log")
    (config.out).mkdir()
    (config.out / "history.csv").write_text("")
    monkeypatch.setattr("edge_train.train._make_room", lambda out: (out / "run.json").touch())
    with pytest.raises(OutputError, match="cannot write the TensorBoard log"):
        train(replace(with_recipe(epochs=1), tensorboard=True), view, force=True)


def test_train_into_a_file_is_a_clear_error(config: TrainConfig, view) -> None:
    config.out.write_text("in the way")
    with pytest.raises(OutputError, match="cannot write to"):
        train(config, view)


def test_train_stops_early_without_gain(with_recipe, monkeypatch: pytest.MonkeyPatch, view) -> None:
    monkeypatch.setattr("edge_train.fit.epochs_without_gain", len)
    config = with_recipe(epochs=9, patience=2)
    assert train(config, view).epochs == 2
    assert "stopped early: no lower validation loss in 2 epochs" in view.messages


def test_train_writes_a_tensorboard_log_when_asked(config: TrainConfig, with_recipe, view) -> None:
    train(replace(with_recipe(epochs=1), tensorboard=True), view)
    logs = list((config.out / "tensorboard").glob("events.*"))
    assert len(logs) == 1
    assert b"validation_accuracy" in logs[0].read_bytes()


def test_two_classes_from_a_folder_train(tmp_path: Path, with_recipe, view) -> None:
    import cv2

    digits = load_dataset("digits", notify=lambda message: None)
    for label in (0, 1):
        folder = tmp_path / "glyphs" / "nø"[label]
        folder.mkdir(parents=True)
        chosen = digits.train_images[digits.train_labels == label][:30]
        for index, image in enumerate(chosen):
            (folder / f"{index}.png").write_bytes(cv2.imencode(".png", 255 - image)[1].tobytes())
    config = replace(with_recipe(epochs=2, batch_size=8), data=str(tmp_path / "glyphs"))
    record = train(config, view)
    assert record.class_names == ("n", "ø")
    assert record.data == "glyphs"


def test_train_with_averaged_weights_goes_on_from_the_trained_ones(
    config: TrainConfig, with_recipe, view, other_view
) -> None:
    plain = train(replace(config, out=config.out.with_name("plain")), view)
    record = train(with_recipe(ema_momentum=0.9), other_view)
    assert [row.loss for row in other_view.rows] == [row.loss for row in view.rows]
    losses = [row.validation_loss for row in view.rows]
    assert [row.validation_loss for row in other_view.rows] != losses
    assert record.epochs == plain.epochs


def test_resume_of_averaged_weights_ends_as_an_undisturbed_run(
    config: TrainConfig, with_recipe, stop_at, stopped_error, view
) -> None:
    config = with_recipe(ema_momentum=0.9)
    whole = replace(config, out=config.out.with_name("whole"))
    train(whole, view)
    with pytest.raises(stopped_error):
        train(config, stop_at(3, 2))
    resume(config.out, view)
    for one, other in zip(weights(whole.out), weights(config.out), strict=True):
        assert (one == other).all()


def test_train_in_bfloat16_leaves_a_float32_model_of_stock_layers(with_recipe, view) -> None:
    config = with_recipe(precision="mixed_bfloat16")
    record = train(config, view)
    model = keras.models.load_model(config.out / "model.keras")
    assert {layer.dtype_policy.name for layer in model.layers[1:]} == {"float32"}
    assert all(type(layer).__module__.startswith("keras.") for layer in model.layers)
    assert keras.config.dtype_policy().name == "float32"
    calibration = RunFolder(config.out).read_calibration()
    validation = evaluate(model, calibration.validation_images, calibration.validation_labels)
    assert validation.accuracy == record.validation_accuracy


def first_kernel(model: keras.Model) -> int:
    return int(next(layer for layer in model.layers if layer.weights).kernel_size[0])


@pytest.mark.parametrize("soften", [False, True])
def test_train_ends_by_softening_when_the_recipe_says_so(soften: bool, with_recipe, view) -> None:
    config = with_recipe(soften=soften, epochs=1)
    record = train(config, view)
    model = keras.models.load_model(config.out / "model.keras")
    assert first_kernel(model) == first_kernel(build_preset("edge", 10)) + soften
    assert record.parameters == count_trained(model)
    calibration = RunFolder(config.out).read_calibration()
    validation = evaluate(model, calibration.validation_images, calibration.validation_labels)
    assert validation.accuracy == record.validation_accuracy


def test_train_writes_the_old_format_when_asked(config: TrainConfig, view) -> None:
    train(replace(config, legacy_h5=True), view)
    images = RunFolder(config.out).read_calibration().test_images
    new = keras.models.load_model(config.out / "model.keras").predict(images, verbose=0)
    old = keras.models.load_model(config.out / "mnist.h5", compile=False)
    assert (old.predict(images, verbose=0) == new).all()


def test_train_learns_from_a_teacher(config: TrainConfig, with_recipe, view, other_view) -> None:
    taught = replace(with_recipe(label_smoothing=0.0, epochs=2), teachers=("edge",))
    record = train(taught, view)
    train(replace(taught, teachers=(), out=config.out.with_name("alone")), other_view)
    assert view.rows[0].loss != other_view.rows[0].loss
    assert len(record.teacher_sha256) == 1


def test_resume_refuses_another_teacher(
    config: TrainConfig, tmp_path: Path, stop_at, stopped_error, view
) -> None:
    teacher = tmp_path / "teacher.onnx"
    teacher.write_bytes(read_shipped_model("edge"))
    config = replace(config, teachers=(str(teacher),))
    with pytest.raises(stopped_error):
        train(config, stop_at(2, 1))
    teacher.write_bytes(TINY.read_bytes())
    with pytest.raises(RunError, match=r"teacher\.onnx is not the one"):
        resume(config.out, view)
