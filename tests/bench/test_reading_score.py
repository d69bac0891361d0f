from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_bench.reading.score import compare_bags, compare_rows, score_page
from edge_bench.reading.truth import TruePage

DIGITS = st.text("0123", max_size=8)
TRUTHS = st.text("012?", max_size=6)


def rows_distance(truth: str, text: str) -> int:
    return len(compare_rows(truth, text))


def bags_distance(truth: str, text: str) -> int:
    return len(compare_bags(truth, text))


# A busy machine is no failure.
QUICK = settings(max_examples=60, deadline=None)
DISTANCES = pytest.mark.parametrize("distance", [rows_distance, bags_distance])


@pytest.mark.parametrize(
    ("truth", "text", "words"),
    [
        ("123", "123", []),
        ("123", "173", ["7 instead of 2"]),
        ("123", "13", ["2 left out"]),
        ("123", "1213", ["1 put in"]),
        ("123", "", ["1 left out", "2 left out", "3 left out"]),
        ("", "4", ["4 put in"]),
        ("2345", "345", ["2 left out"]),
    ],
)
def test_differences_of_rows_name_what_is_wrong(truth: str, text: str, words: list[str]) -> None:
    assert [str(difference) for difference in compare_rows(truth, text)] == words


@DISTANCES
@QUICK
@given(DIGITS)
def test_distance_of_equals_is_nothing(distance, text: str) -> None:
    assert distance(text, text) == 0


@DISTANCES
@QUICK
@given(DIGITS, DIGITS)
def test_distance_is_as_far_back(distance, truth: str, text: str) -> None:
    assert distance(truth, text) == distance(text, truth)


@DISTANCES
@QUICK
@given(DIGITS, DIGITS, DIGITS)
def test_distance_takes_no_short_cut(distance, a: str, b: str, c: str) -> None:
    assert distance(a, c) <= distance(a, b) + distance(b, c)


@QUICK
@given(TRUTHS, DIGITS)
def test_distance_lies_between_bounds(truth: str, text: str) -> None:
    shortest, longest = sorted((len(truth), len(text)))
    in_order, in_any_order = rows_distance(truth, text), bags_distance(truth, text)
    assert longest - shortest <= in_any_order <= in_order <= longest


@QUICK
@given(DIGITS, DIGITS)
def test_distance_of_rows_is_nothing_for_equals_alone(truth: str, text: str) -> None:
    assert (rows_distance(truth, text) == 0) == (truth == text)


@QUICK
@given(DIGITS, DIGITS)
def test_distance_of_bags_is_nothing_for_the_same_glyphs_alone(truth: str, text: str) -> None:
    assert (bags_distance(truth, text) == 0) == (sorted(truth) == sorted(text))


@QUICK
@given(DIGITS, st.randoms(use_true_random=False))
def test_bags_know_no_order(text: str, random) -> None:
    shuffled = "".join(random.sample(text, len(text)))
    assert compare_bags("0112", shuffled) == compare_bags("0112", text)


@DISTANCES
@QUICK
@given(st.text("012?", max_size=4), st.text("0123", max_size=5))
def test_unknown_glyph_is_the_best_of_all_that_it_may_be(distance, truth: str, text: str) -> None:
    choices = itertools.product(*("0123" if glyph == "?" else glyph for glyph in truth))
    assert distance(truth, text) == min(distance("".join(each), text) for each in choices)


@DISTANCES
@pytest.mark.parametrize(
    ("truth", "text", "expected"),
    [("1?3", "173", 0), ("1?3", "13", 1), ("1?3", "1773", 1), ("?", "", 1), ("??", "5", 1)],
)
def test_unknown_glyph_is_one_glyph(distance, truth: str, text: str, expected: int) -> None:
    assert distance(truth, text) == expected


def test_unknown_glyph_is_not_a_glyph_that_may_be_read() -> None:
    assert rows_distance("1", "?") == 1


@QUICK
@given(TRUTHS, DIGITS)
def test_differences_lead_from_the_truth_to_the_text(truth: str, text: str) -> None:
    differences = compare_bags(truth, text)
    left_out = Counter(one.truth for one in differences if one.truth)
    put_in = Counter(one.text for one in differences if one.text)
    kept = Counter(truth) - left_out
    unknown = kept.pop("?", 0)
    rest = Counter(text) - put_in - kept
    assert (kept - Counter(text)).total() == 0
    assert rest.total() == unknown


@QUICK
@given(st.lists(TRUTHS, max_size=3), DIGITS, st.booleans())
def test_errors_are_never_more_than_the_truth(
    rows: list[str], text: str, is_scattered: bool
) -> None:
    score = score_page(TruePage("a.png", tuple(rows), is_scattered), text)
    assert score.errors == min(len(score.differences), sum(map(len, rows)))
    assert score.is_exact == (not score.differences)


def test_rows_cut_elsewhere_are_as_good() -> None:
    assert score_page(TruePage("a.png", ("12", "345")), "12345").is_exact


def test_scattered_page_is_compared_in_any_order() -> None:
    page = TruePage("a.png", ("4", "6", "10"), is_scattered=True)
    assert score_page(page, "1064").is_exact
    assert not score_page(TruePage("a.png", ("4", "6", "10")), "1064").is_exact


def test_empty_page_is_exact_when_nothing_is_read() -> None:
    page = TruePage("a.png", ())
    assert score_page(page, "").is_exact
    noise = score_page(page, "11")
    assert (noise.errors, noise.is_exact) == (0, False)
