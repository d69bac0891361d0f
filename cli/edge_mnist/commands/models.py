"""`edge-mnist models`: the models that ship, and what is known of each."""

from __future__ import annotations

from typing import Annotated, Final

import typer

EXAMPLES: Final = """
**Examples**

    edge-mnist models                     # the models inside the package

    edge-mnist models show nano           # the card of one of them

    edge-mnist models show digits.onnx    # what a file of your own says about itself

    edge-mnist models --json | jq '.models[] | [.name, .size_bytes]'
"""
SHOW_EXAMPLES: Final = """
**Examples**

    edge-mnist models show edge

    edge-mnist models show runs/edge/edge.int8.onnx

    edge-mnist models show max --json > max.json
"""
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

app = typer.Typer(rich_markup_mode="markdown")


@app.callback(invoke_without_command=True)
def command(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """List the models that ship: size, accuracy, latency, and what each is for.

    Any of their names serves as --model in the other verbs.
    """
    if context.invoked_subcommand is not None:
        return
    from edge_mnist.quick_start import start_and_end_quickly

    start_and_end_quickly()
    from edge_mnist.models import list_models

    list_models(as_json=as_json)


@app.command(epilog=SHOW_EXAMPLES, no_args_is_help=False)
def show(
    context: typer.Context,
    *,
    model: Annotated[
        str,
        typer.Argument(
            metavar="NAME|FILE",
            help="A model that ships, or an .onnx made by `edge-mnist export`.",
            show_default=False,
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Show the card of a model that ships, or what a model file says about itself."""
    from edge_mnist.quick_start import start_and_end_quickly

    start_and_end_quickly()
    from edge_mnist.models import show_model

    # `models --json show edge` means the same.
    before = context.parent is not None and context.parent.params.get("as_json", False)
    show_model(model, as_json=as_json or before)
