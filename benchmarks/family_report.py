"""``family.md``: the figures of ``family.json`` as tables, beside what others claim.

Every measured figure is computed from the results. Means are over random seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from edge_infer.model.cards import HandwritingScore
from edge_infer.text import duration, markdown_table
from family_results import Family, FileFigures, Network, Run, spread

PRECISIONS: Final = ("float32", "int8")
_ADADELTA: Final = (("train", "91.58"), ("validation", "94.04"), ("test", "92.40"))
# Network, figures, part of the data, and the accuracy in percent that is claimed by the author of
# the notebook (Keras) or set as a target (int8).
CLAIMS: Final = (
    ("nano", "int8", "test", "99.45"),
    ("edge", "int8", "test", "99.70"),
    ("max", "int8", "test", "99.78"),
    ("edge-fast", "int8", "test", "99.19"),
    *(("adadelta", "keras", part, claimed) for part, claimed in _ADADELTA),
    *(("adadelta-last", "keras", part, claimed) for part, claimed in _ADADELTA),
    ("regularized", "keras", "train", "98.5"),
    ("regularized", "keras", "validation", "98"),
    ("regularized", "keras", "test", "98"),
    ("dropout", "keras", "test", "99"),
    ("custom", "keras", "test", "99.19"),
)

# Heading of a column to the cell of a network.
Columns = Mapping[str, Callable[[Network], str]]


def write_report(family: Family, names: Sequence[str]) -> str:
    """Write the report.

    Args:
        family: Results of one network at least.
        names: Networks in the order to show; those without results are named.
    """
    networks = {name: family.networks[name] for name in names if name in family.networks}
    runs = [run for network in networks.values() for run in network.runs]
    days = sorted(run.finished_at[:10] for run in runs)
    machines = sorted({run.machine for run in runs})
    lines = [
        "# The model family, measured",
        "",
        f"Made by `{family.command}`; data: {family.data}. Trained on {'; '.join(machines)}, "
        f"{days[0]} to {days[-1]}. Accuracy is the mean ± standard deviation over random seeds on "
        "the test images, never the best run; one seed alone has no deviation.",
        "",
        f"Not measured yet: {', '.join(name for name in names if name not in networks) or '-'}.",
        "",
        *_section("Networks and accuracy", networks, _ACCURACY, _ACCURACY_NOTE),
        *_section("Files and latency", networks, _FILES, _latency_note(networks)),
        *_section("Confidence", networks, _CONFIDENCE, _CONFIDENCE_NOTE),
        *_section("Other handwriting", networks, _handwriting(runs), _HANDWRITING_NOTE),
        *_claims(networks),
        *_failures(networks),
        *[
            "## Options",
            "",
            "Of `edge-mnist train --seed N` and `edge-mnist export --quantize`.",
            "",
        ],
        *(f"- `{n}`: `{' '.join((one.train, one.export)).strip()}`" for n, one in networks.items()),
    ]
    return "\n".join(lines).rstrip() + "\n"


def percent(share: float) -> str:
    """Write a share of 0-1 in percent."""
    return f"{100 * share:.2f} %"


def spread_percent(shares: Sequence[float]) -> str:
    """Write mean ± standard deviation of shares of 0-1 in percent."""
    mean, sd = spread(shares)
    return percent(mean) if sd is None else f"{100 * mean:.3f} ± {100 * sd:.3f} %"


def _kilobytes(size_bytes: int) -> str:
    return f"{size_bytes / 1000:,.{1 if size_bytes < 100_000 else 0}f} kB"


def _mean(value: Callable[[Run], float]) -> Callable[[Network], float]:
    return lambda network: spread([value(run) for run in network.runs])[0]


def _accuracy(part: str) -> Callable[[Network], str]:
    return lambda network: spread_percent(
        [getattr(run, part).test.fraction for run in network.runs]
    )


def _section(title: str, networks: Mapping[str, Network], columns: Columns, note: str) -> list[str]:
    if not columns:
        return []
    rows = [
        (f"`{name}`", *(cell(one) for cell in columns.values())) for name, one in networks.items()
    ]
    return [f"## {title}", "", *markdown_table(("network", *columns), rows), note, ""]


_ACCURACY: Final[Columns] = {
    "parameters": lambda n: f"{n.parameters:,}",
    "MACs": lambda n: f"{n.macs:,}",
    "epochs": lambda n: "-".join(map(str, sorted({run.epochs for run in n.runs}))),
    "training": lambda n: duration(_mean(lambda run: run.training_time_s)(n)),
    "seeds": lambda n: str(len(n.runs)),
    "Keras": _accuracy("keras"),
    "float file": _accuracy("float32"),
    "int8 file": _accuracy("int8"),
    "seed best on validation, int8": lambda n: (
        f"{n.best.seed}: {percent(n.best.int8.test.fraction)}"
    ),
    "int8 agrees": lambda n: percent(_mean(lambda run: 1 - run.int8.changed / run.int8.test.n)(n)),
}
_ACCURACY_NOTE: Final = (
    "Training: wall time in the epochs, mean over seeds. Agrees: share of the test images to which "
    "the int8 file gives Keras' label."
)


def _time(precision: str, field: str) -> Callable[[Network], str]:
    def cell(network: Network) -> str:
        if network.latency is None:
            return "-"
        return duration(getattr(getattr(network.latency, precision), field) / 1e6)

    return cell


_FILES: Final[Columns] = {
    "`model.keras`": lambda n: _kilobytes(n.best.keras.size_bytes),
    "float": lambda n: _kilobytes(n.best.float32.size_bytes),
    "int8": lambda n: _kilobytes(n.best.int8.size_bytes),
    "float, one image": _time("float32", "p50_us"),
    "int8, one image": _time("int8", "p50_us"),
    "float, of 64": _time("float32", "p50_us_per_image_64"),
    "int8, of 64": _time("int8", "p50_us_per_image_64"),
}


def _latency_note(networks: Mapping[str, Network]) -> str:
    """Name the networks that were timed together, and those timed with other weights."""
    together: dict[tuple[str, str], list[str]] = {}
    others: list[str] = []
    for name, network in networks.items():
        if (latency := network.latency) is not None:
            together.setdefault((latency.measured_at, latency.machine), []).append(name)
            if latency.int8.sha256 not in {run.int8.sha256 for run in network.runs}:
                others.append(name)
    notes = [
        "Sizes of the seed best on validation. Latency: median per image, alone and in a batch of "
        "64, through `Classifier`, one thread; only figures timed together compare."
    ]
    for (measured_at, machine), names in together.items():
        notes.append(f"Timed in turns, {measured_at}, {machine}: {', '.join(names)}.")
    if others:
        notes.append(f"Timed with files of the same graph and other weights: {', '.join(others)}.")
    return " ".join(notes)


def _errors_left(int8: FileFigures) -> str:
    return f"{int8.at_1_percent_rejected.errors} of {int8.test.n - int8.test.correct}"


_CONFIDENCE: Final[Columns] = {
    "calibration error, mean": lambda n: percent(_mean(lambda run: run.int8.calibration_error)(n)),
    "of the best seed": lambda n: percent(n.best.int8.calibration_error),
    "errors left, best seed": lambda n: _errors_left(n.best.int8),
}
_CONFIDENCE_NOTE: Final = (
    "Expected calibration error of the int8 files on the test images, 15 bins. Errors left: when "
    "the 1 % of least confidence is rejected. Best seed: on validation."
)
_HANDWRITING_NOTE: Final = (
    "Read by the int8 files from the pictures as they are; nothing was trained or tuned on them. "
    "Best seed: on MNIST's validation images."
)


def _handwriting(runs: Sequence[Run]) -> Columns:
    def scores(runs: Sequence[Run], name: str) -> list[HandwritingScore]:
        return [score for run in runs for score in run.int8.handwriting if score.name == name]

    def best(network: Network, name: str) -> str:
        found = scores([network.best], name)
        return f"{found[0].correct:,} of {found[0].n:,}" if found else "-"

    def every(network: Network, name: str) -> str:
        found = scores(network.runs, name)
        return spread_percent([score.correct / score.n for score in found]) if found else "-"

    columns: dict[str, Callable[[Network], str]] = {}
    for name in dict.fromkeys(score.name for run in runs for score in run.int8.handwriting):
        columns[f"{name}, best seed"] = partial(best, name=name)
        columns[f"{name}, all seeds"] = partial(every, name=name)
    return columns


def _claims(networks: Mapping[str, Network]) -> list[str]:
    rows: list[tuple[str, ...]] = []
    for name, figures, part, claimed in CLAIMS:
        if name in networks:
            found = [getattr(run, figures) for run in networks[name].runs]
            shares = [getattr(one, part).fraction for one in found]
            measured = f"{spread_percent(shares)}, seeds: {len(shares)}"
            if part == "train":
                measured += f" ({spread_percent([one.running_train_accuracy for one in found])})"
            points = f"{100 * spread(shares)[0] - float(claimed):+.2f}"
            rows.append((f"`{name}`, {figures}, {part}", f"{claimed} %", measured, points))
    note = (
        "Of our own networks the int8 files against their targets, of the public ones the Keras "
        "models against their authors' claims. Training accuracy: of the kept weights on the "
        "undistorted training images; in brackets what the training printed, with dropout."
    )
    headings = ("network", "claimed", "measured", "points")
    return ["## Targets and claims", "", *markdown_table(headings, rows), note, ""]


def _failures(networks: Mapping[str, Network]) -> list[str]:
    lines = [
        f"- `{name}` seed {run.seed}, {precision}: {'; '.join(getattr(run, precision).failures)}"
        for name, network in networks.items()
        for run in network.runs
        for precision in PRECISIONS
        if getattr(run, precision).failures
    ]
    return ["## Exports outside the usual limits", "", *lines, ""] if lines else []
