"""The runtime gives the golden answers on the CPU that runs this test, whichever that is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from golden.make_golden import GOLDEN, runtime_differences

GROUPS = ("tensors", "probabilities", "pages", "float")


@pytest.fixture(scope="module")
def found() -> dict[str, list[str]]:
    """Lines about answers that differ, by group."""
    return runtime_differences()


@pytest.mark.parametrize("group", GROUPS)
def test_the_answers_of_a_group_are_the_golden_ones(
    found: dict[str, list[str]], group: str
) -> None:
    assert found[group] == []


def test_every_group_is_checked(found: dict[str, list[str]]) -> None:
    assert set(found) == set(GROUPS)


def test_a_changed_answer_is_reported_in_its_group_alone(tmp_path: Path) -> None:
    golden = json.loads(GOLDEN.read_text())
    golden["runtime"]["tensors"]["drawn"] = "another digest"
    file = tmp_path / "golden.json"
    file.write_text(json.dumps(golden))
    found = runtime_differences(file)
    assert [group for group in found if found[group]] == ["tensors"]
