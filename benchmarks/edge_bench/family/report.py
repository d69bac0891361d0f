"""``family.md``: what was measured of all networks, side by side.

Every figure is computed from the results; none is typed. Means are over seeds; what is of
a single run says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from edge_bench.family.claims import MARKS
from edge_bench.family.markdown import NOTHING, kilobytes, percent, span, spread_percent, table
from edge_bench.family.report_goals import claims_section, fast_section, targets_section
from edge_bench.family.results import FamilyResults, PresetResults
from edge_bench.family.rows import FILE_PRECISIONS, Latency
from edge_bench.family.runner import duration
from edge_bench.family.spread import spread


def write_report(results: FamilyResults, keys: Sequence[str]) -> str:
    """Write the report.

    Args:
        results: Of one entry at least.
        keys: Of the family's entries, in the order to show; those without results are named.
    """
    presets = {key: results.presets[key] for key in keys if key in results.presets}
    missing = [key for key in keys if key not in presets]
    lines = [
        "# The model family, measured",
        "",
        f"Made by `{results.command}` on {results.machine}; data: {results.data}. Accuracy is the "
        "mean ± standard deviation over random seeds on the test images, never the best run; one "
        "seed alone has no deviation.",
        "",
        *([f"Not measured yet: {', '.join(missing)}.", ""] if missing else []),
        *_networks(presets),
        *_files(presets),
        *_confidence(presets),
        *_handwriting(presets),
        *targets_section(presets),
        *_marks(),
        *claims_section(presets),
        *fast_section(presets),
        *_failed_gates(presets),
        *_commands(presets),
    ]
    return "\n".join(lines).rstrip() + "\n"


Presets = dict[str, PresetResults]


def _networks(presets: Presets) -> list[str]:
    rows: list[list[str]] = []
    for key, preset in presets.items():
        best = preset.best
        rows.append(
            [
                f"`{key}`",
                f"{preset.parameters:,}",
                f"{preset.macs:,}",
                span([run.epochs for run in preset.runs]),
                duration(spread([run.training_time_s for run in preset.runs]).mean),
                str(len(preset.runs)),
                *(spread_percent(preset.test_spread(of)) for of in ("keras", *FILE_PRECISIONS)),
                f"{best.seed}: {percent(best.int8.test_accuracy)}",
                percent(spread([run.int8.agreement for run in preset.runs]).mean),
            ]
        )
    headings = ["network", "parameters", "MACs", "epochs", "training", "seeds", "Keras"]
    headings += ["float file", "int8 file", "seed best on validation, int8", "int8 agrees"]
    machines = sorted({run.machine for preset in presets.values() for run in preset.runs})
    return [
        "## Networks and accuracy",
        "",
        *table(headings, rows),
        "Training: wall time in the epochs, mean over seeds. Agrees: share of the test images to "
        f"which the int8 file gives Keras' label. Trained on {'; '.join(machines)}; "
        f"{_days(presets)}.",
        "",
    ]


def _days(presets: Presets) -> str:
    """Tell when the runs were finished, from the first day to the last."""
    days = sorted({run.finished_at[:10] for preset in presets.values() for run in preset.runs})
    return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"


def _files(presets: Presets) -> list[str]:
    rows = [
        [
            f"`{key}`",
            *(kilobytes(getattr(preset.best, of).size_bytes) for of in ("keras", *FILE_PRECISIONS)),
            *_latency_cells(preset.latency),
        ]
        for key, preset in presets.items()
    ]
    headings = ["network", "`model.keras`", "float", "int8", "float, one image", "int8, one image"]
    headings += ["float, of 64", "int8, of 64"]
    return [
        "## Files and latency",
        "",
        *table(headings, rows),
        "Sizes of the seed best on validation. Latency: median in microseconds an image, alone "
        "and in a batch of 64, through `Classifier`, one thread.",
        "",
        *_latency_notes(presets),
    ]


def _latency_cells(latency: Latency | None) -> list[str]:
    if latency is None:
        return [NOTHING] * 4
    files = (latency.float32, latency.int8)
    return [f"{file.p50_us:.1f}" for file in files] + [
        f"{file.p50_us_per_image_64:.2f}" for file in files
    ]


def _latency_notes(presets: Presets) -> list[str]:
    """Say which figures come from which run: only within one do they compare."""
    together: dict[tuple[str, str], list[str]] = {}
    for key, preset in presets.items():
        if preset.latency is not None:
            place = (preset.latency.measured_at, preset.latency.machine)
            together.setdefault(place, []).append(key)
    notes = [
        f"Timed in turns in one run, {at}, {machine}: {', '.join(keys)}."
        for (at, machine), keys in together.items()
    ]
    if len(together) > 1:
        notes.append("Only figures from the same run compare.")
    if others := [key for key, preset in presets.items() if _is_stand_in(preset)]:
        notes.append(
            "By files of the same graph with other weights, as those of the table were gone: "
            f"{', '.join(others)}."
        )
    return [" ".join(notes), ""] if notes else []


def _is_stand_in(preset: PresetResults) -> bool:
    """Tell whether what was timed is none of the files that the rows are of."""
    files = {run.int8.sha256 for run in preset.runs}
    return preset.latency is not None and preset.latency.int8.sha256 not in files


def _confidence(presets: Presets) -> list[str]:
    rows: list[list[str]] = []
    for key, preset in presets.items():
        int8 = preset.best.int8
        left = int8.at_1_percent_rejected
        rows.append(
            [
                f"`{key}`",
                percent(spread([run.int8.calibration_error for run in preset.runs]).mean),
                percent(int8.calibration_error),
                f"{left.errors} of {int8.test_n - int8.test_correct}",
            ]
        )
    headings = ["network", "calibration error, mean", "of the best seed", "errors left, best seed"]
    return [
        "## Confidence",
        "",
        *table(headings, rows),
        "Expected calibration error of the int8 files on the test images, 15 bins. Errors left: "
        "when the 1 % of least confidence is rejected. Best seed: on validation.",
        "",
    ]


def _handwriting(presets: Presets) -> list[str]:
    names = list(
        dict.fromkeys(s.name for p in presets.values() for r in p.runs for s in r.int8.handwriting)
    )
    if not names:
        return []
    rows: list[list[str]] = []
    for key, preset in presets.items():
        cells = [f"`{key}`"]
        for name in names:
            best = [s for s in preset.best.int8.handwriting if s.name == name]
            every = [s for r in preset.runs for s in r.int8.handwriting if s.name == name]
            cells.append(f"{best[0].correct:,} of {best[0].n:,}" if best else NOTHING)
            shares = [score.correct / score.n for score in every]
            cells.append(spread_percent(spread(shares)) if shares else NOTHING)
        rows.append(cells)
    headings = ["network", *(f"{n}{of}" for n in names for of in (", best seed", ", all seeds"))]
    return [
        "## Other handwriting",
        "",
        *table(headings, rows),
        "Read by the int8 files from the pictures as they are; nothing was trained or tuned on "
        "them. Best seed: on MNIST's validation images.",
        "",
    ]


def _marks() -> list[str]:
    return [
        "## Marks to compare with",
        "",
        *table(["what others reached", "size", "test accuracy"], MARKS),
        "As published, not measured here.",
        "",
    ]


def _failed_gates(presets: Presets) -> list[str]:
    lines = [
        f"- `{key}` seed {run.seed}, {precision}: {'; '.join(getattr(run, precision).failed_gates)}"
        for key, preset in presets.items()
        for run in preset.runs
        for precision in FILE_PRECISIONS
        if getattr(run, precision).failed_gates
    ]
    if not lines:
        return []
    return ["## Exports outside the usual limits", "", *lines, ""]


def _commands(presets: Presets) -> list[str]:
    lines = [command for preset in presets.values() for command in preset.runs[0].commands]
    return ["## Commands of each first seed", "", "```sh", *lines, "```", ""]
