"""Tables of the shipped models, of their cards and of the metadata of a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from edge_infer.model.reliability import wilson_interval
from edge_mnist.terminal import bullets, facts_table, kilobytes, make_table, percent

if TYPE_CHECKING:
    from edge_infer.model.cards import Latency, ModelCard
    from edge_infer.model.metadata import Accuracy, ModelMetadata

# A terminal with this number of columns has room for an accuracy and its interval in a line.
_WIDE_COLUMNS: Final = 110
_UNKNOWN: Final = "not measured"


def models_view(cards: Sequence[ModelCard], default: str, *, width: int) -> RenderableType:
    """Show one row per model.

    Args:
        cards: Cards of the shipped models.
        default: Name of the default model.
        width: Number of columns of the terminal.
    """
    table = make_table(
        *("model", "size", "parameters", "test accuracy", "one image", "purpose"),
        text=("model", "purpose"),
    )
    for card in cards:
        is_default = card.name == default
        latency = card.own_latency
        table.add_row(
            Text(f"{card.name} *" if is_default else card.name, style="bold"),
            kilobytes(card.size_bytes),
            f"{card.parameters:,}",
            _accuracy(card.test_accuracy, separator=" " if width >= _WIDE_COLUMNS else "\n"),
            f"{latency.p50_us:.1f} µs" if latency else "-",
            Text(card.summary),
        )
    machines = {card.latency.machine for card in cards if card.latency}
    notes = [
        "* the default of --model; read and webcam use page",
        "in brackets: 95 % interval",
    ]
    notes += [f"one image: p50, one thread, {machine}" for machine in sorted(machines)]
    return Group(table, "", Text("\n".join(notes), style="dim"))


def card_view(card: ModelCard) -> RenderableType:
    """Show a card in full."""
    parts: list[RenderableType] = [
        Text.assemble((card.name, "bold"), f"  {card.summary}"),
        "",
        facts_table(_card_facts(card)),
        *("", Text("Commands", style="bold"), _commands(card)),
        *_section("Errors left when uncertain predictions are rejected, test images", _risks(card)),
    ]
    if card.handwriting:
        parts += _section("Handwriting from other data sets", _handwriting(card))
    if card.latency:
        title = f"Latency, p50, one thread, {card.latency.machine}"
        parts += _section(title, _latencies(card.latency, card.name))
    parts += _section("Not suitable for", bullets(card.not_good_for))
    return Group(*parts)


def file_view(path: str, size_bytes: int, sha256: str, metadata: ModelMetadata) -> RenderableType:
    """Show the metadata of a model file."""
    names = metadata.class_names
    is_small = metadata.weight_bits == 4
    facts = [
        ("network", f"{metadata.preset}, {metadata.parameters:,} parameters"),
        ("precision", metadata.precision + (", most weights with 4 bits" if is_small else "")),
        ("classes", f"{len(names)}: {' '.join(names)}"),
        ("trained on", f"{metadata.data}, {metadata.epochs} epochs, seed {metadata.seed}"),
        ("data, SHA-256", metadata.data_sha256),
        ("test accuracy", _accuracy(metadata.test_accuracy)),
        ("same, Keras", _accuracy(metadata.test_accuracy_keras)),
        ("validation accuracy", _accuracy(metadata.validation_accuracy)),
        ("same, Keras", _accuracy(metadata.validation_accuracy_keras)),
        ("reject threshold", f"{metadata.reject_threshold:.3f}"),
        ("temperature", f"{metadata.temperature:.3f}"),
        ("file", f"{kilobytes(size_bytes)} ({size_bytes:,} bytes)"),
        ("SHA-256", sha256),
        ("made with", ", ".join(f"{tool} {is_}" for tool, is_ in metadata.versions.items())),
        ("licence", metadata.licence),
    ]
    return Group(Text(path, style="bold"), "", facts_table(facts))


def _card_facts(card: ModelCard) -> list[tuple[str, str]]:
    trained_on, seeds, reject = card.trained_on, card.seeds, card.reject
    spread = (
        f"{percent(seeds.mean, 3)} ± {100 * seeds.sd:.3f} points, {seeds.seeds} seeds"
        if seeds
        else _UNKNOWN
    )
    macs = f"{card.macs:,} MACs per image" if card.macs is not None else f"MACs {_UNKNOWN}"
    return [
        ("test accuracy", _accuracy(card.test_accuracy)),
        ("validation accuracy", _accuracy(card.validation_accuracy)),
        ("over seeds, test", spread),
        ("calibration error", f"{percent(card.calibration_error)} (expected, 15 bins)"),
        (
            "reject threshold",
            f"{reject.threshold:.3f}; on the test images {reject.n - reject.kept:,} are rejected, "
            f"{reject.errors:,} errors left",
        ),
        ("network", f"{card.parameters:,} parameters, {macs}"),
        ("trained on", f"{trained_on.data}, {trained_on.images:,} images"),
        ("data, SHA-256", trained_on.sha256),
        ("file", f"{kilobytes(card.size_bytes)} ({card.size_bytes:,} bytes)"),
        ("SHA-256", card.sha256),
        ("licence", card.licence),
    ]


def _risks(card: ModelCard) -> RenderableType:
    table = make_table("coverage", "threshold", "errors left", "risk")
    for point in card.risk_coverage:
        table.add_row(
            percent(point.coverage),
            f"{point.threshold:.4f}",
            f"{point.errors:,}",
            percent(point.risk, 3),
        )
    return table


def _handwriting(card: ModelCard) -> RenderableType:
    table = make_table("pictures", "right", "of", "accuracy", text=("pictures",))
    for score in card.handwriting:
        share = percent(score.correct / score.n)
        table.add_row(score.name, f"{score.correct:,}", f"{score.n:,}", share)
    return table


def _latencies(latency: Latency, own_name: str) -> RenderableType:
    table = make_table("model", "one image", "per image in a batch of 64", text=("model",))
    for row in latency.rows:
        table.add_row(
            row.model,
            f"{row.p50_us:.1f} µs",
            f"{row.p50_us_per_image_64:.1f} µs",
            style="bold" if row.model == own_name else "",
        )
    return table


def _section(title: str, content: RenderableType) -> list[RenderableType]:
    return ["", Text(title, style="bold"), Padding(content, (0, 0, 0, 2), expand=False)]


def _commands(card: ModelCard) -> RenderableType:
    """Show commands so that they can be copied: the terminal wraps a long one."""
    # Not indented by Padding, which would crop it.
    lines = [f"  {command}" for command in card.commands]
    return Text("\n".join(lines), no_wrap=True, overflow="ignore")


def _accuracy(accuracy: Accuracy, *, separator: str = " ") -> str:
    low, high = wilson_interval(accuracy)
    return f"{percent(accuracy.fraction)}{separator}({100 * low:.2f} to {percent(high)})"
