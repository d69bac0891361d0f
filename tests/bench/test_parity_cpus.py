"""The same answer on every CPU: what is compared, and how the CPUs are made ready and asked."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_bench.cpus import asking, instructions
from edge_bench.cpus.answers import INFERENCES, Answers
from edge_bench.cpus.asking import Ready, ask_emulated, make_ready
from edge_bench.cpus.compare import FLOAT_LIMIT, compare
from edge_bench.cpus.debian import Debian, make_once, run
from edge_bench.cpus.emulated import CPUS, EmulatedCpu, Emulators
from edge_bench.cpus.instructions import count_instructions
from edge_infer.errors import MissingExtraError, RunError
from edge_infer.model.shipped import shipped_models

DEBIAN = Debian("http://mirror.test", "suite", "amd64")


@pytest.fixture
def answers() -> Answers:
    """Answers to two pictures and a page with three glyphs."""
    floats = np.full((2, 10), 0.1, np.float32)
    return {
        "tensors": np.zeros((2, 28, 28), np.uint8),
        "stacked tensors": np.zeros((2, 28, 28), np.uint8),
        "int8 edge": floats,
        "float edge": floats,
        "pages": np.array(["one", "two"]),
        "page tensors": np.zeros((3, 28, 28), np.uint8),
        "int8 pages": np.full((3, 11), 0.1, np.float32),
    }


def test_equal_answers_are_the_same(answers: Answers) -> None:
    differences = compare(answers, dict(answers))
    assert differences.is_same
    assert differences.float_delta == 0


@pytest.mark.parametrize(
    "name", ["tensors", "stacked tensors", "int8 edge", "page tensors", "int8 pages"]
)
def test_one_bit_is_a_difference(answers: Answers, name: str) -> None:
    other = {**answers, name: answers[name].copy()}
    other[name].view(np.uint8).flat[-1] ^= 1
    differences = compare(answers, other)
    assert not differences.is_same
    assert (differences.tensors, differences.int8, differences.page_tensors).count(1) == 1


def test_floats_may_differ_a_little(answers: Answers) -> None:
    for delta, is_same in ((FLOAT_LIMIT / 2, True), (FLOAT_LIMIT * 2, False), (np.nan, False)):
        other = {**answers, "float edge": answers["float edge"] + np.float32(delta)}
        assert compare(answers, other).is_same is is_same


def test_other_text_is_a_difference(answers: Answers) -> None:
    other = {**answers, "pages": np.array(["one", "three"])}
    assert compare(answers, other).pages == (1,)


def test_another_number_of_glyphs_is_a_difference(answers: Answers) -> None:
    other = {**answers, "page tensors": np.zeros((2, 28, 28), np.uint8)}
    assert compare(answers, other).page_tensors == 3


def test_instructions_are_the_median_less_the_empty_stretch() -> None:
    marks = [100, 110]
    for model in range(len(shipped_models())):
        for inference in range(INFERENCES):
            begin = marks[-1] + 7
            marks += [begin, begin + 10 + 1000 * (model + 1) + (900 if inference == 3 else 0)]
    told = "".join(f"instructions so far: {mark}\n" for mark in marks)
    counts = count_instructions(lambda: "a warning\n" + told)
    assert counts == {name: 1000 * (i + 1) for i, name in enumerate(shipped_models())}
    with pytest.raises(RunError, match="told of 2 marks"):
        count_instructions(lambda: "instructions so far: 1\n" * 2)


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_counter_compiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = instructions.run

    def fake(*words: str) -> subprocess.CompletedProcess[str]:
        if words[-1] == "-version":
            return subprocess.CompletedProcess(words, 0, "qemu-aarch64 version 7.2.1\n")
        return real(*words, "-Wall", "-Werror", "-Wno-unused-parameter")

    monkeypatch.setattr(instructions, "run", fake)
    monkeypatch.setattr(Emulators, "qemu", lambda *_: ["qemu"])
    assert instructions.build_counter(Emulators(tmp_path, DEBIAN)).is_file()


def test_arm_cpu_gets_wheels_and_a_cpuinfo_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulators = Emulators(tmp_path, DEBIAN)
    (tmp_path / "suite/arm64/usr/bin").mkdir(parents=True)
    (tmp_path / "suite/arm64/usr/bin/python3.11").touch()
    asked: list[tuple[str, ...]] = []

    def fake(_: Debian, *words: str) -> None:
        asked.append(words)
        next(Path(word[9:]) for word in words if word.startswith("--target=")).mkdir()

    monkeypatch.setattr(Debian, "fetch", fake)
    monkeypatch.setattr(Emulators, "qemu", lambda _, architecture: [f"qemu-{architecture}"])
    for cpu in CPUS[1:]:
        words = emulators.python(cpu, [Path("/own")])
        assert words[0] == "qemu-aarch64"
        assert words[words.index("-cpu") + 1] == cpu.qemu
        assert words[-1].endswith("/usr/bin/python3.11")
        assert any(word.startswith("PYTHONPATH=") and word.endswith(":/own") for word in words)
        assert cpu.part is not None
        assert cpu.part in (tmp_path / "suite" / cpu.qemu / "proc/cpuinfo").read_text()
    # Once for all three.
    assert len(asked) == 1
    assert f"numpy=={np.__version__}" in asked[0]


def test_what_cannot_be_had_is_left_out_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def python(_: Emulators, cpu: EmulatedCpu, __: object) -> list[str]:
        if cpu.part is None:
            raise MissingExtraError("on x86-64 alone")
        if cpu.name == "Cortex-A53":
            raise PermissionError("no room")
        return [cpu.name]

    def no_counter(_: Emulators) -> Path:
        raise MissingExtraError("there is no C compiler (cc)")

    monkeypatch.setattr(asking.Debian, "of_this_machine", lambda **_: DEBIAN)
    monkeypatch.setattr(Emulators, "qemu", lambda *_: ["qemu"])
    monkeypatch.setattr(Emulators, "python", python)
    monkeypatch.setattr(asking, "build_counter", no_counter)
    ready, left_out = make_ready(tmp_path, counts=True, notify=ignore)
    assert [one.python for one in ready] == [["Cortex-A76"], ["Cortex-A72"]]
    assert left_out == [
        "instructions: there is no C compiler (cc)",
        "Haswell: on x86-64 alone",
        "Cortex-A53: no room",
    ]


def test_who_answers_otherwise_is_found_out_and_who_is_late_left_out(
    answers: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(words: list[str], *_: Path, ends_s: float) -> Answers:
        if words == ["Haswell"]:
            raise RunError("python took more than 1 s", code="late")
        other = answers["int8 edge"] + np.float32(0.01)
        return answers | {"int8 edge": other} if words == ["Cortex-A72"] else answers

    monkeypatch.setattr(asking, "ask", ask)
    ready = [Ready(cpu, [cpu.name], []) for cpu in CPUS]
    cpus, late = ask_emulated(ready, tmp_path, answers, notify=ignore)
    assert late == ("Haswell: it had not answered when the time was up",)
    assert [cpu.name for cpu in cpus if not cpu.differences.is_same] == ["Cortex-A72"]
    assert len(cpus) == 3
    assert cpus[1].differences.int8 == 2
    assert cpus[1].differences.int8_delta == pytest.approx(0.01, rel=1e-3)


def test_who_fails_is_not_left_out(
    answers: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Answers:
        raise RunError("python3 failed (-11): illegal instruction")

    monkeypatch.setattr(asking, "ask", fail)
    with pytest.raises(RunError, match="illegal instruction"):
        ask_emulated([Ready(CPUS[0], [], [])], tmp_path, answers, notify=ignore)


def test_nothing_is_waited_for_when_the_time_is_up(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="took more than 0 s") as caught:
        replace(DEBIAN, ends_s=0.0).fetch("sleep", "60")
    assert caught.value.code == "late"


def test_no_cpu_is_asked_when_the_time_is_up(
    answers: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    monkeypatch.setattr(subprocess, "run", lambda *words, **_: started.append(words))
    ready = [Ready(CPUS[0], ["python"], [])]
    cpus, late = ask_emulated(ready, tmp_path, answers, notify=ignore, ends_s=0.0)
    assert (cpus, late) == ((), ("Haswell: it had not answered when the time was up",))
    assert not started


def test_half_made_folder_is_not_kept(tmp_path: Path) -> None:
    def fail(part: Path) -> None:
        part.mkdir()
        raise RunError("no space")

    with pytest.raises(RunError):
        make_once(tmp_path / "made", fail)
    assert not list(tmp_path.iterdir())


def test_failing_program_is_told_by_its_last_line() -> None:
    with pytest.raises(RunError, match=r"^sh failed \(3\): second$"):
        run("sh", "-c", "echo first >&2; echo second >&2; exit 3")


def ignore(_: str) -> None:
    pass
