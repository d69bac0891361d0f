"""`edge-mnist models`: the list, the cards, and what a file says about itself."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from edge_infer.glyph.classifier import Classifier
from edge_infer.model.cards import HandwritingScore, Latency, LatencyRow, ModelCard, SeedSpread
from edge_infer.model.shipped import DEFAULT_MODEL, read_card, shipped_models
from edge_mnist.models_view import ModelFile, card_view, file_view, models_table


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge_mnist", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "80"},
        timeout=60,
        check=False,
    )


@pytest.fixture
def full_card() -> ModelCard:
    """A card on which nothing is missing, with long words."""
    rows = [
        LatencyRow(model=name, p50_us=p50_us, p50_us_per_image_64=p50_us / 2)
        for name, p50_us in (("nano", 12.34), ("edge", 25.0), ("max", 180.25))
    ]
    return replace(
        read_card(DEFAULT_MODEL),
        commands=(f"edge-mnist train --preset edge --teacher {'a-very-long-name' * 8}.onnx",),
        seeds=SeedSpread(mean=0.99701, sd=0.00032, seeds=5),
        handwriting=(HandwritingScore(name="optdigits", correct=2773, n=2880),),
        latency=Latency(machine="A Processor With A Long Name (AVX-512 VNNI)", rows=tuple(rows)),
    )


def rendered(view: object, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    with console.capture() as captured:
        console.print(view, crop=False)
    return captured.get()


def test_models_lists_each_in_a_line_and_marks_the_default() -> None:
    result = run("models")
    assert result.returncode == 0, result.stderr
    lines = {line.split()[0]: line for line in result.stdout.splitlines() if line}
    for name in shipped_models():
        card = read_card(name)
        assert f"{card.parameters:,}" in lines[name]
        assert f"{100 * card.test_accuracy.fraction:.2f} % (" in lines[name]
        assert lines[name].endswith(card.summary)
        assert (" * " in lines[name]) == (name == DEFAULT_MODEL)
    assert "\x1b" not in result.stdout
    assert not any(line.endswith(" ") for line in result.stdout.splitlines())


def test_models_json_holds_every_card() -> None:
    document = json.loads(run("models", "--json").stdout)
    assert document["default"] == DEFAULT_MODEL
    assert {card["name"] for card in document["models"]} == set(shipped_models())
    for card in document["models"]:
        assert ModelCard.from_json(json.dumps(card)) == read_card(card["name"])


@pytest.mark.parametrize("name", shipped_models())
def test_show_prints_the_card(name: str) -> None:
    result = run("models", "show", name)
    card = read_card(name)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"{name}  {card.summary}\n")
    for text in (card.sha256, *card.commands, *card.not_good_for, f"{card.reject.threshold:.3f}"):
        assert text in result.stdout
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize("arguments", [("show", "edge", "--json"), ("--json", "show", "edge")])
def test_show_json_is_the_card(arguments: tuple[str, ...]) -> None:
    assert ModelCard.from_json(run("models", *arguments).stdout) == read_card("edge")


def test_show_of_a_file_prints_its_metadata(tiny_model_path: Path) -> None:
    result = run("models", "show", tiny_model_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"{tiny_model_path}\n")
    for text in ("ten drawn glyphs", "int8", "0 1 2 3 4 5 6 7 8 9", "3.1 kB"):
        assert text in result.stdout


def test_file_view_tells_of_weights_of_four_bits(tiny_model_path: Path) -> None:
    metadata = Classifier.load(tiny_model_path).metadata
    file = ModelFile(path="x.onnx", size_bytes=1, sha256="", metadata=metadata)
    assert "bits" not in rendered(file_view(file), 80)
    small = replace(file, metadata=replace(metadata, weight_bits=4))
    assert "int8, most weights of 4 bits" in rendered(file_view(small), 80)


def test_show_json_of_a_file_is_its_metadata(tiny_model_path: Path) -> None:
    document = json.loads(run("models", "show", tiny_model_path, "--json").stdout)
    assert document["path"] == str(tiny_model_path)
    assert document["size_bytes"] == tiny_model_path.stat().st_size
    assert document["metadata"]["preset"] == "tiny"


@pytest.mark.parametrize(
    "arguments", [("models", "show", "edg"), ("predict", "x.png", "--model", "edg")]
)
def test_unknown_name_says_which_was_meant(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.returncode == 1
    assert result.stderr.startswith("error: no model 'edg' is shipped: did you mean 'edge'?")
    assert len(result.stderr.splitlines()) == 1


def test_missing_file_is_told_as_a_file() -> None:
    result = run("models", "show", "edg.onnx")
    assert result.returncode == 1
    assert result.stderr.startswith("error: there is no model file edg.onnx")


def test_file_without_a_suffix_is_a_model_too(tmp_path: Path, tiny_model_path: Path) -> None:
    (tmp_path / "edgy").write_bytes(tiny_model_path.read_bytes())
    result = subprocess.run(
        [sys.executable, "-m", "edge_mnist", "models", "show", "edgy"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_foreign_file_is_an_error_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "text.onnx"
    path.write_text("hello")
    result = run("models", "show", path)
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [("models", "--help"), ("models", "show", "--help")])
def test_help_has_examples(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.returncode == 0
    assert "edge-mnist models show" in result.stdout
    assert "Examples" in result.stdout


@pytest.mark.parametrize("verb", ["predict", "webcam"])
def test_help_of_model_names_what_ships(verb: str) -> None:
    words = " ".join(run(verb, "--help").stdout.replace("│", " ").split())
    assert "NAME|FILE" in words
    assert "nano, edge, max" in words


@pytest.mark.parametrize("width", [80, 120])
def test_table_fits_the_terminal(full_card: ModelCard, width: int) -> None:
    cards = [replace(full_card, name=name) for name in ("nano", "edge", "max")]
    text = rendered(models_table(cards, "edge", width=width), width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    size_kb, parameters = f"{full_card.size_bytes / 1000:.1f} kB", f"{full_card.parameters:,}"
    for word in (size_kb, parameters, "12.3 µs", "180.2 µs", "Long Name"):
        assert word in text


@pytest.mark.parametrize("width", [80, 120])
def test_card_fits_the_terminal_but_for_its_commands(full_card: ModelCard, width: int) -> None:
    lines = rendered(card_view(full_card), width).splitlines()
    (command,) = (line for line in lines if "edge-mnist train" in line)
    assert command.strip() == full_card.commands[0]
    assert max(len(line) for line in lines if line != command) <= width
    text = "\n".join(lines)
    for word in ("99.701 % ± 0.032 points, 5 seeds", "optdigits", "96.28 %", "180.2 µs", "90.1 µs"):
        assert word in text
    assert "…" not in text


def test_card_says_what_was_not_measured(full_card: ModelCard) -> None:
    card = replace(full_card, macs=None, seeds=None, handwriting=(), latency=None)
    text = rendered(card_view(card), 80)
    assert text.count("not measured") == 2
    assert "Latency" not in text
