"""The same answer on every CPU: what is asked, what is compared, what is told of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_bench.cpus import asking, instructions
from edge_bench.cpus.answers import INFERENCES, Answers, answer
from edge_bench.cpus.compare import FLOAT_LIMIT, compare
from edge_bench.cpus.debian import Debian, make_once, run
from edge_bench.cpus.emulated import CPUS, EmulatedCpu, Emulators
from edge_bench.cpus.instructions import count_instructions
from edge_infer.errors import MissingExtraError, RunError
from edge_infer.shipped import shipped_models

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
DEBIAN = Debian("http://mirror.test", "suite", "amd64")
DrawDigit = Callable[..., NDArray[np.uint8]]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The script as a module, forgotten afterwards."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import parity_cpus

    yield parity_cpus
    sys.modules.pop("parity_cpus", None)


@pytest.fixture
def folder(tmp_path: Path, draw_digit: DrawDigit, tiny_model_path: Path) -> Path:
    """Two pictures of a digit, of which one is empty, a page and two images of MNIST."""
    folder = tmp_path / "questions"
    for name in ("digits", "pages", "float"):
        (folder / name).mkdir(parents=True)
    shutil.copy(tiny_model_path, folder / "float")
    paper = np.full((40, 30), 255, np.uint8)
    for path, image in {
        "digits/0.jpg": draw_digit("3"),
        "digits/1.jpg": paper,
        "pages/0.jpg": np.hstack([draw_digit("4"), draw_digit("7")]),
    }.items():
        cv2.imwrite(str(folder / path), image)
    np.save(folder / "mnist.npy", np.eye(28, dtype=np.uint8)[None].repeat(2, axis=0) * 255)
    return folder


@pytest.fixture
def answers() -> Answers:
    """Answers to two pictures and a page with three glyphs."""
    floats = np.full((2, 10), 0.1, np.float32)
    return {
        "tensors": np.zeros((2, 28, 28), np.uint8),
        "int8 edge": floats,
        "float edge": floats,
        "pages": np.array(["one", "two"]),
        "page tensors": np.zeros((3, 28, 28), np.uint8),
        "int8 pages": np.full((3, 11), 0.1, np.float32),
    }


def test_answers_hold_everything(folder: Path) -> None:
    answers = answer(folder)
    assert answers["tensors"].shape == (2, 28, 28)
    assert answers["tensors"][0].max() > 250
    assert not answers["tensors"][1].any()
    for name in shipped_models():
        assert answers[f"int8 {name}"].shape[0] == answers[f"int8 {name}, MNIST"].shape[0] == 2
    assert json.loads(answers["pages"][0])["text"] == "47"
    assert len(answers["page tensors"]) == len(answers["int8 pages"]) >= 2


def test_equal_answers_are_the_same(answers: Answers) -> None:
    differences = compare(answers, dict(answers))
    assert differences.is_same
    assert differences.float_delta == 0


@pytest.mark.parametrize("name", ["tensors", "int8 edge", "page tensors", "int8 pages"])
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

    def fake(*words: str) -> None:
        asked.append(words)
        next(Path(word[9:]) for word in words if word.startswith("--target=")).mkdir()

    monkeypatch.setattr("edge_bench.cpus.emulated.run", fake)
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
    answers: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def python(_: Emulators, cpu: EmulatedCpu, __: object) -> list[str]:
        if cpu.part is None:
            raise MissingExtraError("on x86-64 alone")
        return [cpu.name]

    def no_counter(_: Emulators) -> Path:
        raise MissingExtraError("there is no C compiler (cc)")

    def ask(words: list[str], *_: Path) -> Answers:
        other = answers["int8 edge"] + np.float32(0.01)
        return answers | {"int8 edge": other} if words == ["Cortex-A72"] else answers

    monkeypatch.setattr(asking.Debian, "of_this_machine", lambda: DEBIAN)
    monkeypatch.setattr(Emulators, "qemu", lambda *_: ["qemu"])
    monkeypatch.setattr(Emulators, "python", python)
    monkeypatch.setattr(asking, "build_counter", no_counter)
    monkeypatch.setattr(asking, "ask", ask)
    cpus, left_out = asking.ask_emulated(tmp_path, answers, tmp_path, lambda _: None)
    assert left_out == ("instructions: there is no C compiler (cc)", "Haswell: on x86-64 alone")
    assert [cpu.name for cpu in cpus if not cpu.differences.is_same] == ["Cortex-A72"]
    assert len(cpus) == 3
    assert cpus[1].differences.int8 == 2
    assert cpus[1].differences.int8_delta == pytest.approx(0.01, rel=1e-3)


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


def test_where_nothing_can_be_emulated_that_is_said(
    script: ModuleType,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def no_debian() -> Debian:
        raise MissingExtraError("this is no Debian")

    monkeypatch.setattr(asking.Debian, "of_this_machine", no_debian)
    monkeypatch.setattr(script, "make_inputs", lambda out, _: shutil.copytree(folder, out))
    monkeypatch.setattr(script, "ask", lambda _, folder, out: _answer(folder, out))
    out, results = tmp_path / "out", tmp_path / "results"
    assert script.main(["--out", str(out), "--results", str(results)]) == 0
    assert "- Left out: all emulated CPUs: this is no Debian." in capsys.readouterr().out
    assert json.loads((results / "parity.json").read_text())["questions"]["pages"] == 1

    # Another machine answers the same, and one that does not is found out.
    words = ["--reference", str(out), "--out", str(tmp_path / "other")]
    assert script.main(words) == 0
    changed = answer(folder) | {"pages": np.array(["other"])}
    monkeypatch.setattr(script, "ask", lambda *_: changed)
    assert script.main(words) == 1


def _answer(folder: Path, out: Path) -> Answers:
    answers = answer(folder)
    np.savez(out, **answers)
    return answers
