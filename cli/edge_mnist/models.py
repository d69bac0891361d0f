"""`edge-mnist models`: list the shipped models, and show what is known about each."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from edge_mnist.options import JsonOption

EXAMPLES: Final = """
**Examples**

    edge-mnist models                     # the models in the package

    edge-mnist models show nano           # the card of one model

    edge-mnist models show digits.onnx    # the metadata of any model file

    edge-mnist models --json | jq '.models[] | [.name, .size_bytes]'
"""
SHOW_EXAMPLES: Final = """
**Examples**

    edge-mnist models show edge

    edge-mnist models show runs/edge/edge.int8.onnx

    edge-mnist models show page --json > page.json
"""

app = typer.Typer(rich_markup_mode="markdown")


@app.callback(invoke_without_command=True)
def command(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """List the shipped models: size, accuracy, latency, and the purpose of each.

    Each name can be given as --model to the other verbs.
    """
    if context.invoked_subcommand is not None:
        return
    from edge_mnist.startup import start_quickly

    start_quickly()
    from edge_infer.model.shipped import DEFAULT_MODEL, read_card, shipped_models
    from edge_mnist.models_view import models_view
    from edge_mnist.terminal import show, width

    cards = sorted(map(read_card, shipped_models()), key=lambda card: card.size_bytes)
    if as_json:
        values = [card.to_json_values() for card in cards]
        _print_json({"default": DEFAULT_MODEL, "models": values})
    else:
        show(models_view(cards, DEFAULT_MODEL, width=width()))


@app.command("show", epilog=SHOW_EXAMPLES, no_args_is_help=False)
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
    from edge_mnist.startup import start_quickly

    start_quickly()
    import hashlib
    from dataclasses import asdict

    from edge_infer.model.session import open_model
    from edge_infer.model.shipped import read_card, read_model, shipped_models
    from edge_mnist.models_view import card_view, file_view
    from edge_mnist.terminal import show

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

    from edge_mnist.terminal import OUT

    OUT.print(json.dumps(values, indent=2, ensure_ascii=False), markup=False)
