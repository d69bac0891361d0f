from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edge_bench.reading.report import write_report
from edge_bench.reading.results import (
    PageResult,
    ReaderResult,
    Reading,
    ReadingResults,
    SinglesResult,
    judge,
    what_is_wrong,
)
from edge_bench.reading.truth import TruePage
from edge_infer.model.cards import HandwritingScore


def page(truth: str, text: str, elapsed_ms: float = 10.0, **changes: str) -> PageResult:
    reading = Reading(rows=(text,), elapsed_ms=elapsed_ms, cpu_ms=elapsed_ms / 2)
    return judge(TruePage("a|b.png", (truth,)), replace(reading, **changes))


@pytest.fixture
def results() -> ReadingResults:
    own = (page("1234", "1234", 10), page("56", "5", 20), page("78", "78", 60))
    peer = (page("1234", "77777", 400), page("56", "", error="it fell over"), page("78", "7"))
    return ReadingResults(
        machine="a CPU, 2 cores",
        measured_at="2026-01-02T03:04:05+00:00",
        command="python benchmarks/reading.py FOLDER",
        readers=(
            ReaderResult(name="edge-mnist", how="model edge", pages=own),
            ReaderResult(name="Other", how="9.9", pages=peer),
        ),
        singles=(SinglesResult("edge", (HandwritingScore(name="singles", correct=7, n=8),)),),
        absent=("RapidOCR is not installed",),
    )


def test_summary_counts_errors_pages_and_times(results: ReadingResults) -> None:
    own, peer = results.readers
    assert (own.errors, own.glyphs, own.exact) == (1, 8, 2)
    assert own.error_rate == 1 / 8
    assert (own.p50_ms, own.p90_ms, own.cpu_p50_ms) == (20, 52, 10)
    assert (peer.errors, peer.exact) == (4 + 2 + 1, 0)


def test_failure_is_no_exact_page_even_when_there_was_nothing_to_read() -> None:
    reading = Reading(rows=(), elapsed_ms=1.0, cpu_ms=1.0, error="it fell over")
    assert not judge(TruePage("a.png", ()), reading).is_exact


def test_long_lists_of_wrong_glyphs_are_cut_short() -> None:
    assert what_is_wrong(page("12", "13")) == "3 instead of 2"
    assert what_is_wrong(page("1", "1" + 9 * "7")).endswith("7 put in and 3 more")


def test_report_has_the_programs_side_by_side(results: ReadingResults) -> None:
    report = write_report(results)
    assert "| edge-mnist | 12.50 % | 1/8 | 2/3 (67 %) | 20.0 ms | 52.0 ms | 10.0 ms |" in report
    assert "| Other | 87.50 % | 7/8 | 0/3 (0 %) |" in report
    assert "- Other: 9.9." in report
    assert "- Left out: RapidOCR is not installed." in report


def test_report_names_each_miss_and_every_page(results: ReadingResults) -> None:
    report = write_report(results)
    assert "| 2 a\\|b.png | 56 | 5 | 6 left out |" in report
    assert "| 1 a\\|b.png | 1234 | 1234 | 77777 | 10.0 ms |" in report
    assert "| 2 a\\|b.png | 56 | 5 | it fell over | 20.0 ms |" in report
    assert "| edge | 87.50 % (7/8) |" in report


def test_report_without_misses_says_so(results: ReadingResults) -> None:
    right = replace(results.readers[0], pages=(page("1", "1"),))
    report = write_report(replace(results, readers=(right,), singles=()))
    assert "None." in report
    assert "Single digits" not in report


def test_file_holds_figures_and_pages(results: ReadingResults, tmp_path: Path) -> None:
    results.write(tmp_path / "reading.json")
    document = json.loads((tmp_path / "reading.json").read_text())
    assert document["format_version"] == 1
    own, peer = document["readers"]
    assert own["summary"] == {
        **{"pages": 3, "exact": 2, "glyphs": 8, "errors": 1, "error_rate": 0.125},
        **{"p50_ms": 20, "p90_ms": 52, "cpu_p50_ms": 10},
    }
    assert own["pages"][1]["truth"] == ["56"]
    assert own["pages"][1]["wrong"] == ["6 left out"]
    assert "error" not in own["pages"][1]
    assert peer["pages"][1]["error"] == "it fell over"
    assert document["singles"][0]["sets"] == [{"name": "singles", "correct": 7, "n": 8}]
