from __future__ import annotations

from pathlib import Path

import pytest

from edge_bench.family.plan import Entry, make_plan, needs
from edge_infer.errors import UsageError

ENTRIES = (
    Entry(preset="small", seeds=2, teachers=("large-default-1", "max")),
    Entry(preset="small", recipe="fast", seeds=1),
    Entry(preset="large", seeds=3, changes={"batch_size": 64}, legacy_h5=True),
)


def names(**options: object) -> list[str]:
    return [run.name for run in make_plan(ENTRIES, **options)]  # type: ignore[arg-type]


def test_plan_has_teachers_first_and_a_family_a_seed() -> None:
    assert names() == [
        "large-default-1",
        "small-default-0",
        "small-fast-0",
        "large-default-0",
        "small-default-1",
        "large-default-2",
    ]


def test_plan_of_chosen_presets_brings_their_teachers() -> None:
    assert names(presets=["small"]) == [
        "large-default-1",
        "small-default-0",
        "small-fast-0",
        "small-default-1",
    ]
    assert names(presets=["small-fast"]) == ["small-fast-0"]


def test_plan_takes_seeds_and_epochs_asked_for() -> None:
    plan = make_plan(ENTRIES, presets=["large"], seeds=1, epochs=2)
    assert [run.name for run in plan] == ["large-default-0"]
    assert plan[0].entry.changes == {"batch_size": 64, "epochs": 2}


def test_plan_refuses_a_name_that_is_not_of_the_family() -> None:
    with pytest.raises(UsageError, match="no 'tiny'; there are: large, small, small-fast"):
        make_plan(ENTRIES, presets=["tiny"])


def test_plan_knows_who_teaches_whom() -> None:
    plan = make_plan(ENTRIES)
    student = next(run for run in plan if run.name == "small-default-1")
    assert [run.name for run in needs(student, plan)] == ["large-default-1"]


def test_run_gives_the_words_of_its_training() -> None:
    plan = {run.name: run for run in make_plan(ENTRIES)}
    taught = plan["small-default-1"].train_words("mnist", "out", ["a.onnx", "shipped"])
    assert (
        " ".join(taught) == "--preset small --teacher a.onnx --teacher shipped --seed 1 --out out"
    )
    fast = plan["small-fast-0"].train_words("digits", "out", [])
    assert " ".join(fast) == "--preset small --data digits --recipe fast --seed 0 --out out"
    large = plan["large-default-2"].train_words("mnist", "out", [])
    assert " ".join(large) == "--preset large --batch-size 64 --legacy-h5 --seed 2 --out out"


def test_run_knows_where_its_files_lie() -> None:
    run = make_plan(ENTRIES)[0]
    assert run.float_file(Path("runs")) == Path("runs/large-default-1/large.onnx")
    assert run.int8_file(Path("runs")) == Path("runs/large-default-1/large.int8.onnx")
