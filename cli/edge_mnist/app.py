"""The Typer application: global options and the list of verbs."""

from __future__ import annotations

from typing import Annotated

import typer

from edge_mnist import (
    bench,
    doctor,
    evaluate,
    explore,
    export,
    models,
    predict,
    read,
    samples,
    train,
    verify,
    webcam,
)
from edge_mnist.options import epilog

app = typer.Typer(
    name="edge-mnist",
    help="Train, quantize and run small networks that recognise handwritten digits.",
    epilog="Start with: edge-mnist read photo.jpg",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (train, export, verify, evaluate, predict, read, webcam, samples, explore, doctor):
    verb = module.__name__.rpartition(".")[2]
    app.command(verb, epilog=epilog(module.EXAMPLES), no_args_is_help=False)(module.command)
app.add_typer(models.app, name="models", epilog=epilog(models.EXAMPLES))
app.add_typer(bench.app, name="bench", epilog=epilog(bench.EXAMPLES))


def _print_version(wanted: bool) -> None:
    if wanted:
        from edge_mnist import __version__

        typer.echo(f"edge-mnist {__version__}")
        raise typer.Exit


@app.callback()
def _global_options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", help="Show logs of libraries, and tracebacks of errors."),
    ] = False,
) -> None:
    del version
    if verbose:
        from edge_infer.environment import set_verbose

        set_verbose()
