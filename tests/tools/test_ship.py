"""Shipping a model: its card from a run and the family's results, and what is refused."""

from __future__ import annotations

import hashlib
import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import pytest
from run_records import run_record

from edge_export.metadata import add_metadata
from edge_infer import Classifier, ModelError, prepare_digit
from edge_infer.model.cards import ModelCard
from edge_infer.model.metadata import Accuracy
from edge_infer.model.run_folder import Calibration, RunFolder
from edge_infer.model.shipped import read_card

TOOLS = Path(__file__).parents[2] / "tools"
MODULES = ("ship", "ship_card", "family_results", "risk_picture", "train_command")


def preset_results(p50_us: float, *test_correct: int) -> dict[str, Any]:
    """Results of one preset as the family's script writes them."""
    return {
        "macs": 4_000,
        "parameters": 1_970,
        "seeds": {
            str(seed): {"int8": {"test_correct": correct, "test_n": 10}}
            for seed, correct in enumerate(test_correct)
        },
        "latency": {
            "machine": "a CPU, 2 cores",
            "int8": {"p50_us": p50_us, "p50_us_per_image_64": p50_us / 2},
        },
        "handwriting": {"singles": {"correct": 120, "n": 140}},
    }


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The folder of scripts on the import path, its modules forgotten afterwards."""
    monkeypatch.syspath_prepend(str(TOOLS))
    yield
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture
def ship(tools: None) -> ModuleType:
    import ship

    return ship


@pytest.fixture
def family(tmp_path: Path) -> Path:
    path = tmp_path / "family.json"
    presets = {"nano": preset_results(12.5, 10, 9, 8), "edge": preset_results(25.0)}
    presets["walkthrough"] = {key: presets["edge"][key] for key in ("macs", "seeds")}
    path.write_text(json.dumps({"presets": presets}))
    return path


@pytest.fixture
def digits(draw_digit) -> tuple[np.ndarray, np.ndarray]:
    """The ten drawn digits that the tiny model knows, ready, and their labels."""
    return np.stack([prepare_digit(draw_digit(label)) for label in range(10)]), np.arange(10)


@pytest.fixture
def exported(tmp_path: Path, tiny_model_script: ModuleType, monkeypatch) -> Path:
    """The tiny model as if it were an export of preset nano."""
    pytest.importorskip("onnx", reason="making a model needs the onnx package")
    metadata = replace(tiny_model_script._metadata(), preset="nano")
    monkeypatch.setattr(tiny_model_script, "_metadata", lambda: metadata)
    path = tmp_path / "nano.int8.onnx"
    path.write_bytes(tiny_model_script.build())
    return path


@pytest.fixture
def run(tmp_path: Path, digits) -> RunFolder:
    """The run that the export claims to be of."""
    pytest.importorskip("keras", reason="the recipes of the presets need Keras")
    from edge_train.config import TrainConfig
    from edge_train.presets import find_preset

    folder = RunFolder(tmp_path / "run")
    config = TrainConfig(
        preset="nano", data="mnist", out=folder.path, seed=0, recipe=find_preset("nano").recipe
    )
    record = run_record(
        config=config.to_json_values(),
        data="ten drawn glyphs",
        data_sha256="0" * 64,
        parameters=1_970,
        epochs=0,
        best_epoch=0,
        train_images=55_000,
    )
    folder.write_record(record)
    folder.model_path.write_bytes(b"keras")
    Calibration(*digits, *digits).save(folder.calibration_path)
    return folder


def arguments_of(tmp_path: Path, run: RunFolder, exported: Path, family: Path) -> Namespace:
    return Namespace(
        preset="nano",
        file=exported,
        run=run.path,
        family=family,
        models=tmp_path / "models",
        picture=tmp_path / "risk.svg",
        export_options="--quantize",
    )


def test_ship_writes_file_card_checksum_and_picture(
    ship: ModuleType, tmp_path: Path, run: RunFolder, exported: Path, family: Path, monkeypatch
) -> None:
    arguments = arguments_of(tmp_path, run, exported, family)
    monkeypatch.setattr(ship, "_arguments", lambda: arguments)
    models = arguments.models
    models.mkdir()
    (models / "sha256.json").write_text('{"edge": "ab"}')

    code = ship.main()

    data = (models / "nano.onnx").read_bytes()
    assert data == exported.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    assert json.loads((models / "sha256.json").read_text()) == {"edge": "ab", "nano": sha256}
    card = ModelCard.from_json((models / "nano.json").read_text())
    assert (card.sha256, card.size_bytes) == (sha256, len(data))
    assert (card.test_accuracy.correct, card.trained_on.images) == (10, 55_000)
    assert card.commands[0].startswith("edge-mnist train --preset nano --data ")
    assert card.commands[1] == "edge-mnist export runs/nano --quantize -o nano.onnx"
    picture = arguments.picture.read_text()
    assert picture.startswith("<?xml")
    # Ten right answers of ten, none of them sure enough: said, and written all the same.
    assert code == (1 if card.calibration_error > 0.005 else 0)


def test_another_export_of_the_same_run_remembers_the_former(
    ship: ModuleType, tmp_path: Path, run: RunFolder, exported: Path, family: Path, monkeypatch
) -> None:
    arguments = arguments_of(tmp_path, run, exported, family)
    monkeypatch.setattr(ship, "_arguments", lambda: arguments)
    ship.main()
    first = hashlib.sha256(exported.read_bytes()).hexdigest()
    again = onnx.load(exported)
    again.doc_string = "exported anew"
    onnx.save(again, exported)
    ship.main()
    ship.main()
    card = ModelCard.from_json((arguments.models / "nano.json").read_text())
    assert card.formerly == (first,)
    assert ship.shipped_names(arguments.models) == {first: "nano", card.sha256: "nano"}
    metadata = Classifier.load(exported).metadata
    teacher = hashlib.sha256((TOOLS.parent / "train" / "teacher.onnx").read_bytes()).hexdigest()
    names = ship.teacher_names(arguments.models)
    assert names == {**ship.shipped_names(arguments.models), teacher: "train/teacher.onnx"}
    other = add_metadata(again, replace(metadata, test_accuracy_keras=Accuracy(correct=1, n=10)))
    assert ship.former_exports(other, card, arguments.models) == ()


def test_file_of_another_run_cannot_ship(
    ship: ModuleType, tmp_path: Path, run: RunFolder, exported: Path, family: Path
) -> None:
    run.write_record(replace(run.read_record(), seed=3))
    arguments = arguments_of(tmp_path, run, exported, family)
    with pytest.raises(ModelError, match="seed 3 in the run, 0 in the file"):
        ship.measure(arguments, exported.read_bytes())


def test_file_of_another_preset_or_precision_cannot_ship(
    ship: ModuleType, tiny_model_path: Path
) -> None:
    metadata = Classifier.load(tiny_model_path).metadata
    metadata = replace(metadata, precision="float32")
    with pytest.raises(ModelError, match="preset 'tiny', expected 'edge'; precision 'float32'"):
        ship.check_origin(metadata, metadata, "edge", "a.onnx")


@pytest.mark.usefixtures("tools")
def test_family_results_become_parts_of_a_card(family: Path) -> None:
    from family_results import PresetResults

    results = PresetResults.read(family, "nano")
    assert results.macs == 4_000
    assert results.seeds is not None
    assert (results.seeds.mean, results.seeds.seeds) == (pytest.approx(0.9), 3)
    assert results.seeds.sd == pytest.approx(0.1)
    assert results.test_correct == {0: 10, 1: 9, 2: 8}
    assert [(score.name, score.correct, score.n) for score in results.handwriting] == [
        ("singles", 120, 140)
    ]
    assert results.latency is not None
    assert [row.model for row in results.latency.rows] == ["nano", "edge"]
    assert results.latency.rows[0].p50_us_per_image_64 == 6.25


@pytest.mark.usefixtures("tools")
def test_results_that_are_not_there_yet_stay_empty(family: Path) -> None:
    from family_results import PresetResults

    results = PresetResults.read(family, "walkthrough")
    assert (results.seeds, results.handwriting) == (None, ())


@pytest.mark.usefixtures("tools")
def test_times_of_different_machines_are_refused(family: Path) -> None:
    from family_results import PresetResults

    document = json.loads(family.read_text())
    document["presets"]["edge"]["latency"]["machine"] = "another"
    family.write_text(json.dumps(document))
    with pytest.raises(ModelError, match="timed on different machines"):
        PresetResults.read(family, "nano")


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("preset", ["max", "nano"])
def test_missing_results_say_how_to_make_them(tmp_path: Path, family: Path, preset: str) -> None:
    from family_results import PresetResults

    path = family if preset == "max" else tmp_path / "none.json"
    with pytest.raises(ModelError, match=rf"no results of preset '{preset}'.*family\.py"):
        PresetResults.read(path, preset)


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": np.zeros(10, np.int64)}, "answers 1 of 10 .* its metadata say 10 of 10"),
        ({"test_correct": {0: 9}}, "answers 10 .* seed 0 answers 9"),
    ],
)
def test_card_is_refused_where_the_answers_differ(
    tiny_model_path: Path, digits, changes: dict[str, Any], message: str
) -> None:
    from family_results import PresetResults
    from ship_card import make_card

    with pytest.raises(ModelError, match=message):
        make_card(
            name="tiny",
            summary="ten strokes",
            data=tiny_model_path.read_bytes(),
            classifier=Classifier.load(tiny_model_path),
            test=(digits[0], changes.get("labels", digits[1])),
            train_images=10,
            commands=(),
            results=PresetResults(test_correct=changes.get("test_correct", {})),
        )


def test_missed_marks_are_told_in_words(ship: ModuleType) -> None:
    card = read_card("edge")
    assert ship.missed_marks(card) == []
    (left,) = (p.errors for p in card.risk_coverage if abs(p.coverage - 0.99) < 1e-3)
    better = replace(card, test_accuracy=Accuracy(correct=9_995, n=10_000), calibration_error=0.01)
    assert ship.missed_marks(better) == [
        "calibration error 1.00 %, at most 0.50 %",
        f"{left} of 5 errors left at 1 % rejected, at most half",
    ]


@pytest.mark.usefixtures("tools")
def test_train_command_is_the_shortest_that_makes_the_run(run: RunFolder) -> None:
    from train_command import train_command

    from edge_train.config import TrainConfig, override
    from edge_train.presets import find_preset

    recipe = find_preset("edge").find_recipe("fast")
    config = TrainConfig(
        preset="edge",
        data="mnist",
        out=Path("somewhere/else"),
        seed=3,
        recipe=override(recipe, epochs=9, learning_rate=0.5),
        teachers=("max", "/far/away/big.onnx"),
        overridden=("epochs",),
    )
    values = json.loads(json.dumps(config.to_json_values()))
    record = replace(
        run.read_record(), config=values, data="mnist", teacher_sha256=("ab", "cd"), preset="edge"
    )
    command = train_command(record, {"ab": "max"})
    assert command.startswith("edge-mnist train --preset edge --")
    for words in (
        "--epochs 9",
        "--learning-rate 0.5",
        "--teacher max --teacher big.onnx",
        "--seed 3",
    ):
        assert words in command
    assert "--data" not in command
    plain = replace(config, recipe=find_preset("edge").recipe, teachers=(), overridden=())
    record = replace(record, config=plain.to_json_values(), teacher_sha256=())
    assert train_command(record, {}) == "edge-mnist train --preset edge --seed 3"


@pytest.mark.usefixtures("tools")
def test_recipe_that_no_preset_has_is_refused(run: RunFolder) -> None:
    from train_command import train_command

    from edge_infer.errors import RunError

    record = run.read_record()
    config = {**record.config, "recipe": {**record.config["recipe"], "weight_decay": 0.5}}
    with pytest.raises(RunError, match="no recipe of preset 'nano'"):
        train_command(replace(record, config=config), {})


@pytest.mark.usefixtures("tools")
def test_picture_is_the_same_each_time(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="drawing needs matplotlib")
    from risk_picture import draw_risks

    random = np.random.default_rng(0)
    answers = random.dirichlet(np.ones(10), 500).astype(np.float32)
    labels = random.integers(0, 10, 500)
    for path in (tmp_path / "a.svg", tmp_path / "b.svg"):
        draw_risks({"nano": answers, "edge": answers}, labels, path)
    assert (tmp_path / "a.svg").read_text() == (tmp_path / "b.svg").read_text()
