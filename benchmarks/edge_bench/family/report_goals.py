"""The part of ``family.md`` that judges: targets, claims, and the quick recipe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from edge_bench.family.claims import (
    CLAIMS,
    DROPOUT,
    DROPOUT_CONFUSIONS,
    DROPOUT_TIME_S,
    FAST,
    FAST_ACCURACY,
    FAST_BESIDE_EPOCHS,
    FAST_TIME_SHARE,
    MAX_CALIBRATION_ERROR,
    SOURCES,
    TARGETS,
    Claim,
    Target,
)
from edge_bench.family.markdown import kilobytes, percent, points, spread_percent, table
from edge_bench.family.results import PresetResults
from edge_bench.family.runner import duration
from edge_bench.family.spread import Spread, spread

Presets = Mapping[str, PresetResults]


def targets_section(presets: Presets) -> list[str]:
    """Hold our own networks against their targets."""
    rows = [
        row
        for target in TARGETS
        if target.preset in presets
        for row in _target_rows(target, presets[target.preset])
    ]
    if not rows:
        return []
    return [
        "## Targets of our own networks",
        "",
        *table(["network and target", "set", "measured", "verdict"], rows),
        "Accuracy: mean over seeds of the int8 files. Size: the largest of the seeds. Confidence: "
        "of the seed best on validation.",
        "",
    ]


def _target_rows(target: Target, preset: PresetResults) -> list[list[str]]:
    accuracy, name = preset.test_spread("int8"), f"`{target.preset}`"
    size = max(run.int8.size_bytes for run in preset.runs)
    rows = [
        _accuracy_row(f"{name}, accuracy", target.accuracy, accuracy),
        _size_row(f"{name}, size", target.max_bytes, size),
    ]
    if target.aim_accuracy is not None:
        rows.append(_accuracy_row(f"{name}, accuracy aimed at", target.aim_accuracy, accuracy))
    if target.aim_bytes is not None:
        rows.append(_size_row(f"{name}, size aimed at", target.aim_bytes, size))
    int8 = preset.best.int8
    error, allowed = int8.calibration_error, MAX_CALIBRATION_ERROR
    verdict = "met" if error <= allowed else f"missed by {100 * (error - allowed):.2f} points"
    rows.append([f"{name}, calibration error", f"≤ {percent(allowed)}", percent(error), verdict])
    errors, left = int8.test_n - int8.test_correct, int8.at_1_percent_rejected.errors
    verdict = "met" if 2 * left <= errors else f"missed by {left - errors // 2}"
    set_ = f"≤ half of {errors}"
    rows.append([f"{name}, errors left at 1 % rejected", set_, str(left), verdict])
    return rows


def _accuracy_row(what: str, target: float, found: Spread) -> list[str]:
    # A mean of equal runs may fall short of itself by a rounding.
    met = found.mean >= target - 1e-9
    verdict = "met" if met else "missed"
    return [
        what,
        f"≥ {percent(target)}",
        f"{spread_percent(found)}, {_seeds(found.n)}",
        f"{verdict}, {points(found.mean - target)}",
    ]


def _size_row(what: str, target: int, found: int) -> list[str]:
    over = found - target
    verdict = "met" if over <= 0 else f"missed by {kilobytes(over)}"
    return [what, f"≤ {kilobytes(target)}", kilobytes(found), verdict]


def claims_section(presets: Presets) -> list[str]:
    """Hold the networks of the public projects against what their authors state."""
    shown = {key: presets[key] for key in SOURCES if key in presets}
    if not shown:
        return []
    rows = [_claim_row(claim, shown[claim.preset]) for claim in CLAIMS if claim.preset in shown]
    if DROPOUT in shown:
        rows += [_time_row(shown[DROPOUT]), _confusion_row(shown[DROPOUT])]
    lines = ["## The five public networks against their claims", ""]
    if rows:
        lines += table(["network and claim", "claimed", "measured in Keras", "verdict"], rows)
    lines += [
        "Reached but for rounding: the mean is the claim once rounded to the claim's decimals. "
        "Training accuracy: of the kept weights on the undistorted training images; in brackets "
        "what the training itself printed, with dropout.",
        "",
        *_success_by_class(shown),
    ]
    return lines


def _claim_row(claim: Claim, preset: PresetResults) -> list[str]:
    parts = [run.keras for run in preset.runs]
    found = spread(
        [getattr(k, f"{claim.part}_correct") / getattr(k, f"{claim.part}_n") for k in parts]
    )
    measured = f"{spread_percent(found)}, {_seeds(found.n)}"
    if claim.part == "train":
        measured += f" ({spread_percent(spread([k.running_train_accuracy for k in parts]))})"
    claimed = float(claim.percent)
    decimals = len(claim.percent.partition(".")[2])
    if 100 * found.mean >= claimed:
        verdict = "reached"
    elif round(100 * found.mean, decimals) >= claimed:
        verdict = "reached but for rounding"
    else:
        verdict = "missed"
    return [
        f"`{claim.preset}`, {claim.part} accuracy",
        f"{claim.percent} %",
        measured,
        f"{verdict}, {points(found.mean - claimed / 100)}",
    ]


def _time_row(preset: PresetResults) -> list[str]:
    time_s = spread([run.training_time_s for run in preset.runs]).mean
    verdict = f"{time_s / DROPOUT_TIME_S:.2f} of that, on another machine"
    return [
        f"`{DROPOUT}`, training time",
        f"about {duration(DROPOUT_TIME_S)}",
        f"{duration(time_s)}, {preset.runs[0].machine}",
        verdict,
    ]


def _confusion_row(preset: PresetResults) -> list[str]:
    counts: Counter[tuple[str, str]] = Counter()
    for run in preset.runs:
        for confusion in run.float32.confusions:
            counts[confusion.first, confusion.second] += confusion.count
    # Equal counts in a fixed order.
    ranked = sorted(counts, key=lambda pair: (-counts[pair], pair))
    top = ranked[: len(DROPOUT_CONFUSIONS) + 1]
    ranks = [
        f"{'/'.join(pair)} is number {ranked.index(pair) + 1}"
        if pair in ranked
        else f"{'/'.join(pair)} does not occur"
        for pair in DROPOUT_CONFUSIONS
    ]
    return [
        f"`{DROPOUT}`, most confusions",
        ", ".join("/".join(pair) for pair in DROPOUT_CONFUSIONS),
        ", ".join(f"{'/'.join(pair)} ({counts[pair]})" for pair in top)
        + f", {_seeds(len(preset.runs))}",
        ", ".join(ranks),
    ]


def _success_by_class(presets: Presets) -> list[str]:
    """Show what share of each class is read rightly, of all seeds together."""
    rows: list[list[str]] = []
    for key, preset in presets.items():
        by_class = zip(*(run.float32.digits for run in preset.runs), strict=True)
        shares = [sum(a.correct for a in same) / sum(a.n for a in same) for same in by_class]
        time_ms = spread([run.keras.inference_ms for run in preset.runs]).mean
        rows.append([f"`{key}`", *(f"{100 * share:.1f}" for share in shares), f"{time_ms:.3f}"])
    classes = len(rows[0]) - 2
    headings = ["network", *map(str, range(classes)), "ms an image in Keras"]
    return [
        "Success per digit in percent, all seeds together, and the inference time that the "
        "training printed (the whole test set in batches):",
        "",
        *table(headings, rows),
    ]


def fast_section(presets: Presets) -> list[str]:
    """Hold the quick recipe of ``edge`` against ten epochs of ``dropout``."""
    fast, slow = presets.get(FAST), presets.get(DROPOUT)
    if fast is None or slow is None:
        return []
    fast_s = spread([run.training_time_s for run in fast.runs])
    # A stopped run has fewer epochs, a trial others: ten at the pace of those that there were.
    slow_s = spread([FAST_BESIDE_EPOCHS * run.training_time_s / run.epochs for run in slow.runs])
    share, accuracy = fast_s.mean / slow_s.mean, fast.test_spread("int8")
    rows = [
        [f"`{FAST}`", spread_percent(accuracy), duration(fast_s.mean), _seeds(fast_s.n)],
        [
            f"`{DROPOUT}`, {FAST_BESIDE_EPOCHS} epochs",
            spread_percent(slow.test_spread("int8")),
            duration(slow_s.mean),
            _seeds(slow_s.n),
        ],
    ]
    reached = accuracy.mean >= FAST_ACCURACY - 1e-9
    quick = share <= FAST_TIME_SHARE
    machines = {run.machine for preset in (fast, slow) for run in preset.runs}
    return [
        "## The quick recipe",
        "",
        *table(["network", "int8 test accuracy", "training", "seeds"], rows),
        f"{percent(FAST_ACCURACY)}: {'reached' if reached else 'missed'}, "
        f"{points(accuracy.mean - FAST_ACCURACY)}. Time: {share:.2f} of `{DROPOUT}`'s, aimed at "
        f"{FAST_TIME_SHARE:g} or less: {'met' if quick else 'missed'}."
        + (" Trained on different machines: the times do not compare." * (len(machines) > 1)),
        "",
    ]


def _seeds(n: int) -> str:
    return "1 seed" if n == 1 else f"{n} seeds"
