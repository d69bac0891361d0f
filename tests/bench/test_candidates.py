from __future__ import annotations

import pytest

from edge_bench.candidates import CANDIDATES, Layer, parse
from edge_infer.errors import UsageError


def test_spec_is_read_word_by_word() -> None:
    layers = parse("c5s2v-16 d3 p2 flat fc-32")
    assert layers == [
        Layer("c", size=5, stride=2, filters=16, padding="valid"),
        Layer("d", size=3),
        Layer("p", size=2),
        Layer("flat"),
        Layer("fc", filters=32),
    ]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("", "needs one of gap"),
        ("c3-8", "needs one of gap"),
        ("c3-8 gap flat", "needs one of gap"),
        ("c3-8 gap c3-8", "needs one of gap"),
        ("c3-8 fc-8 gap", "dense layer before"),
        ("c3 gap", "filters belong to"),
        ("d3-8 gap", "filters belong to"),
        ("p2v gap", "stride nor padding"),
        ("p2s2 gap", "stride nor padding"),
        ("c0-8 gap", "no layer"),
        ("conv gap", "no layer"),
    ],
)
def test_spec_that_makes_no_network_is_refused(spec: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse(spec)


def test_default_candidates_can_all_be_read() -> None:
    for specs in CANDIDATES.values():
        assert len(set(specs)) == len(specs) >= 15
        assert all(parse(spec) for spec in specs)
