from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "ablation.py"


@pytest.fixture(scope="module")
def ablation() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ablation", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["ablation"] = module
    spec.loader.exec_module(module)
    return module


def row(ablation: ModuleType, variant: str, seed: int, accuracy: float) -> object:
    return ablation.Row(
        variant=variant,
        seed=seed,
        epochs=16,
        validation_accuracy=accuracy,
        validation_loss=0.015,
        distorted_accuracy=0.99,
        training_time_s=120.0,
        machine="a test",
        finished_at="2026-01-02T00:00:00+00:00",
    )


def test_each_variant_changes_something(ablation: ModuleType) -> None:
    recipe = ablation.vary(ablation.VARIANTS[ablation.RECIPE], "float32")
    for name, variant in ablation.VARIANTS.items():
        changed = ablation.vary(variant, "float32")
        other = variant.network is not None or not variant.taught
        same_arithmetic = name == "float32 arithmetic"
        assert (changed != recipe) or other or same_arithmetic or name == ablation.RECIPE, name


def test_rows_are_kept_and_shown_with_their_spread(ablation: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "results" / "ablation.json"
    order = list(ablation.VARIANTS)
    assert ablation.read_rows(path) == []
    for seed, accuracy in enumerate((0.995, 0.997)):
        ablation.add_rows(path, [row(ablation, "no teacher", seed, accuracy)], order)
    ablation.add_rows(path, [row(ablation, ablation.RECIPE, 0, 0.5)], order)
    ablation.add_rows(path, [row(ablation, ablation.RECIPE, 0, 0.998)], order)
    assert [each.seed for each in ablation.read_rows(path)] == [0, 1, 0]
    table = path.with_suffix(".md").read_text()
    assert "| no teacher | 2 | 16 | 99.60 ± 0.14 | 15.0 | 99.00 | 2.0 |" in table
    assert "| the recipe | 1 | 16 | 99.80 | 15.0 |" in table
    assert "a test; last run 2026-01-02." in table
