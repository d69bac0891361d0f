"""The checkpoint, and the rows of the history that it holds."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_infer.errors import OutputError, RunError
from edge_train import TrainConfig
from edge_train.checkpoint import CHECKPOINT_NAME, Checkpoint, EpochRow, write_history

OLD_RUN = Path(__file__).with_name("old_run.json")


def row(epoch: int, accuracy: float, loss: float = 0.3) -> EpochRow:
    return EpochRow(epoch, 0.5, 0.9, loss, accuracy, 1e-3, 2.0, 0.1)


def edit_document(folder: Path, **changes: object) -> None:
    arrays = dict(np.load(folder / CHECKPOINT_NAME))
    document = json.loads(str(arrays["document"])) | changes
    np.savez(folder / CHECKPOINT_NAME, **arrays | {"document": np.array(json.dumps(document))})


@pytest.fixture
def start(config: TrainConfig) -> Checkpoint:
    model = (np.arange(6.0, dtype=np.float32).reshape(2, 3), np.int64(4) * np.ones((), np.int64))
    return Checkpoint(config, "abc", model, (np.array(7, np.int64),), model)


def test_checkpoint_survives_the_disk(start: Checkpoint, tmp_path: Path) -> None:
    state = replace(start, teacher_sha256=("cd",)).after_epoch(row(1, 0.9), start.model, ())
    state.save(tmp_path)
    read = Checkpoint.load(tmp_path)
    assert replace(read, model=(), best_model=()) == replace(state, model=(), best_model=())
    assert (read.epoch, read.best_epoch) == (1, 1)
    for group in ("model", "best_model"):
        for before, after in zip(getattr(state, group), getattr(read, group), strict=True):
            assert (before.dtype, before.shape) == (after.dtype, after.shape)
            assert (before == after).all()


def test_checkpoint_of_an_older_version_is_read(start: Checkpoint, tmp_path: Path) -> None:
    start.save(tmp_path)
    values = json.loads(OLD_RUN.read_text())
    edit_document(tmp_path, config=values)
    assert Checkpoint.load(tmp_path).config == TrainConfig.from_json_values(values)


@pytest.mark.parametrize(("patience", "kept"), [(5, 1), (None, 2)])
def test_checkpoint_keeps_the_best_epoch_with_patience_and_the_last_without(
    start, patience, kept
) -> None:
    config = replace(start.config, recipe=replace(start.config.recipe, patience=patience))
    good, worse = (np.array([1.0]),), (np.array([2.0]),)
    state = replace(start, config=config).after_epoch(row(1, 0.9), good, ())
    state = state.after_epoch(row(2, 0.8), worse, ())
    assert (state.epoch, state.best_epoch) == (2, kept)
    assert state.best_model is (good if kept == 1 else worse)
    assert state.model is worse


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_truncated_checkpoint_is_a_clear_error(start, tmp_path: Path, keep: int) -> None:
    start.save(tmp_path)
    path = tmp_path / CHECKPOINT_NAME
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(RunError, match=r"checkpoint\.npz is damaged"):
        Checkpoint.load(tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format_version": 99}, "format_version 99"),
        ({"history": [{"epoch": 1}]}, r"history\[0\] has no loss"),
        ({"config": {}}, "configuration"),
    ],
)
def test_checkpoint_with_wrong_fields_is_a_clear_error(start, tmp_path, change, words) -> None:
    start.save(tmp_path)
    edit_document(tmp_path, **change)
    with pytest.raises(RunError, match=words):
        Checkpoint.load(tmp_path)


def test_checkpoint_on_a_full_disk_leaves_the_old_one(start, tmp_path: Path, monkeypatch) -> None:
    start.save(tmp_path)
    before = (tmp_path / CHECKPOINT_NAME).read_bytes()

    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OutputError, match="No space left"):
        start.save(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == [CHECKPOINT_NAME]
    assert (tmp_path / CHECKPOINT_NAME).read_bytes() == before


@pytest.mark.parametrize(
    ("losses", "epochs_since_lowest"),
    [
        ((0.5, 0.6), 1),
        ((0.5, 0.4), 0),
        ((0.5, 0.5, 0.5), 2),
        ((0.5, 0.6, 0.4, 0.6), 1),
    ],
)
def test_patience_counts_from_the_lowest_validation_loss(
    start, losses, epochs_since_lowest
) -> None:
    rows = tuple(row(epoch, 0.9, loss) for epoch, loss in enumerate(losses, 1))
    for patience in (1, 2, 3):
        recipe = replace(start.config.recipe, epochs=9, patience=patience)
        state = replace(start, config=replace(start.config, recipe=recipe), history=rows)
        assert state.is_last == (epochs_since_lowest >= patience)


def test_training_ends_after_the_last_epoch(start: Checkpoint) -> None:
    assert not start.is_last
    assert not replace(start, history=(row(1, 0.9),)).is_last
    assert replace(start, history=(row(1, 0.9), row(2, 0.9))).is_last


def test_rank_prefers_accuracy_then_lower_loss() -> None:
    assert row(1, 0.9, 0.9).rank() > row(2, 0.8, 0.1).rank()
    assert row(1, 0.9, 0.2).rank() > row(2, 0.9, 0.3).rank()


def test_history_file_has_one_line_per_epoch(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    write_history(path, (row(1, 0.9), row(2, 0.95)))
    with path.open(newline="") as file:
        read = list(csv.DictReader(file))
    assert [line["epoch"] for line in read] == ["1", "2"]
    assert float(read[1]["validation_accuracy"]) == 0.95
    assert [entry.name for entry in tmp_path.iterdir()] == ["history.csv"]
