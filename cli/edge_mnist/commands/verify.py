"""`edge-mnist verify`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from edge_mnist.options import MaxDeltaOption, MaxDropOption, MinAgreementOption, RunArgument

EXAMPLES: Final = """
**Examples**

- `edge-mnist verify runs/edge digits.onnx`

- `edge-mnist verify runs/edge digits.onnx --json > parity.json`

- `edge-mnist verify runs/edge digits.onnx --show-changed changed.png`
"""


def command(
    *,
    run: RunArgument,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Model file that was exported from RUN.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the report as JSON instead of a table.")
    ] = False,
    show_changed: Annotated[
        Path | None,
        typer.Option(
            "--show-changed",
            metavar="OUT.png",
            help="Draw the test images whose label changed, with both answers.",
        ),
    ] = None,
    min_agreement: MinAgreementOption = None,
    max_drop: MaxDropOption = None,
    max_delta: MaxDeltaOption = None,
) -> None:
    """Compare a model FILE with the Keras model of its RUN on the run's test images.

    The exit code is 1 when the file is outside the limits.
    """
    from edge_mnist.console import ERR, OUT
    from edge_mnist.extras import import_tensorflow, require

    verbose = bool(os.environ.get("EDGE_MNIST_VERBOSE"))
    require("export", "verify")
    with ERR.status("starting TensorFlow") as status:
        import_tensorflow(verbose=verbose)
        from edge_export import GateOptions, VerifyConfig, verify_file
        from edge_mnist.parity_view import parity_table

        gates = GateOptions(
            min_agreement_percent=min_agreement, max_drop_points=max_drop, max_delta=max_delta
        )
        report = verify_file(
            VerifyConfig(run=run, file=file, show_changed=show_changed, gates=gates),
            status.update,
        )
    OUT.print(report.to_json() if as_json else parity_table(report), markup=False)
    report.check(str(file))
