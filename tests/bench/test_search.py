from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "search.py"
TINY = "c4s2-4 c3s2v-8 d3 p2 gdw fc-6"


@pytest.fixture(scope="module")
def search() -> Any:
    spec = importlib.util.spec_from_file_location("search", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["search"] = module
    spec.loader.exec_module(module)
    return module


def result(search: Any, spec: str, int8_us: float, macs: int, parameters: int) -> Any:
    return search.Result(spec, parameters, macs, 1000, 1.0, int8_us, 1.0, 1.0, 1.0)


def test_reference_is_the_edge_preset(search: Any) -> None:
    from edge_train.presets import build_preset
    from edge_train.soften import soften_network

    weights, expected = (
        [tuple(weight.shape) for weight in model.weights]
        for model in (
            search.build_model(search.REFERENCE),
            soften_network(build_preset("edge", 10)),
        )
    )
    assert weights == expected


def test_front_keeps_what_nothing_larger_is_as_quick_as(search: Any) -> None:
    results = [
        result(search, "small", 10.0, 100, 100),
        result(search, "beaten", 11.0, 90, 90),
        result(search, "more parameters", 11.0, 90, 110),
        result(search, "large", 20.0, 200, 200),
        result(search, "slow", 21.0, 200, 200),
    ]
    marked = {found.spec for found in search.mark_front(results) if found.front}
    assert marked == {"small", "more parameters", "large"}


def test_front_keeps_equals(search: Any) -> None:
    results = [result(search, name, 10.0, 100, 100) for name in "ab"]
    assert all(found.front for found in search.mark_front(results))


def test_candidate_is_built_and_timed(search: Any) -> None:
    images = np.random.default_rng(0).integers(0, 256, (64, 28, 28), dtype=np.uint8)
    built = search.build(TINY, images)
    # 4x4x1 to 4 on 14x14, 3x3x4 to 8 on 6x6, 3x3 of 8, 3x3 of 8, 8 to 6, 6 to 10.
    assert built.macs == 16 * 4 * 196 + 36 * 8 * 36 + 9 * 8 * 36 + 9 * 8 + 48 + 60
    dense = (48 + 6) + (60 + 10)
    assert built.parameters == (64 + 8) + (288 + 16) + (72 + 16) + (72 + 16) + dense
    ops = [node.op_type for node in onnx.load_from_string(built.int8).graph.node]
    assert ops.count("Conv") == 4
    (found,) = search.measure([built], images, rounds=1)
    assert found.front
    assert found.ratio == 1.0
    assert found.int8_bytes == len(built.int8)
    assert min(found.int8_us, found.float_us, found.int8_us_of_64, found.float_us_of_64) > 0


def test_script_prints_candidates_beside_the_reference(
    search: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(search, "REFERENCE", "c8s4-2 gap")
    file = tmp_path / "table.json"
    assert search.main(["c7s4-3  gap", "c8s4-2 gap", "--rounds", "1", "--json", str(file)]) == 0
    candidates = json.loads(file.read_text(encoding="utf-8"))["candidates"]
    assert sorted(entry["spec"] for entry in candidates) == ["c7s4-3 gap", "c8s4-2 gap"]
    assert {entry["ratio"] for entry in candidates if entry["spec"] == "c8s4-2 gap"} == {1.0}
    printed = capsys.readouterr().out
    assert all(entry["spec"] in printed for entry in candidates)


@pytest.mark.parametrize("words", [["c3 gap"], ["c9v-4 c9v-4 c9v-4 c9v-4 gap"]])
def test_script_says_in_one_line_what_is_wrong(
    search: Any, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert search.main(words) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines()[-1].startswith("search.py: ")


def test_script_refuses_no_rounds(search: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        search.main(["--rounds", "0"])
    assert "--rounds" in capsys.readouterr().err
