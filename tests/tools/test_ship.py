"""Shipping a model: its card from the family's results, what is refused, and the picture."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from edge_infer import Classifier, ModelError, prepare_digit
from edge_infer.model.cards import ModelCard
from edge_infer.model.metadata import Accuracy
from edge_infer.model.run_folder import Calibration, RunFolder, RunRecord
from edge_infer.model.shipped import read_card

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "benchmarks")]

import risk_picture  # noqa: E402
import ship  # noqa: E402

from family_measure import read_results, write_results  # noqa: E402


@pytest.fixture
def exported(tmp_path: Path, tiny_model_script: ModuleType, monkeypatch) -> Path:
    """The tiny model as an int8 export of preset nano."""
    pytest.importorskip("onnx", reason="making a model needs the onnx package")
    pytest.importorskip("keras", reason="the summaries of the presets need Keras")
    metadata = replace(tiny_model_script._metadata(), preset="nano")
    monkeypatch.setattr(tiny_model_script, "_metadata", lambda: metadata)
    path = tmp_path / "nano.int8.onnx"
    path.write_bytes(tiny_model_script.build())
    return path


@pytest.fixture
def family(tmp_path: Path, exported: Path) -> Path:
    """Three networks of the committed results; the first run of nano has the exported file."""
    results = read_results(ship.FAMILY if ship.FAMILY.is_file() else ROOT / ship.FAMILY)
    names = ("nano", "edge", "edge-fast")
    results["networks"] = {name: results["networks"][name] for name in names}
    sha256 = hashlib.sha256(exported.read_bytes()).hexdigest()
    results["networks"]["nano"]["runs"][0]["int8"]["sha256"] = sha256
    write_results(tmp_path / "family.json", results)
    return tmp_path / "family.json"


@pytest.fixture
def run(tmp_path: Path, exported: Path, draw_digit) -> RunFolder:
    """The run of the export: its test images are the ten digits that the tiny model knows."""
    metadata = Classifier.load(exported).metadata
    folder = RunFolder(tmp_path / "run")
    shares = ("validation_accuracy", "test_accuracy", "augmentation_share")
    times = ("training_time_s", "inference_time_ms")
    copied = ("class_names", "data", "data_sha256", "preset", "parameters", "seed", "epochs")
    folder.write_record(
        RunRecord(
            **{name: getattr(metadata, name) for name in copied},
            **dict.fromkeys((*shares, *times), 0.5),
            **{"config": {}, "best_epoch": 0, "train_images": 55_000, "versions": {}},
            **{"machine": "a CPU, 2 cores", "finished_at": "2026-01-01T00:00:00Z"},
        )
    )
    folder.model_path.write_bytes(b"keras")
    images = np.stack([prepare_digit(draw_digit(label)) for label in range(10)])
    Calibration(images, np.arange(10), images, np.arange(10)).save(folder.calibration_path)
    return folder


def test_ship_writes_file_card_checksum_and_picture(
    tmp_path: Path, run: RunFolder, exported: Path, family: Path, capsys
) -> None:
    models, picture = tmp_path / "models", tmp_path / "risk.svg"
    models.mkdir()
    (models / "sha256.json").write_text('{"edge": "ab"}')
    places = ["--run", str(run.path), "--models", str(models), "--picture", str(picture)]
    code = ship.main(["nano", str(exported), "--family", str(family), *places])
    data = (models / "nano.onnx").read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    assert data == exported.read_bytes()
    assert json.loads((models / "sha256.json").read_text()) == {"edge": "ab", "nano": sha256}
    card = ModelCard.from_json((models / "nano.json").read_text())
    assert (card.sha256, card.size_bytes) == (sha256, len(data))
    assert (card.test_accuracy.correct, card.trained_on.images) == (10, 55_000)
    train = "--preset nano --precision mixed_bfloat16 --teacher train/teacher.onnx"
    export = "edge-mnist export runs/nano --quantize --four-bit --min-agreement 99.8 -o nano.onnx"
    assert card.commands == (f"edge-mnist train {train} --seed 0", export)
    assert card.seeds is not None
    assert (round(card.seeds.mean, 5), card.seeds.seeds) == (0.99576, 5)
    assert [score.name for score in card.handwriting] == ["singles", "optdigits"]
    assert card.latency is not None
    assert [row.model for row in card.latency.rows] == ["nano", "edge"]
    assert code == (1 if card.calibration_error > ship.MAX_CALIBRATION_ERROR else 0)
    assert ("MISSED" in capsys.readouterr().err) == (code == 1)

    before = picture.read_text()
    assert before.startswith("<?xml")
    picture.unlink()
    assert ship.main(places) == 0
    assert picture.read_text() == before


def test_card_of_the_committed_results_is_the_shipped_one() -> None:
    results = read_results(ROOT / ship.FAMILY)
    for name in ("nano", "edge", "page"):
        card = read_card(name)
        network, row = ship.find_row(results, name, card.sha256)
        assert card.commands[0] == f"edge-mnist train {network['train']} --seed {row['seed']}"
        assert card.macs == network["macs"]
        assert [asdict(score) for score in card.handwriting] == row["int8"]["handwriting"]
        assert card.latency == ship.card_latency(results)


def test_file_that_was_not_measured_cannot_ship(
    exported: Path, run: RunFolder, family: Path
) -> None:
    results = read_results(family)
    data = exported.read_bytes()
    with pytest.raises(ModelError, match=r"no int8 file of 'edge'.*family\.py --presets edge"):
        ship.make_card("edge", data, run, results)
    run.write_record(replace(run.read_record(), seed=3))
    with pytest.raises(ModelError, match="another run: seed 3, 0 in the file"):
        ship.make_card("nano", data, run, results)


def test_file_with_other_answers_cannot_ship(exported: Path, run: RunFolder, family: Path) -> None:
    images = run.read_calibration().test_images
    labels = np.zeros(10, np.int64)
    Calibration(images, labels, images, labels).save(run.calibration_path)
    with pytest.raises(ModelError, match="1 of 10 test images .* metadata say 10 of 10"):
        ship.make_card("nano", exported.read_bytes(), run, read_results(family))


def test_times_of_different_machines_are_refused(family: Path) -> None:
    results = read_results(family)
    results["networks"]["edge"]["latency"]["machine"] = "another"
    with pytest.raises(ModelError, match="timed on different machines"):
        ship.card_latency(results)
    assert ship.card_latency({"networks": {}}) is None


def test_missed_limits_are_named() -> None:
    card = read_card("edge")
    assert ship.missed_limits(card) == []
    accuracy = Accuracy(correct=9_995, n=10_000)
    worse = replace(card, test_accuracy=accuracy, calibration_error=0.01)
    calibration, rejected = ship.missed_limits(worse)
    assert calibration.startswith("calibration error 1.00 %")
    assert "of 5 errors left" in rejected


def test_picture_is_the_same_each_time(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="drawing needs matplotlib")
    random = np.random.default_rng(0)
    answers = random.dirichlet(np.ones(10), 500).astype(np.float32)
    labels = random.integers(0, 10, 500)
    for path in (tmp_path / "a.svg", tmp_path / "b.svg"):
        risk_picture.draw_risks({"nano": answers, "edge": answers}, labels, path)
    assert (tmp_path / "a.svg").read_text() == (tmp_path / "b.svg").read_text()
