"""`edge-mnist export`: convert a training run to an ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from edge_mnist.options import (
    ForceOption,
    MaxDeltaOption,
    MaxDropOption,
    MinAgreementOption,
    RunArgument,
)
from edge_mnist.startup import start_tensorflow
from edge_mnist.terminal import ERR, OUT, kilobytes, percent
from edge_mnist.verify import ParityRows, parity_rows, show_parity

if TYPE_CHECKING:
    from edge_export import ExportResult

EXAMPLES: Final = """
- `edge-mnist export runs/edge --quantize` writes runs/edge/edge.int8.onnx
- `edge-mnist export runs/nano --quantize --four-bit --min-agreement 99.8` writes the smallest file
- `edge-mnist export runs/edge -o digits.onnx` writes a float file
- `edge-mnist export runs/edge --quantize --min-agreement 99.5 -o digits.onnx --force`
"""


def command(
    *,
    run: RunArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            *("--output", "-o"),
            metavar="FILE",
            help="File to write. [default: RUN/PRESET.onnx, or RUN/PRESET.int8.onnx]",
        ),
    ] = None,
    quantize: Annotated[
        bool, typer.Option("--quantize", help="Quantize weights and activations to int8.")
    ] = False,
    four_bit: Annotated[
        bool,
        typer.Option(
            "--four-bit",
            help="With --quantize: 4 bits for the weights of all convolutions but the first. The "
            "file of nano gets a third smaller.",
        ),
    ] = False,
    force: ForceOption = False,
    no_verify: Annotated[
        bool,
        typer.Option("--no-verify", help="Keep the file even outside the limits below."),
    ] = False,
    keep_failed: Annotated[
        bool, typer.Option("--keep-failed", help="Keep a file outside the limits as *.failed.onnx.")
    ] = False,
    min_agreement: MinAgreementOption = None,
    max_drop: MaxDropOption = None,
    max_delta: MaxDeltaOption = None,
) -> None:
    """Convert a finished RUN to one small ONNX file, and verify the file.

    The file contains everything that inference needs: scaling, softmax, class names and
    calibrated confidences. It is run on the test images of the run, and kept only if its
    answers agree with those of the Keras model.
    """
    import shlex

    from edge_infer.environment import is_verbose
    from edge_infer.errors import UsageError

    if four_bit and not quantize:
        raise UsageError("--four-bit rounds quantized weights: add --quantize")
    start_tensorflow("export", "export")
    from edge_export import ExportConfig, GateOptions, export_run

    config = ExportConfig(
        run=run,
        output=output,
        quantize=quantize,
        weight_bits=4 if four_bit else 8,
        force=force,
        verify=not no_verify,
        keep_failed=keep_failed,
        gates=GateOptions(
            min_agreement_percent=min_agreement, max_drop_points=max_drop, max_delta=max_delta
        ),
        verbose=is_verbose(),
    )
    with ERR.status("reading the run") as status:
        result = export_run(config, status.update)
    _show_result(result)
    file = shlex.quote(str(result.path))
    OUT.print(f"Try: edge-mnist predict some.png --model {file}", markup=False)


def _show_result(result: ExportResult) -> None:
    """Print sizes, accuracies and agreement of the file."""
    from edge_infer.model.metadata import USUAL_WEIGHT_BITS

    metadata = result.metadata
    sizes = {name: kilobytes(size) for name, size in result.sizes_bytes.items()}
    rows: ParityRows = [("size", sizes["model.keras"], sizes[metadata.precision])]
    if metadata.precision != "float32":
        rows.append(("size in float32", "", sizes["float32"]))
    if metadata.weight_bits != USUAL_WEIGHT_BITS:
        rows.append(("weights", "", f"most with {metadata.weight_bits} bits"))
    accuracies = metadata.validation_accuracy_keras, metadata.validation_accuracy
    keras, file = (percent(accuracy.fraction) for accuracy in accuracies)
    rows += [
        ("validation accuracy", keras, file),
        *parity_rows(result.report),
        ("temperature", "", f"{metadata.temperature:.3f}"),
        ("reject threshold", "", f"{metadata.reject_threshold:.3f}"),
    ]
    show_parity(f"{metadata.preset}, {metadata.precision}, trained on {metadata.data}", rows)
