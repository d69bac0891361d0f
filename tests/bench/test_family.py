"""The script that trains and measures the model family: what it keeps, skips and reports."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

import family
import family_measure
import peers
import reading
from edge_infer import Classifier
from edge_infer.errors import DataError, RunError, UsageError
from edge_infer.model.shipped import read_shipped_model, shipped_models
from family_measure import (
    Entry,
    Values,
    load_handwriting,
    read_results,
    score_handwriting,
    time_files,
    write_results,
)
from family_report import best_run, write_report

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"


@pytest.fixture
def committed() -> Values:
    """The results that are committed."""
    return read_results(RESULTS / "family.json")


def test_committed_files_are_what_the_script_writes(committed: Values, tmp_path: Path) -> None:
    write_results(tmp_path / "family.json", committed)
    assert (tmp_path / "family.json").read_text() == (RESULTS / "family.json").read_text()
    assert write_report(committed, list(family.FAMILY)) == (RESULTS / "family.md").read_text()


@pytest.mark.parametrize("name", shipped_models())
def test_seed_best_on_validation_ships(committed: Values, name: str) -> None:
    shipped = hashlib.sha256(read_shipped_model(name)).hexdigest()
    assert best_run(committed["networks"][name])["int8"]["sha256"] == shipped


def test_test_images_do_not_decide_what_is_best(committed: Values) -> None:
    network = committed["networks"]["edge"]
    best = best_run(network)
    other = next(run for run in network["runs"] if run is not best)
    other["int8"]["test"]["correct"] = 10_000
    assert best_run(network) is best
    other["int8"]["validation"]["correct"] = 5_000
    assert best_run(network) is other


def test_report_holds_means_claims_and_failures(committed: Values) -> None:
    lines = write_report(committed, ["edge", "adadelta", "page", "new"]).splitlines()
    assert "Not measured yet: new." in lines
    assert any(line.startswith("| `edge` |") and "99.642 ± 0.022 %" in line for line in lines)
    assert "| `adadelta`, keras, validation | 94.04 % | 91.00 %, seeds: 1 | -3.04 |" in lines
    assert any(line.startswith("- `page` seed 0, int8: 12 of 10000 labels") for line in lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read"),
        ("{}", "cannot be read"),
        ('{"data": "", "networks": {}, "format_version": 1}', "format_version 1, expected 2"),
    ],
)
def test_other_results_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "family.json").write_text(text)
    with pytest.raises(RunError, match=message):
        read_results(tmp_path / "family.json")


@pytest.fixture
def calls(committed: Values, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replaces training and measuring by one row for each run; lists what is called."""
    calls: list[str] = []

    def edge_mnist(*words: str) -> str:
        calls.append(" ".join(words).replace(str(tmp_path), "RUNS"))
        if "dropout" in calls[-1]:
            raise RunError("no memory")
        return ""

    def measure_run(entry: Entry, folder: Path, data: str, sets: object) -> Values:
        network = committed["networks"]["edge"]
        row = {**network["runs"][0], "seed": int(folder.name[-1])}
        options = {"train": entry.train, "export": entry.export}
        return {**network, **options, "runs": [row], "latency": None}

    monkeypatch.setattr(family_measure, "edge_mnist", edge_mnist)
    monkeypatch.setattr(family, "measure_run", measure_run)
    monkeypatch.setattr(family, "time_files", lambda files: {})
    return calls


def test_only_missing_runs_are_trained(calls: list[str], tmp_path: Path, capsys) -> None:
    words = [
        "--presets",
        "edge-fast",
        "custom",
        "--runs",
        str(tmp_path),
        "--results",
        str(tmp_path),
    ]
    assert family.main([*words, "--seeds", "1"]) == 0
    fast = "train --preset edge --recipe fast --precision mixed_bfloat16"
    assert calls == [
        f"{fast} --data mnist --seed 0 --out RUNS/edge-fast-0",
        "train --preset custom --data mnist --seed 0 --out RUNS/custom-0",
    ]
    assert family.main([*words, "--seeds", "2"]) == 0
    assert [call[-11:] for call in calls[2:]] == ["edge-fast-1", "UNS/custom-1"[-11:]]
    results = read_results(tmp_path / "family.json")
    assert [run["seed"] for run in results["networks"]["custom"]["runs"]] == [0, 1]
    assert results["command"].startswith("python benchmarks/family.py --presets edge-fast custom")
    assert str(tmp_path) not in results["command"]
    assert "| `custom` |" in (tmp_path / "family.md").read_text()


