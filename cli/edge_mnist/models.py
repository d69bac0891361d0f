"""`edge-mnist models`: list the shipped models, and show what is known about each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.padding import Padding
from rich.text import Text

from edge_mnist.options import JsonOption, epilog
from edge_mnist.startup import start_quickly
from edge_mnist.terminal import (
    OUT,
    bullets,
    kilobytes,
    make_grid,
    make_table,
    percent,
    show,
    stack,
    width,
)

if TYPE_CHECKING:
    from rich.console import RenderableType

    from edge_infer.model.cards import Latency, ModelCard
    from edge_infer.model.metadata import Accuracy, ModelMetadata

EXAMPLES: Final = """
    edge-mnist models                     # the models in the package
    edge-mnist models show nano           # the card of one model
    edge-mnist models show digits.onnx    # the metadata of any model file
    edge-mnist models --json | jq '.models[] | [.name, .size_bytes]'
"""
SHOW_EXAMPLES: Final = """
    edge-mnist models show edge
    edge-mnist models show runs/edge/edge.int8.onnx
    edge-mnist models show page --json > page.json
"""
# A terminal with this number of columns has room for an accuracy and its interval in a line.
_WIDE_COLUMNS: Final = 110
_UNKNOWN: Final = "not measured"

app = typer.Typer(rich_markup_mode="markdown")


@app.callback(invoke_without_command=True)
def command(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """List the shipped models: size, accuracy, latency, and the purpose of each.

    Each name can be given as --model to the other verbs.
    """
    if context.invoked_subcommand is not None:
        return
    start_quickly()
    from edge_infer.model.shipped import DEFAULT_MODEL, read_card, shipped_models

    cards = sorted(map(read_card, shipped_models()), key=lambda card: card.size_bytes)
    if as_json:
        values = [card.to_json_values() for card in cards]
        _print_json({"default": DEFAULT_MODEL, "models": values})
    else:
        show(models_view(cards, DEFAULT_MODEL, columns=width()))


@app.command("show", epilog=epilog(SHOW_EXAMPLES), no_args_is_help=False)
def show_command(
    context: typer.Context,
    *,
    model: Annotated[
        str,
        typer.Argument(
            metavar="NAME|FILE",
            help="A shipped model, or an .onnx file made by `edge-mnist export`.",
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Show the card of a shipped model, or the metadata of a model file."""
    start_quickly()
    import hashlib
    from dataclasses import asdict

    from edge_infer.model.session import open_model
    from edge_infer.model.shipped import read_card, read_model, shipped_models

    # `models --json show edge` means the same.
    as_json |= context.parent is not None and context.parent.params.get("as_json", False)
    # A shipped model is read too: a damaged file must not be described by its card.
    data = read_model(model)
    if model in shipped_models():
        card = read_card(model)
        _print_json(card.to_json_values()) if as_json else show(card_view(card))
        return
    sha256, metadata = hashlib.sha256(data).hexdigest(), open_model(data, model).metadata
    if as_json:
        values = {"path": model, "size_bytes": len(data), "sha256": sha256}
        _print_json(values | {"metadata": asdict(metadata)})
    else:
        show(file_view(model, len(data), sha256, metadata))


def _print_json(values: object) -> None:
    import json

    OUT.print(json.dumps(values, indent=2, ensure_ascii=False), markup=False)


def models_view(cards: Sequence[ModelCard], default: str, *, columns: int) -> RenderableType:
    """Return a table of shipped models for a terminal with a number of columns."""
    separator = " " if columns >= _WIDE_COLUMNS else "\n"
    rows = [
        (
            Text(f"{card.name} *" if card.name == default else card.name, style="bold"),
            kilobytes(card.size_bytes),
            f"{card.parameters:,}",
            _accuracy(card.test_accuracy, separator),
            _microseconds(card.own_latency.p50_us) if card.own_latency else "-",
            card.summary,
        )
        for card in cards
    ]
    headings = ("model", "size", "parameters", "test accuracy", "one image", "purpose")
    machines = {card.latency.machine for card in cards if card.latency}
    notes = ["* the default of --model; read and webcam use page", "in brackets: 95 % interval"]
    notes += [f"one image: p50, one thread, {machine}" for machine in sorted(machines)]
    table = make_table(headings, rows, text=("model", "purpose"))
    return stack(table, "", Text("\n".join(notes), style="dim"))


def card_view(card: ModelCard) -> RenderableType:
    """Return a card in full."""
    # Commands are not indented by Padding, which would crop them: the terminal wraps a long
    # command, so that it can be copied.
    commands = "\n".join(f"  {command}" for command in card.commands)
    parts: list[RenderableType] = [
        Text.assemble((card.name, "bold"), f"  {card.summary}"),
        "",
        _facts(_card_facts(card)),
        *("", Text("Commands", style="bold")),
        Text(commands, no_wrap=True, overflow="ignore"),
    ]
    for title, content in _card_sections(card).items():
        indented = Padding(content, (0, 0, 0, 2), expand=False)
        parts += ["", Text(title, style="bold"), indented]
    return stack(*parts)


