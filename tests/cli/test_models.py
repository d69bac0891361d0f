"""`edge-mnist models`: the list, the cards, and the metadata of a file."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from edge_infer.glyph.classifier import Classifier
from edge_infer.model.cards import HandwritingScore, Latency, LatencyRow, ModelCard, SeedSpread
from edge_infer.model.shipped import DEFAULT_MODEL, read_card, shipped_models
from edge_mnist.models import card_view, file_view, models_view


@pytest.fixture
def full_card() -> ModelCard:
    """A card in which nothing is missing, with long words."""
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


def test_models_lists_each_in_a_line_and_marks_the_default(edge_mnist) -> None:
    ran = edge_mnist("models")
    assert (ran.code, ran.err) == (0, "")
    lines = {line.split()[0]: line for line in ran.out.splitlines() if line}
    for name in shipped_models():
        card = read_card(name)
        assert f"{card.parameters:,}" in lines[name]
        assert f"{100 * card.test_accuracy.fraction:.2f} % (" in lines[name]
        assert lines[name].endswith(card.summary)
        assert (" * " in lines[name]) == (name == DEFAULT_MODEL)
    assert not any(line.endswith(" ") for line in ran.out.splitlines())


def test_models_json_holds_every_card(edge_mnist) -> None:
    document = json.loads(edge_mnist("models", "--json").out)
    assert document["default"] == DEFAULT_MODEL
    cards = {card["name"]: ModelCard.from_json(json.dumps(card)) for card in document["models"]}
    assert cards == {name: read_card(name) for name in shipped_models()}


@pytest.mark.parametrize("name", shipped_models())
def test_show_prints_the_card(edge_mnist, name: str) -> None:
    ran = edge_mnist("models", "show", name)
    card = read_card(name)
    assert ran.out.startswith(f"{name}  {card.summary}\n")
    for text in (card.sha256, *card.commands, *card.not_good_for, f"{card.reject.threshold:.3f}"):
        assert text in ran.out


@pytest.mark.parametrize("words", [("show", "edge", "--json"), ("--json", "show", "edge")])
def test_show_json_is_the_card(edge_mnist, words: tuple[str, ...]) -> None:
    assert ModelCard.from_json(edge_mnist("models", *words).out) == read_card("edge")


def test_show_of_a_file_prints_its_metadata(edge_mnist, tiny_model_path: Path) -> None:
    ran = edge_mnist("models", "show", tiny_model_path)
    assert ran.code == 0
    assert ran.out.startswith(f"{tiny_model_path}\n")
    for text in ("ten drawn glyphs", "int8", "0 1 2 3 4 5 6 7 8 9", "3.1 kB"):
        assert text in ran.out
    document = json.loads(edge_mnist("models", "show", tiny_model_path, "--json").out)
    assert document["path"] == str(tiny_model_path)
    assert document["size_bytes"] == tiny_model_path.stat().st_size
    assert document["metadata"]["preset"] == "tiny"


def test_file_view_shows_weights_with_four_bits(tiny_model_path: Path) -> None:
    metadata = Classifier.load(tiny_model_path).metadata
    for weight_bits in (8, 4):
        file = file_view("x.onnx", 1, "", replace(metadata, weight_bits=weight_bits))
        assert ("4 bits" in rendered(file, 80)) == (weight_bits == 4)


def test_file_without_a_suffix_is_a_model_too(
    edge_mnist, tmp_path: Path, tiny_model_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("edgy").write_bytes(tiny_model_path.read_bytes())
    assert edge_mnist("models", "show", "edgy").code == 0


@pytest.mark.parametrize("verb", ["predict", "webcam"])
def test_help_of_model_names_what_ships(edge_mnist, verb: str) -> None:
    words = edge_mnist(verb, "--help").out
    for name in shipped_models():
        assert name in words


@pytest.mark.parametrize("width", [80, 120])
def test_tables_fit_the_terminal(full_card: ModelCard, width: int) -> None:
    cards = [replace(full_card, name=name) for name in ("nano", "edge", "max")]
    table = rendered(models_view(cards, "edge", columns=width), width)
    card = rendered(card_view(full_card), width)
    (command,) = (line for line in card.splitlines() if "edge-mnist train" in line)
    # Commands are longer, so that they can be copied.
    assert command.strip() == full_card.commands[0]
    lines = [line for line in (table + card).splitlines() if line != command]
    assert max(map(len, lines)) <= width
    assert "…" not in table + card
    size_kb, parameters = f"{full_card.size_bytes / 1000:.1f} kB", f"{full_card.parameters:,}"
    for word in (size_kb, parameters, "12.3 µs", "180.2 µs", "Long Name"):
        assert word in table
    for word in ("99.701 % ± 0.032 points", "optdigits", "96.28 %", "180.2 µs", "90.1 µs"):
        assert word in card


def test_card_names_what_was_not_measured(full_card: ModelCard) -> None:
    card = replace(full_card, macs=None, seeds=None, handwriting=(), latency=None)
    text = rendered(card_view(card), 80)
    assert text.count("not measured") == 2
    assert "Latency" not in text
