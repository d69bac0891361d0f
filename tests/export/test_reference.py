"""Reading a run whole: its parts agree, and some images only show the network's input."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_export import ExportConfig, export_run
from edge_export.reference import UNLABELLED, Reference
from edge_infer.errors import RunError
from edge_infer.model.run_folder import Calibration, RunFolder


@pytest.fixture
def run(runs: dict[str, Path], tmp_path: Path) -> Path:
    """A copy of a finished run whose calibration may be changed."""
    return Path(shutil.copytree(runs["walkthrough"], tmp_path / "run"))


def add_unlabelled(run: Path, count: int, label: int = UNLABELLED) -> Calibration:
    """Put noise among the validation images; return what stood there before."""
    folder = RunFolder(run)
    before = folder.read_calibration()
    noise = np.random.default_rng(0).integers(0, 256, (count, 28, 28), np.uint8)
    replace(
        before,
        validation_images=np.concatenate((noise, before.validation_images)),
        validation_labels=np.concatenate((np.full(count, label), before.validation_labels)),
    ).save(folder.calibration_path)
    return before


def test_images_without_a_label_are_for_the_ranges_alone(run: Path) -> None:
    before = add_unlabelled(run, 20)
    reference = Reference.load(run)
    assert len(reference.range_images) == len(before.validation_images) + 20
    assert (reference.range_images[20:] == before.validation_images).all()
    assert (reference.calibration.validation_images == before.validation_images).all()
    assert (reference.calibration.validation_labels == before.validation_labels).all()


def test_images_without_a_label_change_no_figure(run: Path, tmp_path: Path) -> None:
    plain = export_run(ExportConfig(run=run, output=tmp_path / "plain.onnx"), str).metadata
    add_unlabelled(run, 20)
    assert export_run(ExportConfig(run=run, output=tmp_path / "float.onnx"), str).metadata == plain


def test_labels_outside_the_classes_are_refused(run: Path) -> None:
    add_unlabelled(run, 1, label=-2)
    with pytest.raises(RunError, match="validation_labels must lie in 0-9, found -2"):
        Reference.load(run)


def test_run_of_nothing_but_unlabelled_images_is_refused(run: Path) -> None:
    before = RunFolder(run).read_calibration()
    labels = np.full(len(before.validation_labels), UNLABELLED)
    replace(before, validation_labels=labels).save(RunFolder(run).calibration_path)
    with pytest.raises(RunError, match="holds no validation images"):
        Reference.load(run)
