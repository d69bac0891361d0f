"""``family.md``: the figures of ``family.json`` as tables, beside what others claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Final

from edge_infer.text import duration, markdown_table
from family_measure import Values

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
# Headings of the tables of networks, and notes below the tables.
_ACCURACY: Final = (
    "parameters | MACs | epochs | training | seeds | Keras | float file | int8 file | "
    "seed best on validation, int8 | int8 agrees",
    "Training: wall time in the epochs, mean over seeds. Agrees: share of the test images to which "
    "the int8 file gives Keras' label.",
)
_FILES: Final = (
    "`model.keras` | float | int8 | float, one image | int8, one image | float, of 64 | int8, of 64"
)
_CONFIDENCE: Final = (
    "calibration error, mean | of the best seed | errors left, best seed",
    "Expected calibration error of the int8 files on the test images, 15 bins. Errors left: when "
    "the 1 % of least confidence is rejected. Best seed: on validation.",
)
_HANDWRITING: Final = (
    "singles, best seed | singles, all seeds | optdigits, best seed | optdigits, all seeds",
    "Read by the int8 files from the pictures as they are; nothing was trained or tuned on them. "
    "Best seed: on MNIST's validation images.",
)
_CLAIMS: Final = (
    "claimed | measured | points",
    "Of our own networks the int8 files against their targets, of the public ones the Keras "
    "models against their authors' claims. Training accuracy: of the kept weights on the "
    "undistorted training images; in brackets what the training printed, with dropout.",
)

Networks = Mapping[str, Values]


def write_report(family: Values, names: Sequence[str]) -> str:
    """Write the report.

    Args:
        family: Results of one network at least.
        names: Networks in the order to show; those without results are named.
    """
    networks = {name: family["networks"][name] for name in names if name in family["networks"]}
    runs = [run for network in networks.values() for run in network["runs"]]
    days = sorted(run["finished_at"][:10] for run in runs)
    machines = sorted({run["machine"] for run in runs})
    accuracies, files, confidence, handwriting = (
        [(f"`{name}`", *cells(network)) for name, network in networks.items()]
        for cells in (_accuracy_cells, _file_cells, _confidence_cells, _handwriting_cells)
    )
    missing = [name for name in names if name not in networks]
    lines = [
        "# The model family, measured\n",
        f"Last run: `{family['command']}`; data: {family['data']}. Trained on "
        f"{'; '.join(machines)}, {days[0]} to {days[-1]}. Accuracy is the mean ± standard "
        "deviation over random seeds on the test images, never the best run; one seed alone has no "
        "deviation.\n",
        *([f"Not measured yet: {', '.join(missing)}.\n"] if missing else []),
        *_section("Networks and accuracy", *_ACCURACY, accuracies),
        *_section("Files and latency", _FILES, _latency_note(networks), files),
        *_section("Confidence", *_CONFIDENCE, confidence),
        *_section("Other handwriting", *_HANDWRITING, handwriting),
        *_section("Targets and claims", *_CLAIMS, _claims(networks)),
        *_failures(networks),
        "## Options\n",
        "Of `edge-mnist train --seed N` and `edge-mnist export --quantize`.\n",
        *(
            f"- `{name}`: `{' '.join((one['train'], one['export'])).strip()}`"
            for name, one in networks.items()
        ),
    ]
    return "\n".join(lines) + "\n"


def _section(title: str, headings: str, note: str, rows: Sequence[Sequence[str]]) -> list[str]:
    table = markdown_table(("network", *headings.split(" | ")), rows)
    return [f"## {title}\n", *table, f"{note}\n"]


def best_run(network: Values) -> Values:
    """Return the run whose int8 file is best on validation; test images are not considered."""
    runs: list[Values] = network["runs"]
    return max(
        runs,
        key=lambda run: (
            *(run[file]["validation"]["correct"] for file in ("int8", "float32")),
            -run["seed"],
        ),
    )


def percent(share: float) -> str:
    """Write a share of 0-1 in percent."""
    return f"{100 * share:.2f} %"


def spread_percent(shares: Sequence[float]) -> str:
    """Write mean ± standard deviation (n - 1) of shares of 0-1 in percent."""
    if len(shares) == 1:
        return percent(shares[0])
    return f"{100 * fmean(shares):.3f} ± {100 * stdev(shares):.3f} %"


def shares(network: Values, figures: str, part: str = "test") -> list[float]:
    """Return the accuracy, 0-1, of each run; ``figures`` is keras, float32 or int8."""
    found = [run[figures][part] for run in network["runs"]]
    return [one["correct"] / one["n"] for one in found]


def _accuracy_cells(network: Values) -> tuple[str, ...]:
    runs, best = network["runs"], best_run(network)
    test = best["int8"]["test"]
    agree = [1 - run["int8"]["changed"] / run["int8"]["test"]["n"] for run in runs]
    return (
        f"{network['parameters']:,}",
        f"{network['macs']:,}",
        "-".join(map(str, sorted({run["epochs"] for run in runs}))),
        duration(fmean(run["training_time_s"] for run in runs)),
        str(len(runs)),
        *(spread_percent(shares(network, figures)) for figures in ("keras", "float32", "int8")),
        f"{best['seed']}: {percent(test['correct'] / test['n'])}",
        percent(fmean(agree)),
    )


def _file_cells(network: Values) -> tuple[str, ...]:
    best, latency = best_run(network), network["latency"]
    sizes = [best[figures]["size_bytes"] / 1000 for figures in ("keras", "float32", "int8")]
    times = [
        duration(latency[precision][field] / 1e6) if latency else "-"
        for field in ("p50_us", "p50_us_per_image_64")
        for precision in ("float32", "int8")
    ]
    return (*(f"{size:,.{int(size < 100)}f} kB" for size in sizes), *times)


def _latency_note(networks: Networks) -> str:
    """Name the networks that were timed together, and those timed with other weights."""
    together: dict[str, list[str]] = {}
    others: list[str] = []
    for name, network in networks.items():
        if latency := network["latency"]:
            together.setdefault(f"{latency['measured_at']}, {latency['machine']}", []).append(name)
            if latency["int8"]["sha256"] not in {run["int8"]["sha256"] for run in network["runs"]}:
                others.append(name)
    notes = [
        "Sizes of the seed best on validation. Latency: median per image, alone and in a batch of "
        "64, through `Classifier`, one thread; only figures timed together compare.",
        *(f"Timed in turns, {when}: {', '.join(names)}." for when, names in together.items()),
    ]
    if others:
        notes.append(f"Timed with files of the same graph and other weights: {', '.join(others)}.")
    return " ".join(notes)


def _confidence_cells(network: Values) -> tuple[str, ...]:
    best = best_run(network)["int8"]
    errors = best["test"]["n"] - best["test"]["correct"]
    return (
        percent(fmean(run["int8"]["calibration_error"] for run in network["runs"])),
        percent(best["calibration_error"]),
        f"{best['at_1_percent_rejected']['errors']} of {errors}",
    )


def _handwriting_cells(network: Values) -> tuple[str, ...]:
    cells: list[str] = []
    for name in ("singles", "optdigits"):
        best, *every = (
            {score["name"]: score for score in run["int8"]["handwriting"]}.get(name)
            for run in (best_run(network), *network["runs"])
        )
        found = [score["correct"] / score["n"] for score in every if score]
        cells.append(f"{best['correct']:,} of {best['n']:,}" if best else "-")
        cells.append(spread_percent(found) if found else "-")
    return tuple(cells)


def _claims(networks: Networks) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name, figures, part, claimed in CLAIMS:
        if name in networks:
            found = shares(networks[name], figures, part)
            measured = f"{spread_percent(found)}, seeds: {len(found)}"
            if part == "train":
                running = [run[figures]["running_train_accuracy"] for run in networks[name]["runs"]]
                measured += f" ({spread_percent(running)})"
            points = f"{100 * fmean(found) - float(claimed):+.2f}"
            rows.append((f"`{name}`, {figures}, {part}", f"{claimed} %", measured, points))
    return rows


def _failures(networks: Networks) -> list[str]:
    lines = [
        f"- `{name}` seed {run['seed']}, {precision}: {'; '.join(run[precision]['failures'])}"
        for name, network in networks.items()
        for run in network["runs"]
        for precision in ("float32", "int8")
        if run[precision]["failures"]
    ]
    return ["## Exports outside the usual limits\n", *lines, ""] if lines else []
