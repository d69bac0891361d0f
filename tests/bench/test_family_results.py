from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge_bench.family.results import FamilyResults, PresetResults
from edge_bench.family.rows import Latency, SeedRun
from edge_bench.family.spread import spread
from edge_infer.errors import EdgeMnistError, RunError

Presets = Callable[..., PresetResults]


@pytest.fixture
def family(preset_results: Presets, latency: Callable[[str], Latency]) -> FamilyResults:
    edge = preset_results("edge", 995, 997, latency=latency("2026-01-03T00:00:00+00:00"))
    presets = {"edge": edge, "nano": preset_results("nano", 990)}
    return FamilyResults(machine="a CPU", command="python x", data="mnist", presets=presets)


def test_spread_divides_by_n_less_one() -> None:
    found = spread([1.0, 2.0, 3.0])
    assert (found.mean, found.sd, found.n) == (2.0, 1.0, 3)


def test_spread_of_one_run_has_no_deviation() -> None:
    found = spread([0.5])
    assert (found.mean, found.sd, found.n) == (0.5, None, 1)


def test_results_survive_the_file(family: FamilyResults, tmp_path: Path) -> None:
    family.write(tmp_path / "family.json")
    assert FamilyResults.read(tmp_path / "family.json") == family


def test_file_holds_what_readers_of_a_preset_look_for(
    family: FamilyResults, tmp_path: Path
) -> None:
    family.write(tmp_path / "family.json")
    edge: dict[str, Any] = json.loads((tmp_path / "family.json").read_text())["presets"]["edge"]
    assert (edge["parameters"], edge["macs"]) == (1234, 56789)
    assert [edge["seeds"][seed]["int8"]["test_correct"] for seed in ("0", "1")] == [995, 997]
    assert edge["seeds"]["0"]["int8"]["test_n"] == 1000
    assert edge["latency"]["machine"] == "a CPU, 2 cores"
    assert edge["latency"]["int8"]["p50_us_per_image_64"] == 12.5
    assert edge["handwriting"] == {"singles": {"correct": 7, "n": 9}}
    assert edge["summary"]["test_accuracy"]["int8"]["mean"] == pytest.approx(0.996)
    assert edge["summary"]["test_accuracy"]["int8"]["sd"] == pytest.approx(0.002**0.5 / 1000**0.5)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format_version": 99}'])
def test_file_of_another_kind_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "family.json").write_text(text)
    with pytest.raises(RunError, match=r"family\.json"):
        FamilyResults.read(tmp_path / "family.json")


def test_file_with_a_wrong_field_names_it(family: FamilyResults, tmp_path: Path) -> None:
    path = tmp_path / "family.json"
    family.write(path)
    document = json.loads(path.read_text())
    document["presets"]["nano"]["seeds"]["0"]["int8"]["test_correct"] = "many"
    path.write_text(json.dumps(document))
    with pytest.raises(EdgeMnistError, match=r"nano\.seeds\.0\.int8\.test_correct"):
        FamilyResults.read(path)


def test_best_run_is_chosen_on_validation_alone(
    preset_results: Presets, seed_run: Callable[..., SeedRun]
) -> None:
    rows = [seed_run(seed, correct) for seed, correct in enumerate((999, 980, 990))]
    rows[1] = replace(rows[1], int8=replace(rows[1].int8, validation_correct=495))
    results = replace(preset_results(), seeds=dict(enumerate(rows)))
    assert results.best.seed == 1
    equal = replace(preset_results(), seeds={0: rows[0], 2: rows[2]})
    assert equal.best.seed == 0


def test_run_joins_others_of_its_make(
    family: FamilyResults, preset_results: Presets, seed_run: Callable[..., SeedRun]
) -> None:
    new = replace(preset_results("edge"), seeds={1: seed_run(1, 900), 4: seed_run(4)})
    joined = family.with_run("edge", new).presets["edge"]
    assert list(joined.seeds) == [0, 1, 4]
    assert joined.seeds[1].int8.test_correct == 900
    assert joined.latency == family.presets["edge"].latency


def test_run_of_another_make_stands_alone(family: FamilyResults, preset_results: Presets) -> None:
    old = preset_results("edge")
    new = replace(old, make=replace(old.make, recipe={"epochs": 11, "augmentation": None}))
    assert new.make.differences(old.make) == [
        "recipe.augmentation.scale 0.1 instead of None",
        "recipe.epochs 10 instead of 11",
    ]
    alone = family.with_run("edge", new).presets["edge"]
    assert list(alone.seeds) == [0]
    assert alone.latency is None