def test_stopped_run_is_resumed_and_other_options_are_refused(
    calls: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    words = ["--presets", "custom", "--seeds", "1", "--runs", str(tmp_path)]
    words += ["--results", str(tmp_path / "results")]
    (tmp_path / "custom-0").mkdir()
    (tmp_path / "custom-0" / "checkpoint.npz").touch()
    family.main(words)
    assert calls == ["train --resume RUNS/custom-0"]
    other = Entry(seeds=1, train="--preset custom --patience 3")
    monkeypatch.setattr(family, "FAMILY", {"custom": other})
    assert family.main(words) == 1
    assert "holds a run with other options" in capsys.readouterr().err
    (tmp_path / "custom-0" / "family.txt").unlink()
    family.main(words)
    (row,) = read_results(tmp_path / "results" / "family.json")["networks"].values()
    assert (row["train"], len(row["runs"])) == (other.train, 1)


def test_failed_run_leaves_others_alone(calls: list[str], tmp_path: Path, capsys) -> None:
    words = ["--presets", "dropout", "custom", "--seeds", "1", "--runs", str(tmp_path)]
    assert family.main([*words, "--results", str(tmp_path)]) == 1
    assert "FAILED: dropout-0: no memory" in capsys.readouterr().err
    assert list(read_results(tmp_path / "family.json")["networks"]) == ["custom"]


def test_results_of_other_data_are_not_mixed(tmp_path: Path, committed: Values) -> None:
    write_results(tmp_path / "family.json", committed)
    with pytest.raises(UsageError, match="holds results of mnist"):
        family.main(["--data", "digits", "--results", str(tmp_path)])


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (family, ["--presets", "alexnet"]),
        (family, ["--seeds", "0"]),
        (peers, ["RUN", "--stacks", "torch"]),
        (peers, ["RUN", "--rounds", "0"]),
        (reading, []),
        (reading, ["FOLDER", "--speed"]),
        (reading, ["FOLDER", "--peers", "abbyy"]),
    ],
)
def test_scripts_refuse_wrong_arguments(script: ModuleType, words: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        script.main(words)


def test_files_are_timed_together(tiny_model_path: Path) -> None:
    latencies = time_files({key: {"int8": tiny_model_path} for key in ("a", "b")}, rounds=1)
    assert latencies["a"]["measured_at"] == latencies["b"]["measured_at"]
    found = latencies["a"]["int8"]
    assert found["p50_us"] > found["p50_us_per_image_64"] > 0


def test_handwriting_is_read_as_it_is(tmp_path: Path, tiny_model_path: Path, draw_digit) -> None:
    with pytest.raises(DataError, match=r"neither singles\.csv nor"):
        load_handwriting(tmp_path)
    (tmp_path / "singles").mkdir()
    cv2.imwrite(str(tmp_path / "singles" / "x.png"), draw_digit(3))
    with (tmp_path / "singles.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "label"), ("x.png", "3")])
    pictures = np.stack([draw_digit(label) for label in (1, 2)])
    np.savez(tmp_path / "optdigits32.npz", x=pictures, y=np.array([1, 7]))
    classifier = Classifier.load(tiny_model_path)
    scores = score_handwriting(classifier, load_handwriting(tmp_path))
    assert [tuple(score.values()) for score in scores] == [("singles", 1, 1), ("optdigits", 1, 2)]
    (tmp_path / "optdigits32.npz").write_bytes(b"no archive")
    with pytest.raises(DataError, match="must have the columns"):
        load_handwriting(tmp_path)


@pytest.mark.slow
def test_small_run_is_trained_exported_and_measured(tmp_path: Path) -> None:
    pytest.importorskip("tf2onnx", reason="exports need tf2onnx")
    words = ["--data", "digits", "--presets", "nano", "--seeds", "1", "--epochs", "1"]
    assert family.main([*words, "--runs", str(tmp_path)]) == 0
    document = json.loads((tmp_path / "family.json").read_text())
    network = document["networks"]["nano"]
    (run,) = network["runs"]
    assert network["macs"] > network["parameters"] > 1_000
    assert run["int8"]["size_bytes"] < run["float32"]["size_bytes"] < run["keras"]["size_bytes"]
    assert run["float32"]["changed"] == 0
    assert network["latency"]["int8"]["sha256"] == run["int8"]["sha256"]
