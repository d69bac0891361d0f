"""The script and the files that it makes, without the runtimes themselves."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from edge_bench.peers import prepare as preparing
from edge_bench.peers.measure import Contender, Roster, summarise
from edge_bench.peers.prepare import prepare
from edge_bench.peers.stacks import IMAGES_FILE, KERAS_FILE, STACKS
from edge_infer.errors import RunError

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
IMAGES = np.zeros((4, 28, 28), np.uint8)


class FakeRun:
    """A finished run of four images."""

    def __init__(self, path: Path) -> None:
        self.model_path = path / KERAS_FILE

    def read_record(self) -> SimpleNamespace:
        return SimpleNamespace(preset="edge", parameters=58_570)

    def read_calibration(self) -> SimpleNamespace:
        return SimpleNamespace(test_images=IMAGES, test_labels=np.array([0, 1, 2, 3]))


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The script as a module, forgotten afterwards."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import peers

    monkeypatch.setattr(peers, "RunFolder", FakeRun)
    yield peers
    sys.modules.pop("peers", None)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a Keras file; programs that are called are noted in ``calls``."""
    monkeypatch.setattr(preparing, "RunFolder", FakeRun)
    monkeypatch.setattr(preparing, "write_bare", lambda *_, **__: None)
    (tmp_path / KERAS_FILE).write_bytes(b"weights")
    return tmp_path


def _contender(key: str, form: str, class_ids: list[int], time_us: float) -> Contender:
    stack = next(stack for stack in STACKS if stack.key == key)
    times_us = np.full(3, time_us)
    latency = summarise(times_us, np.full(3, 10.0), threads=1, batch=1, calls=9)
    return Contender(stack, form, "1.0", np.array(class_ids), [latency])


def test_script_writes_accuracy_and_ratios(
    script: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = [
        _contender("classifier", "int8", [0, 1, 2, 0], 10.0),
        _contender("keras", "compiled", [0, 1, 2, 3], 500.0),
    ]
    roster = Roster({each.place: each for each in found}, ["ncnn: not installed"])
    asked: list[object] = []

    def measure(*arguments: object) -> Roster:
        asked.extend(arguments)
        return roster

    monkeypatch.setattr(script, "prepare", lambda *_: ("LiteRT: not converted",))
    monkeypatch.setattr(script, "measure", measure)
    monkeypatch.setattr(script, "import_times_ms", lambda _: {"classifier": 90.0, "keras": 9000.0})
    out, results = tmp_path / "out", tmp_path / "results"
    words = ["RUN", "--stacks", "keras", "--threads", "1", "--rounds", "3", "--out", str(out)]
    assert script.main([*words, "--results", str(results)]) == 0
    stacks, _, *numbers, _ = asked
    assert [stack.key for stack in stacks] == ["classifier", "keras"]  # type: ignore[attr-defined]
    assert numbers == [(1,), 3]
    text = (results / "peers.md").read_text()
    assert text == (out / "peers.md").read_text() == capsys.readouterr().out[:-1]
    assert "| Classifier (onnxruntime), int8 | 75.00 % | 1 | 10.0 µs | 1.00 |" in text
    assert "| Keras (TensorFlow), `tf.function` | 100.00 % | 0 | 500.0 µs | 50.0 |" in text
    assert "- LiteRT: not converted\n- ncnn: not installed" in text
    document = json.loads((results / "peers.json").read_text())
    command = "python benchmarks/peers.py RUN --stacks keras --threads 1 --rounds 3"
    assert document["command"] == command
    assert document["pages"]["readers"][0]["summary"]["pages"] > 0


@pytest.mark.parametrize(
    "words", [["RUN", "--stacks", "torch"], ["RUN", "--rounds", "0"], ["RUN", "--threads", "x"], []]
)
def test_script_refuses_what_makes_no_sense(script: ModuleType, words: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        script.main(words)


def test_files_of_a_run_are_made_once(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(preparing, "_call", lambda words, **_: calls.append(" ".join(words[1:4])))
    monkeypatch.setattr(preparing, "_make_ncnn", lambda *_: None)
    folder = run / "files"
    for _ in range(2):
        assert prepare(run, folder, lambda _: None) == ()
    assert [call for call in calls if "litert" in call] == [
        f"-m edge_bench.peers.litert_files {run}"
    ]
    assert len([call for call in calls if "export" in call]) == 4
    assert np.array_equal(np.load(folder / IMAGES_FILE), IMAGES)
    (run / KERAS_FILE).write_bytes(b"other weights")
    prepare(run, folder, lambda _: None)
    assert "litert" in calls[-1]


def test_failed_conversion_leaves_others_alone(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def call(words: list[str], **_: object) -> None:
        if "edge_bench.peers.litert_files" in words:
            raise RunError("no memory")

    monkeypatch.setattr(preparing, "_call", call)
    monkeypatch.setattr(preparing.importlib.util, "find_spec", lambda _: None)
    lines = prepare(run, run / "files", lambda _: None)
    assert lines == (
        "LiteRT: not converted; no memory",
        "ncnn: not converted; pnnx is missing: pip install --no-deps pnnx",
    )


def test_program_that_fails_is_heard() -> None:
    with pytest.raises(RunError, match="failed and said: out of paper"):
        preparing._call([sys.executable, "-c", "import sys; sys.exit('out of paper')"])
    with pytest.raises(RunError, match="cannot start no-such-program"):
        preparing._call(["no-such-program", "x"])
