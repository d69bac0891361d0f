"""Runs whose network is also taught what is no digit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from edge_infer.errors import UsageError
from edge_infer.model.run_folder import RunFolder
from edge_train.config import TrainConfig
from edge_train.evaluate import evaluate
from edge_train.train import resume, train, use_deterministic_operations


@pytest.fixture(autouse=True, scope="module")
def deterministic() -> None:
    use_deterministic_operations()


def test_train_beside_what_is_no_digit_adds_a_class(
    config: TrainConfig, with_recipe, monkeypatch: pytest.MonkeyPatch, view
) -> None:
    monkeypatch.setattr("edge_train.drawn.VALIDATION_NEGATIVES", 60)
    page = replace(with_recipe(others=0.5, damage=0.5, epochs=2), preset="page", teachers=("edge",))
    record = train(page, view)
    assert record.class_names == (*"0123456789", "other")
    assert record.train_images == 367
    assert any("of 60 made pictures of no digit are told as such" in m for m in view.messages)
    model = keras.models.load_model(config.out / "model.keras")
    assert model.output.shape[-1] == 11
    calibration = RunFolder(config.out).read_calibration()
    assert len(calibration.validation_labels) == 33 + 60
    assert (calibration.validation_labels[33:] == -1).all()
    validation = evaluate(
        model, calibration.validation_images[:33], calibration.validation_labels[:33]
    )
    assert validation.accuracy == record.validation_accuracy


def test_resume_beside_what_is_no_digit_ends_as_an_undisturbed_run(
    with_recipe, monkeypatch: pytest.MonkeyPatch, stop_at, stopped_error, view
) -> None:
    monkeypatch.setattr("edge_train.drawn.VALIDATION_NEGATIVES", 20)
    config = with_recipe(others=0.5, damage=0.5, epochs=2)
    whole = replace(config, out=config.out.with_name("whole"))
    train(whole, view)
    # 367 images and 184 others are 12 steps of 50.
    with pytest.raises(stopped_error):
        train(config, stop_at(2, 12))
    resume(config.out, view)
    one, other = (
        keras.models.load_model(run.out / "model.keras").get_weights() for run in (whole, config)
    )
    assert all((left == right).all() for left, right in zip(one, other, strict=True))


def test_train_beside_what_is_no_digit_wants_digits(
    small_data: Path, tmp_path: Path, with_recipe, view
) -> None:
    with np.load(small_data) as arrays:
        few = {name: array[: 60 if "train" in name else 20] for name, array in arrays.items()}
    np.savez(tmp_path / "few.npz", **{k: v % 2 if k[0] == "y" else v for k, v in few.items()})
    config = replace(with_recipe(others=0.5), data=str(tmp_path / "few.npz"))
    with pytest.raises(UsageError, match="digits 0-9 only, the data have the classes 0, 1"):
        train(config, view)
