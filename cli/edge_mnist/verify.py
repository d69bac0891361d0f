"""`edge-mnist verify`: compare a model file with the Keras model that it was exported from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.text import Text

from edge_mnist.options import (
    JsonOption,
    MaxDeltaOption,
    MaxDropOption,
    MinAgreementOption,
    RunArgument,
)
from edge_mnist.startup import start_tensorflow
from edge_mnist.terminal import ERR, OUT, interval, make_table, percent, show, stack

if TYPE_CHECKING:
    from edge_export import ParityReport

EXAMPLES: Final = """
- `edge-mnist verify runs/edge digits.onnx`
- `edge-mnist verify runs/edge digits.onnx --json > parity.json`
- `edge-mnist verify runs/edge digits.onnx --show-changed changed.png`
"""
# Rows of a table with the columns "", "Keras" and "file".
ParityRows = list[tuple[str | Text, ...]]


def command(
    *,
    run: RunArgument,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Model file that was exported from RUN.")
    ],
    as_json: JsonOption = False,
    show_changed: Annotated[
        Path | None,
        typer.Option(metavar="OUT.png", help="Draw the test images whose label changed."),
    ] = None,
    min_agreement: MinAgreementOption = None,
    max_drop: MaxDropOption = None,
    max_delta: MaxDeltaOption = None,
) -> None:
    """Compare a model FILE with the Keras model of its RUN on the test images of the run.

    The exit code is 1 when the file is outside the limits.
    """
    start_tensorflow("export", "verify")
    from edge_export import GateOptions, verify_file

    gates = GateOptions(
        min_agreement_percent=min_agreement, max_drop_points=max_drop, max_delta=max_delta
    )
    with ERR.status("reading the run") as status:
        report = verify_file(run, file, status.update, gates=gates, show_changed=show_changed)
    if as_json:
        OUT.print(report.to_json(), markup=False)
    else:
        title = f"{report.precision} file compared with Keras, {report.n:,} test images"
        show_parity(title, parity_rows(report))
    report.check(str(file))


def show_parity(title: str, rows: ParityRows) -> None:
    """Print a table of values of the Keras model and of the file."""
    headings = ("", "Keras", "file")
    show(stack(Text(title, style="italic"), make_table(headings, rows, text=headings)))


def parity_rows(report: ParityReport) -> ParityRows:
    """Return accuracies, differences, the limits and the verdict."""
    from edge_infer.model.reliability import wilson_interval

    keras, file = report.accuracy_keras, report.accuracy
    intervals = (interval(*wilson_interval(one)) for one in (keras, file))
    limits = (
        f"{report.gates.allowed_changes(report.n)} changed",
        f"{report.gates.allowed_losses(report.n)} lost",
        f"|Δp| {report.gates.max_delta:g}",
    )
    outside = Text("outside the limits", style="bold red")
    return [
        ("test accuracy", percent(keras.fraction), percent(file.fraction)),
        ("95 % interval", *intervals),
        ("top-1 agreement", "", percent(report.agreement)),
        ("labels changed", "", f"{len(report.changed_indices):,} of {report.n:,}"),
        ("largest |Δp|", "", f"{report.max_delta:.2g}"),
        ("mean |Δp|", "", f"{report.mean_delta:.2g}"),
        ("limits", "", ", ".join(limits)),
        ("verdict", "", outside if report.failures else "within the limits"),
    ]
