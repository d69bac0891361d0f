"""How the models that ship, their cards and the metadata of a file look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edge_infer.model.reliability import wilson_interval

if TYPE_CHECKING:
    from edge_infer.model.cards import Latency, ModelCard
    from edge_infer.model.metadata import Accuracy, ModelMetadata

# From so many columns on, an accuracy and its interval stand in one line.
_WIDE: Final = 110
_UNKNOWN: Final = "not measured"


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """A model file and what it says about itself."""

    path: str
    size_bytes: int
    sha256: str
    metadata: ModelMetadata


def models_table(cards: Sequence[ModelCard], default: str, *, width: int) -> RenderableType:
    """Show a row a model.

    Args:
        cards: Of the models that ship.
        default: Name of the one that is taken when none is named.
        width: Columns of the terminal.
    """
    table = _table(
        *("model", "size", "parameters", "test accuracy", "one image", "what for"),
        texts=("model", "what for"),
    )
    for card in cards:
        is_default = card.name == default
        latency = card.own_latency
        table.add_row(
            Text(f"{card.name} *" if is_default else card.name, style="bold"),
            _kilobytes(card.size_bytes),
            f"{card.parameters:,}",
            _accuracy(card.test_accuracy, separator=" " if width >= _WIDE else "\n"),
            f"{latency.p50_us:.1f} µs" if latency else "-",
            Text(card.summary),
        )
    machines = {card.latency.machine for card in cards if card.latency}
    notes = [
        "* taken where --model is not given, page by read and webcam",
        "in brackets the 95 % interval",
    ]
    notes += [f"one image: p50, one thread, {machine}" for machine in sorted(machines)]
    return Group(table, "", Text("\n".join(notes), style="dim"))


def card_view(card: ModelCard) -> RenderableType:
    """Show all of a card."""
    parts: list[RenderableType] = [
        Text.assemble((card.name, "bold"), f"  {card.summary}"),
        "",
        _pairs(_card_facts(card)),
        *("", Text("Made by", style="bold"), _commands(card)),
        *_section("Errors left when unsure answers are rejected, test images", _risks(card)),
    ]
    if card.handwriting:
        parts += _section("Handwriting that is not of this data set", _handwriting(card))
    if card.latency:
        title = f"Latency, p50, one thread, {card.latency.machine}"
        parts += _section(title, _latencies(card.latency, card.name))
    parts += _section("Not good for", _warnings(card))
    return Group(*parts)


def file_view(file: ModelFile) -> RenderableType:
    """Show what a model file says about itself."""
    metadata = file.metadata
    names = metadata.class_names
    is_small = metadata.weight_bits == 4
    facts = [
        ("network", f"{metadata.preset}, {metadata.parameters:,} parameters"),
        ("precision", metadata.precision + (", most weights of 4 bits" if is_small else "")),
        ("classes", f"{len(names)}: {' '.join(names)}"),
        ("trained on", f"{metadata.data}, {metadata.epochs} epochs, seed {metadata.seed}"),
        ("data, SHA-256", metadata.data_sha256),
        ("test accuracy", _accuracy(metadata.test_accuracy)),
        ("of Keras", _accuracy(metadata.test_accuracy_keras)),
        ("validation accuracy", _accuracy(metadata.validation_accuracy)),
        ("of Keras", _accuracy(metadata.validation_accuracy_keras)),
        ("reject threshold", f"{metadata.reject_threshold:.3f}"),
        ("temperature", f"{metadata.temperature:.3f}"),
        ("file", f"{_kilobytes(file.size_bytes)} ({file.size_bytes:,} bytes)"),
        ("SHA-256", file.sha256),
        ("made with", ", ".join(f"{tool} {is_}" for tool, is_ in metadata.versions.items())),
        ("licence", metadata.licence),
    ]
    return Group(Text(file.path, style="bold"), "", _pairs(facts))


def _card_facts(card: ModelCard) -> list[tuple[str, str]]:
    trained_on, seeds, reject = card.trained_on, card.seeds, card.reject
    spread = (
        f"{_percent(seeds.mean, 3)} ± {100 * seeds.sd:.3f} points, {seeds.seeds} seeds"
        if seeds
        else _UNKNOWN
    )
    macs = f"{card.macs:,} MACs an image" if card.macs is not None else f"MACs {_UNKNOWN}"
    return [
        ("test accuracy", _accuracy(card.test_accuracy)),
        ("validation accuracy", _accuracy(card.validation_accuracy)),
        ("over seeds, test", spread),
        ("calibration error", f"{_percent(card.calibration_error)} (expected, 15 bins)"),
        (
            "reject threshold",
            f"{reject.threshold:.3f}; on the test images {reject.n - reject.kept:,} are rejected, "
            f"{reject.errors:,} errors left",
        ),
        ("network", f"{card.parameters:,} parameters, {macs}"),
        ("trained on", f"{trained_on.data}, {trained_on.images:,} images"),
        ("data, SHA-256", trained_on.sha256),
        ("file", f"{_kilobytes(card.size_bytes)} ({card.size_bytes:,} bytes)"),
        ("SHA-256", card.sha256),
        ("licence", card.licence),
    ]


def _risks(card: ModelCard) -> RenderableType:
    table = _table("coverage", "threshold", "errors left", "risk", texts=())
    for point in card.risk_coverage:
        table.add_row(
            _percent(point.coverage),
            f"{point.threshold:.4f}",
            f"{point.errors:,}",
            _percent(point.risk, 3),
        )
    return table


def _handwriting(card: ModelCard) -> RenderableType:
    table = _table("pictures", "right", "of", "accuracy", texts=("pictures",))
    for score in card.handwriting:
        share = _percent(score.correct / score.n)
        table.add_row(score.name, f"{score.correct:,}", f"{score.n:,}", share)
    return table


def _latencies(latency: Latency, own_name: str) -> RenderableType:
    table = _table("model", "one image", "an image in a batch of 64", texts=("model",))
    for row in latency.rows:
        table.add_row(
            row.model,
            f"{row.p50_us:.1f} µs",
            f"{row.p50_us_per_image_64:.1f} µs",
            style="bold" if row.model == own_name else "",
        )
    return table


def _table(*headings: str, texts: Sequence[str]) -> Table:
    """Make a table without lines; columns hold numbers but for those named in ``texts``."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        if heading in texts:
            table.add_column(heading, overflow="fold")
        else:
            table.add_column(heading, justify="right", no_wrap=True)
    return table


