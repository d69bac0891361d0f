"""`edge-mnist export`."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated, Final

import typer

from edge_mnist.options import (
    ForceOption,
    MaxDeltaOption,
    MaxDropOption,
    MinAgreementOption,
    RunArgument,
)

EXAMPLES: Final = """
**Examples**

- `edge-mnist export runs/edge --quantize` writes runs/edge/edge.int8.onnx

- `edge-mnist export runs/nano --quantize --four-bit --min-agreement 99.8` makes the smallest

- `edge-mnist export runs/edge -o digits.onnx` writes a float file

- `edge-mnist export runs/edge --quantize --min-agreement 99.5 -o digits.onnx --force`
"""


def command(
    *,
    run: RunArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write; by default RUN/PRESET.onnx, or RUN/PRESET.int8.onnx.",
        ),
    ] = None,
    quantize: Annotated[
        bool, typer.Option("--quantize", help="Make weights and activations 8-bit integers.")
    ] = False,
    four_bit: Annotated[
        bool,
        typer.Option(
            "--four-bit",
            help="With --quantize: round the weights of convolutions, but the first, to 4 bits. "
            "A third off a file like nano's.",
        ),
    ] = False,
    force: ForceOption = False,
    no_verify: Annotated[
        bool, typer.Option("--no-verify", help="Keep the file even outside the limits below.")
    ] = False,
    keep_failed: Annotated[
        bool,
        typer.Option("--keep-failed", help="Keep a file outside the limits as *.failed.onnx."),
    ] = False,
    min_agreement: MinAgreementOption = None,
    max_drop: MaxDropOption = None,
    max_delta: MaxDeltaOption = None,
) -> None:
    """Turn a finished RUN into one small ONNX file, and prove that nothing was lost.

    The file holds all that it needs: scaling, softmax, class names, calibrated
    confidences. It answers the run's test images and is kept only if its answers are
    those of the Keras model.
    """
    from edge_infer.errors import UsageError
    from edge_mnist.console import ERR, OUT
    from edge_mnist.extras import import_tensorflow, require

    if four_bit and not quantize:
        raise UsageError("--four-bit rounds quantized weights: add --quantize")
    verbose = bool(os.environ.get("EDGE_MNIST_VERBOSE"))
    require("export", "export")
    with ERR.status("starting TensorFlow") as status:
        import_tensorflow(verbose=verbose)
        from edge_export import ExportConfig, GateOptions, export_run
        from edge_mnist.parity_view import export_table

        result = export_run(
            ExportConfig(
                run=run,
                output=output,
                quantize=quantize,
                weight_bits=4 if four_bit else 8,
                force=force,
                verify=not no_verify,
                keep_failed=keep_failed,
                gates=GateOptions(
                    min_agreement_percent=min_agreement,
                    max_drop_points=max_drop,
                    max_delta=max_delta,
                ),
                verbose=verbose,
            ),
            status.update,
        )
    OUT.print(export_table(result))
    file = shlex.quote(str(result.path))
    OUT.print(f"Try: edge-mnist predict some.png --model {file}", markup=False)
