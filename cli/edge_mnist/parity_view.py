"""Tables that show how an exported file compares with its Keras model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from edge_infer.model.metadata import USUAL_WEIGHT_BITS

if TYPE_CHECKING:
    from edge_export import ExportResult, ParityReport


def export_table(result: ExportResult) -> Table:
    """Show sizes, accuracies and agreement of a fresh export."""
    metadata = result.metadata
    table = _table(f"{metadata.preset}, {metadata.precision}, trained on {metadata.data}")
    sizes = {name: f"{size / 1000:,.0f} kB" for name, size in result.sizes_bytes.items()}
    table.add_row("size", sizes["model.keras"], sizes[metadata.precision])
    if metadata.precision != "float32":
        table.add_row("size in float32", "", sizes["float32"])
    if metadata.weight_bits != USUAL_WEIGHT_BITS:
        table.add_row("weights", "", f"most of {metadata.weight_bits} bits")
    table.add_row(
        "validation accuracy",
        _percent(metadata.validation_accuracy_keras.fraction),
        _percent(metadata.validation_accuracy.fraction),
    )
    _add_parity(table, result.report)
    table.add_row("temperature", "", f"{metadata.temperature:.3f}")
    table.add_row("reject threshold", "", f"{metadata.reject_threshold:.3f}")
    return table


def parity_table(report: ParityReport) -> Table:
    """Show a parity report with its limits and whether they are kept."""
    table = _table(f"{report.precision} file against Keras, {report.n:,} test images")
    _add_parity(table, report)
    return table


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    table.add_column("Keras")
    table.add_column("file")
    return table


def _add_parity(table: Table, report: ParityReport) -> None:
    from edge_infer.model.reliability import wilson_interval

    both = (report.accuracy_keras, report.accuracy)
    table.add_row("test accuracy", *(_percent(accuracy.fraction) for accuracy in both))
    intervals = (wilson_interval(accuracy) for accuracy in both)
    table.add_row(
        "95 % interval", *(f"{_percent(low)} to {_percent(high)}" for low, high in intervals)
    )
    table.add_row("top-1 agreement", "", _percent(report.agreement))
    table.add_row("labels changed", "", f"{len(report.changed_indices):,} of {report.n:,}")
    table.add_row("largest |Δp|", "", f"{report.max_delta:.2g}")
    table.add_row("mean |Δp|", "", f"{report.mean_delta:.2g}")
    changes, losses = report.gates.allowed_changes(report.n), report.gates.allowed_losses(report.n)
    limits = f"{changes} changed, {losses} lost, |Δp| {report.gates.max_delta:g}"
    table.add_row("limits", "", limits)
    verdict = "[bold red]outside the limits[/]" if report.failures else "within the limits"
    table.add_row("verdict", "", verdict)


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2f} %"
