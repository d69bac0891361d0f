"""Whether confidences can be trusted: reliability, and risk against coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edge_analysis.evaluation.confidence import ConfidenceScore
from edge_analysis.evaluation.figures.canvas import canvas, faint, series
from edge_analysis.report_page.drawn import Drawn
from edge_analysis.text import amount, percent
from edge_infer.model.reliability import RiskPoint


def draw_reliability(score: ConfidenceScore, accuracy: float) -> Drawn:
    """Draw accuracy against confidence, and how many answers there are of each."""
    used = [one for one in score.bins if one.n]
    with canvas(4.2) as figure:
        above, below = figure.subplots(2, sharex=True, height_ratios=(3, 1))
        above.plot((0, 100), (0, 100), color=faint(), linestyle="--", linewidth=1)
        above.bar(
            [100 * (one.low + one.high) / 2 for one in used],
            [100 * one.accuracy for one in used],
            width=100 / len(score.bins),
            color=series(0),
            alpha=0.35,
        )
        above.plot(
            [100 * one.confidence for one in used],
            [100 * one.accuracy for one in used],
            "o",
            color=series(0),
            clip_on=False,
        )
        above.set(ylabel="right answers (%)", xlim=(0, 100), ylim=(0, 102))
        below.bar(
            [100 * (one.low + one.high) / 2 for one in used],
            [one.n for one in used],
            width=100 / len(score.bins),
            color=series(0),
        )
        below.set(xlabel="confidence (%)", ylabel="images", yscale="log")
        below.yaxis.set_major_formatter("{x:,.0f}")
    return Drawn(
        "reliability",
        figure,
        "Reliability diagram: share of right answers against confidence.",
        _reliability_sentence(score, accuracy),
    )


def _reliability_sentence(score: ConfidenceScore, accuracy: float) -> str:
    top = score.bins[-1]
    total = sum(one.n for one in score.bins)
    gap = score.mean_confidence - accuracy
    lean = "too sure" if gap > 0 else "too modest"
    return (
        f"The expected calibration error is {percent(score.calibration_error)}: on average the "
        f"model says {percent(score.mean_confidence)} and is right {percent(accuracy)} of the "
        f"time, {lean} by {abs(100 * gap):.2f} points. {percent(top.n / total, 1)} of all answers "
        f"have a confidence above {percent(top.low, 0)}; points on the dashed line keep their word."
    )


def draw_risk(curves: Mapping[str, Sequence[RiskPoint]], score: ConfidenceScore) -> Drawn:
    """Draw the errors left when the least sure answers are rejected.

    Args:
        curves: Of each model by name; the first is the one that is told of.
        score: Of the first.
    """
    with canvas(3.2) as figure:
        axes = figure.add_subplot()
        for index, (name, points) in enumerate(curves.items()):
            axes.plot(
                [100 * point.coverage for point in points],
                [100 * point.risk for point in points],
                color=series(index),
                linestyle="-" if not index else "--",
                label=name,
            )
        kept = score.at_threshold
        if kept is not None:
            place = 100 * kept.coverage, 100 * kept.risk
            axes.plot(*place, "o", color=series(0), clip_on=False, label="its reject threshold")
        axes.set(xlabel="coverage: images answered (%)", ylabel="wrong among them (%)")
        axes.set_xlim(100 * _lowest_shown(curves, score), 100)
        axes.set_ylim(bottom=0)
        axes.legend()
    return Drawn("risk", figure, "Risk against coverage.", _risk_sentence(score))


def _lowest_shown(curves: Mapping[str, Sequence[RiskPoint]], score: ConfidenceScore) -> float:
    """Return the coverage from which on something happens."""
    points = [point for curve in curves.values() for point in curve if point.errors]
    points += [] if score.at_threshold is None else [score.at_threshold]
    return max(min((point.coverage for point in points), default=1.0) - 0.01, 0.0)


def _risk_sentence(score: ConfidenceScore) -> str:
    whole, *others = score.risk
    # Fewest errors first reached: to reject more says nothing new.
    fewer = {point.errors: point for point in reversed(others) if point.errors < whole.errors}
    words = [
        f"{amount(point.errors, 'error')} when the least sure {percent(1 - point.coverage, 1)} are "
        "rejected"
        for point in reversed(fewer.values())
    ][:3]
    text = f"{amount(whole.errors, 'error')} when all {whole.n:,} images are answered"
    text += f", {', '.join(words)}." if words else "."
    kept = score.at_threshold
    if kept is None:
        return text
    return (
        f"{text} The model's own threshold, {kept.threshold:.3f}, keeps {percent(kept.coverage)} "
        f"of the images with {amount(kept.errors, 'error')}."
    )
