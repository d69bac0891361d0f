from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_infer.errors import OutputError, RunError
from edge_train.checkpoint import CHECKPOINT_NAME, Checkpoint
from edge_train.config import TrainConfig
from edge_train.history import EpochRow


def row(epoch: int, accuracy: float) -> EpochRow:
    return EpochRow(epoch, 0.5, 0.9, 0.3, accuracy, 1e-3, 2.0, 0.1)


@pytest.fixture
def start(config: TrainConfig) -> Checkpoint:
    model = (np.arange(6.0, dtype=np.float32).reshape(2, 3), np.int64(4) * np.ones((), np.int64))
    return Checkpoint(config, "abc", model, (np.array(7, np.int64),), model)


def test_checkpoint_survives_the_disk(start: Checkpoint, tmp_path: Path) -> None:
    state = start.after_epoch(row(1, 0.9), start.model, start.optimizer, start.model)
    state.save(tmp_path)
    read = Checkpoint.load(tmp_path)
    assert (read.config, read.data_sha256) == (state.config, "abc")
    assert (read.epoch, read.best_epoch, read.history) == (1, 1, state.history)
    for group in ("model", "optimizer", "best_model"):
        for before, after in zip(getattr(state, group), getattr(read, group), strict=True):
            assert before.dtype == after.dtype
            assert before.shape == after.shape
            assert (before == after).all()


@pytest.mark.parametrize(("patience", "kept"), [(5, 1), (None, 2)])
def test_checkpoint_keeps_the_best_epoch_with_patience_and_the_last_without(
    start: Checkpoint, patience: int | None, kept: int
) -> None:
    config = replace(start.config, recipe=replace(start.config.recipe, patience=patience))
    good, worse, averaged = ((np.array([value]),) for value in (1.0, 2.0, 3.0))
    state = replace(start, config=config).after_epoch(row(1, 0.9), good, (), good)
    state = state.after_epoch(row(2, 0.8), worse, (), averaged)
    assert (state.epoch, state.best_epoch) == (2, kept)
    assert state.best_model is (good if kept == 1 else averaged)
    assert state.model is worse


def test_checkpoint_of_an_empty_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds no unfinished run"):
        Checkpoint.load(tmp_path)


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_checkpoint_cut_short_is_a_clear_error(
    start: Checkpoint, tmp_path: Path, keep: int
) -> None:
    start.save(tmp_path)
    path = tmp_path / CHECKPOINT_NAME
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(RunError, match=r"checkpoint\.npz is damaged"):
        Checkpoint.load(tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format_version": 99}, "format_version 99"),
        ({"history": [{"epoch": 1}]}, "is damaged or no checkpoint"),
        ({"config": {}}, "configuration"),
    ],
)
def test_checkpoint_of_another_version_is_a_clear_error(
    start: Checkpoint, tmp_path: Path, change: dict, words: str
) -> None:
    start.save(tmp_path)
    arrays = dict(np.load(tmp_path / CHECKPOINT_NAME))
    document = json.loads(str(arrays["document"])) | change
    np.savez(tmp_path / CHECKPOINT_NAME, **arrays | {"document": np.array(json.dumps(document))})
    with pytest.raises(RunError, match=words):
        Checkpoint.load(tmp_path)


def test_checkpoint_without_its_document_is_a_clear_error(
    start: Checkpoint, tmp_path: Path
) -> None:
    np.savez(tmp_path / CHECKPOINT_NAME, model_0000=np.zeros(3))
    with pytest.raises(RunError, match="is damaged or no checkpoint"):
        Checkpoint.load(tmp_path)


def test_checkpoint_on_a_full_disk_leaves_the_old_one(
    start: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start.save(tmp_path)
    before = (tmp_path / CHECKPOINT_NAME).read_bytes()

    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OutputError, match="No space left"):
        start.save(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == [CHECKPOINT_NAME]
    assert (tmp_path / CHECKPOINT_NAME).read_bytes() == before
