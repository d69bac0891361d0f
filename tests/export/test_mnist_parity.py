"""Parity on all 10,000 test images of MNIST, where ``EDGE_MNIST_DATA`` names it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edge_export import ExportConfig, GateOptions, VerifyConfig, export_run, verify_file
from edge_train.config import TrainConfig
from edge_train.presets import find_preset
from edge_train.train import train

# A network of two epochs is uncertain about many of the 10,000 images.
EDGE_INT8 = GateOptions(min_agreement_percent=99.8, max_drop_points=0.1)
REPORTS = ("notify", "progress", "epoch_started", "step_done", "epoch_done")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "epochs", "int8_gates"),
    [("edge", 2, EDGE_INT8), ("walkthrough", 1, GateOptions())],
)
def test_exports_answer_as_keras_does_on_all_test_images(
    tmp_path: Path, preset: str, epochs: int, int8_gates: GateOptions
) -> None:
    if "EDGE_MNIST_DATA" not in os.environ:
        pytest.skip("EDGE_MNIST_DATA is not set")
    recipe = replace(find_preset(preset).recipe, epochs=epochs)
    out = tmp_path / "run"
    silent: Any = SimpleNamespace(**dict.fromkeys(REPORTS, lambda *values, **named: None))
    train(TrainConfig(preset=preset, data="mnist", out=out, seed=0, recipe=recipe), silent)
    for name, gates in (("float", GateOptions()), ("int8", int8_gates)):
        file = tmp_path / f"{name}.onnx"
        export_run(ExportConfig(run=out, output=file, quantize=name == "int8", gates=gates), str)
        report = verify_file(VerifyConfig(run=out, file=file, gates=gates), str)
        assert report.n == 10_000
        assert report.failures == ()
        assert report.accuracy.fraction > 0.97