def file_view(path: str, size_bytes: int, sha256: str, metadata: ModelMetadata) -> RenderableType:
    """Return the metadata of a model file."""
    names = metadata.class_names
    is_small = metadata.weight_bits == 4
    facts = {
        "network": f"{metadata.preset}, {metadata.parameters:,} parameters",
        "precision": metadata.precision + (", most weights with 4 bits" if is_small else ""),
        "classes": f"{len(names)}: {' '.join(names)}",
        "trained on": f"{metadata.data}, {metadata.epochs} epochs, seed {metadata.seed}",
        "data, SHA-256": metadata.data_sha256,
        "test accuracy": _accuracy(metadata.test_accuracy),
        "test, Keras": _accuracy(metadata.test_accuracy_keras),
        "validation accuracy": _accuracy(metadata.validation_accuracy),
        "validation, Keras": _accuracy(metadata.validation_accuracy_keras),
        "reject threshold": f"{metadata.reject_threshold:.3f}",
        "temperature": f"{metadata.temperature:.3f}",
        "file": f"{kilobytes(size_bytes)} ({size_bytes:,} bytes)",
        "SHA-256": sha256,
        "made with": ", ".join(map(" ".join, metadata.versions.items())),
        "licence": metadata.licence,
    }
    return stack(Text(path, style="bold"), "", _facts(facts))


def _facts(facts: dict[str, str]) -> RenderableType:
    return make_grid((Text(name, style="dim"), text) for name, text in facts.items())


def _card_facts(card: ModelCard) -> dict[str, str]:
    trained_on, seeds, reject = card.trained_on, card.seeds, card.reject
    spread = _UNKNOWN
    if seeds:
        mean = f"{percent(seeds.mean, 3)} ± {100 * seeds.sd:.3f} points"
        spread = f"{mean}, {seeds.seeds} seeds"
    macs = f"{card.macs:,} MACs per image" if card.macs is not None else f"MACs {_UNKNOWN}"
    rejected = f"on the test images {reject.n - reject.kept:,} are rejected"
    return {
        "test accuracy": _accuracy(card.test_accuracy),
        "validation accuracy": _accuracy(card.validation_accuracy),
        "over seeds, test": spread or _UNKNOWN,
        "calibration error": f"{percent(card.calibration_error)} (expected, 15 bins)",
        "reject threshold": f"{reject.threshold:.3f}; {rejected}, {reject.errors:,} errors left",
        "network": f"{card.parameters:,} parameters, {macs}",
        "trained on": f"{trained_on.data}, {trained_on.images:,} images",
        "data, SHA-256": trained_on.sha256,
        "file": f"{kilobytes(card.size_bytes)} ({card.size_bytes:,} bytes)",
        "SHA-256": card.sha256,
        "licence": card.licence,
    }


def _card_sections(card: ModelCard) -> dict[str, RenderableType]:
    risks = make_table(
        ("coverage", "threshold", "errors left", "risk"),
        [
            (percent(one.coverage), f"{one.threshold:.4f}", f"{one.errors:,}", percent(one.risk, 3))
            for one in card.risk_coverage
        ],
    )
    scores = make_table(
        ("pictures", "right", "of", "accuracy"),
        [
            (one.name, f"{one.correct:,}", f"{one.n:,}", percent(one.correct / one.n))
            for one in card.handwriting
        ],
        text=("pictures",),
    )
    title = "Errors left when uncertain predictions are rejected, test images"
    sections: dict[str, RenderableType] = {title: risks}
    if card.handwriting:
        sections["Handwriting from other data sets"] = scores
    if card.latency:
        title = f"Latency, p50, one thread, {card.latency.machine}"
        sections[title] = _latencies(card.latency, card.name)
    return sections | {"Not suitable for": bullets(card.not_good_for)}


def _latencies(latency: Latency, own_name: str) -> RenderableType:
    rows = [
        [
            Text(text, style="bold" if row.model == own_name else "")
            for text in (row.model, *map(_microseconds, (row.p50_us, row.p50_us_per_image_64)))
        ]
        for row in latency.rows
    ]
    headings = ("model", "one image", "per image in a batch of 64")
    return make_table(headings, rows, text=("model",))


def _microseconds(time_us: float) -> str:
    return f"{time_us:.1f} µs"


def _accuracy(accuracy: Accuracy, separator: str = " ") -> str:
    from edge_infer.model.reliability import wilson_interval

    low, high = wilson_interval(accuracy)
    return f"{percent(accuracy.fraction)}{separator}({100 * low:.2f} to {percent(high)})"
