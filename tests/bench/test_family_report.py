from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from edge_bench.family.report import write_report
from edge_bench.family.results import FamilyResults, PresetResults
from edge_bench.family.rows import Confusion, Latency, SeedRun

Presets = Callable[..., PresetResults]
Row = Callable[..., SeedRun]
KEYS = ("nano", "edge", "edge-fast", "walkthrough", "adadelta", "dropout")


def report(**presets: PresetResults) -> str:
    named = {key.replace("_", "-"): preset for key, preset in presets.items()}
    results = FamilyResults(
        machine="a CPU, 2 cores", command="python benchmarks/family.py", data="mnist", presets=named
    )
    return write_report(results, KEYS)


def line_with(text: str, *parts: str) -> str:
    (line,) = [line for line in text.splitlines() if all(part in line for part in parts)]
    return line


def test_report_shows_means_over_seeds_not_the_best(preset_results: Presets) -> None:
    text = report(edge=preset_results("edge", 990, 994, 998))
    row = line_with(text, "| `edge` | 1,234 | 56,789 | 10 | 1 min 00 s | 3 |")
    assert row.count("99.400 ± 0.400 %") == 3
    assert "| 0: 99.00 % | 99.90 % |" in row
    assert "Not measured yet: nano, edge-fast, walkthrough, adadelta, dropout." in text


def test_report_of_a_single_seed_claims_no_deviation(preset_results: Presets) -> None:
    row = line_with(report(edge=preset_results("edge", 990)), "| `edge` | 1,234 |")
    assert "±" not in row
    assert "99.00 %" in row


def test_report_judges_targets(preset_results: Presets, seed_run: Row) -> None:
    nano = replace(preset_results("nano"), seeds={0: seed_run(0, 995, size_bytes=12_000)})
    text = report(nano=nano, edge=preset_results("edge", 995, 996))
    assert "met, +0.05 points" in line_with(text, "`nano`, accuracy |")
    assert "missed, -0.05 points" in line_with(text, "`nano`, accuracy aimed at")
    assert "12.0 kB | met" in line_with(text, "`nano`, size |")
    assert "missed by 1.0 kB" in line_with(text, "`nano`, size aimed at")
    assert "missed, -0.15 points" in line_with(text, "`edge`, accuracy |")
    assert "0.40 % | met" in line_with(text, "`edge`, calibration error")
    assert "| 2 | met" in line_with(text, "`edge`, errors left")


def test_report_holds_sources_against_their_claims(preset_results: Presets) -> None:
    text = report(adadelta=preset_results("adadelta", 923), dropout=preset_results("dropout", 986))
    assert "99.50 %, 1 seed (90.00 %) | reached, +7.92 points" in line_with(text, "train accuracy")
    assert "missed, -0.10 points" in line_with(text, "`adadelta`, test accuracy")
    assert "reached but for rounding, -0.40 points" in line_with(text, "`dropout`, test accuracy")
    assert "1 min 00 s, a CPU, 2 cores | 0.50 of that" in line_with(text, "training time |")


def test_report_ranks_confusions_of_all_seeds(preset_results: Presets) -> None:
    dropout = preset_results("dropout", 990, 991)
    counts = (Confusion(first="3", second="5", count=4), Confusion(first="7", second="9", count=1))
    second = dropout.seeds[1]
    second = replace(second, float32=replace(second.float32, confusions=counts))
    text = report(dropout=replace(dropout, seeds={0: dropout.seeds[0], 1: second}))
    row = line_with(text, "most confusions")
    assert "3/5 (4), 4/9 (3), 7/9 (1), 2 seeds" in row
    assert "4/9 is number 2, 7/9 is number 3" in row


def test_report_shows_success_by_digit(preset_results: Presets) -> None:
    text = report(walkthrough=preset_results("walkthrough", 990, 992))
    assert "| `walkthrough` | 98.0 | 99.2 | 0.125 |" in text


def test_report_holds_the_quick_recipe_against_dropout(
    preset_results: Presets, seed_run: Row
) -> None:
    fast = replace(
        preset_results("edge", recipe="fast"), seeds={0: seed_run(0, 992, training_time_s=15.0)}
    )
    slow = replace(preset_results("dropout"), seeds={0: seed_run(0, 990, epochs=5)})
    text = report(edge_fast=fast, dropout=slow)
    assert "99.19 %: reached, +0.01 points. Time: 0.12 of `dropout`'s" in text
    assert "0.5 or less: met." in text
    assert "| 2 min 00 s | 1 seed |" in line_with(text, "`dropout`, 10 epochs")


def test_report_without_either_leaves_the_quick_recipe_out(preset_results: Presets) -> None:
    assert "quick recipe" not in report(dropout=preset_results("dropout"))


def test_report_says_which_latencies_compare(
    preset_results: Presets, latency: Callable[[str], Latency]
) -> None:
    nano = preset_results("nano", latency=latency("2026-01-01"))
    edge = preset_results("edge", latency=latency("2026-01-01"))
    text = report(nano=nano, edge=edge)
    assert "| 50.0 | 20.0 | 25.00 | 12.50 |" in text
    assert "in one run, 2026-01-01, a CPU, 2 cores: nano, edge." in text
    assert "Only figures" not in text
    later = report(nano=nano, edge=replace(edge, latency=latency("2026-02-02")))
    assert "Only figures from the same run compare." in later
    assert "were gone" not in later


def test_report_names_networks_that_others_stood_in_for(
    preset_results: Presets, latency: Callable[[str], Latency]
) -> None:
    timed = latency("2026-01-01")
    stand_in = replace(timed, int8=replace(timed.int8, sha256="e" * 64))
    nano, edge = preset_results("nano", latency=stand_in), preset_results("edge", latency=timed)
    assert "as those of the table were gone: nano." in report(nano=nano, edge=edge)


def test_report_names_exports_outside_the_limits(preset_results: Presets) -> None:
    nano = preset_results("nano")
    row = nano.seeds[0]
    failed = replace(row, int8=replace(row.int8, failed_gates=("14 of 1000 labels changed",)))
    text = report(nano=replace(nano, seeds={0: failed}))
    assert "- `nano` seed 0, int8: 14 of 1000 labels changed" in text
    assert "Exports outside" not in report(nano=nano)


@pytest.mark.parametrize("key", ["nano", "edge", "dropout"])
def test_report_tables_have_one_width_each(key: str, preset_results: Presets) -> None:
    widths: list[int] = []
    for line in [*report(**{key: preset_results(key, 990, 995)}).splitlines(), ""]:
        if line.startswith("|"):
            widths.append(line.replace("\\|", "").count("|"))
        else:
            assert len(set(widths)) <= 1
            widths = []