def _pairs(facts: Sequence[tuple[str, str]]) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    for subject, text in facts:
        grid.add_row(Text(subject, style="dim"), Text(text, overflow="fold"))
    return grid


def _section(title: str, content: RenderableType) -> list[RenderableType]:
    return ["", Text(title, style="bold"), Padding(content, (0, 0, 0, 2), expand=False)]


def _commands(card: ModelCard) -> RenderableType:
    """Show commands as they are to be typed: a long one is for the terminal to wrap."""
    # Indented here: Padding cuts what is too long.
    lines = [f"  {command}" for command in card.commands]
    return Text("\n".join(lines), no_wrap=True, overflow="ignore")


def _warnings(card: ModelCard) -> RenderableType:
    grid = Table.grid()
    for line in card.not_good_for:
        grid.add_row("- ", Text(line))
    return grid


def _accuracy(accuracy: Accuracy, *, separator: str = " ") -> str:
    low, high = wilson_interval(accuracy)
    return f"{_percent(accuracy.fraction)}{separator}({100 * low:.2f} to {_percent(high)})"


def _percent(fraction: float, decimals: int = 2) -> str:
    return f"{100 * fraction:.{decimals}f} %"


def _kilobytes(size_bytes: int) -> str:
    return f"{size_bytes / 1000:,.1f} kB"
