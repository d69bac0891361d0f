"""The same answer on every CPU: what is asked, and the script from end to end, unemulated."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_bench.cpus import asking
from edge_bench.cpus.answers import Answers, answer
from edge_bench.cpus.asking import Ready
from edge_bench.cpus.debian import Debian
from edge_bench.cpus.emulated import CPUS
from edge_infer.errors import MissingExtraError, RunError
from edge_infer.model.shipped import shipped_models

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
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


def test_answers_hold_everything(folder: Path) -> None:
    answers = answer(folder)
    assert answers["tensors"].shape == (2, 28, 28)
    assert answers["tensors"][0].max() > 250
    assert not answers["tensors"][1].any()
    assert answers["stacked tensors"][0].max() > 250
    assert not answers["stacked tensors"][1].any()
    for name in shipped_models():
        assert answers[f"int8 {name}"].shape[0] == answers[f"int8 {name}, MNIST"].shape[0] == 2
    assert json.loads(answers["pages"][0])["text"] == "47"
    assert len(answers["page tensors"]) == len(answers["int8 pages"]) >= 2


def test_where_nothing_can_be_emulated_that_is_said(
    script: ModuleType,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(asking.Debian, "of_this_machine", _no_debian)
    monkeypatch.setattr(script, "make_inputs", lambda out, *_, **__: shutil.copytree(folder, out))
    monkeypatch.setattr(script, "ask", lambda _, folder, out, **__: _answer(folder, out))
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


def test_quick_check_is_skipped_in_a_line(
    script: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(asking.Debian, "of_this_machine", _no_debian)
    assert script.main(["--quick", "--cache", str(tmp_path / "cache")]) == 0
    told = capsys.readouterr()
    assert told.err == "parity-cpus: skipped: all emulated CPUs: this is no Debian\n"
    assert not told.out
    assert not list(tmp_path.iterdir())


@pytest.fixture
def quick(
    script: ModuleType, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], int]:
    """The quick check with a Haswell that is this CPU, called in an empty folder."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def make_inputs(out: Path, mnist: None, *, large: bool) -> None:
        assert not large
        shutil.copytree(folder, out, dirs_exist_ok=True)

    monkeypatch.setattr(script, "make_ready", lambda *_, **__: ([Ready(CPUS[0], [], [])], []))
    monkeypatch.setattr(script, "make_inputs", make_inputs)
    monkeypatch.setattr(script, "ask", lambda _, folder, out, **__: _answer(folder, out))
    monkeypatch.setattr(asking, "ask", lambda _, folder, out, **__: _answer(folder, out))
    return lambda: script.main(["--quick"])


def test_quick_check_compares_and_keeps_nothing(
    quick: Callable[[], int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert quick() == 0
    assert "| Haswell (x86-64 with AVX2, without VNNI) | 0 |" in capsys.readouterr().out
    assert not list(Path().iterdir())


def test_quick_check_fails_where_answers_differ(
    quick: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(_: object, folder: Path, out: Path, **__: object) -> Answers:
        return _answer(folder, out) | {"pages": np.array(["other"])}

    monkeypatch.setattr(asking, "ask", ask)
    assert quick() == 1


def test_quick_check_is_skipped_where_nobody_answers_in_time(
    quick: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def be_late(*_: object, **__: object) -> Answers:
        raise RunError("qemu took more than 270 s", code="late")

    monkeypatch.setattr(asking, "ask", be_late)
    assert quick() == 0
    told = capsys.readouterr()
    assert told.err.endswith("skipped: Haswell: it had not answered when the time was up\n")
    assert not told.out


def test_quick_check_bounds_this_cpu_too(
    quick: Callable[[], int],
    script: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def be_late(*_: object, ends_s: float) -> Answers:
        assert ends_s <= time.monotonic() + script.QUICK_S
        raise RunError("python took more than 270 s", code="late")

    monkeypatch.setattr(script, "ask", be_late)
    assert quick() == 0
    told = capsys.readouterr()
    assert told.err.endswith("skipped: this CPU had not answered when the time was up\n")
    assert not told.out


def test_quick_check_draws_nothing_when_the_time_is_up(
    quick: Callable[[], int],
    script: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(script, "QUICK_S", 0.0)
    assert quick() == 0
    told = capsys.readouterr().err
    assert told == "parity-cpus: skipped: this CPU had not answered when the time was up\n"


def _no_debian(**_: object) -> Debian:
    raise MissingExtraError("this is no Debian")


def _answer(folder: Path, out: Path) -> Answers:
    answers = answer(folder)
    np.savez(out, **answers)
    return answers
