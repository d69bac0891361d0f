"""The script itself: a real training of one epoch on the UCI digits, and what it refuses."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from edge_bench.family.measure import sha256_of
from edge_bench.family.plan import Entry
from edge_bench.family.results import FamilyResults
from edge_infer import Classifier
from edge_infer.errors import RunError, UsageError
from edge_infer.model.shipped import read_card, shipped_models

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
MODULES = ("family", "family_calls", "family_make", "family_parity", "family_steps")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The script as a module, forgotten afterwards."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import family

    yield family
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture
def family(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script with one small network for a family."""
    monkeypatch.setattr(script, "FAMILY", (Entry(preset="nano", seeds=1),))
    return script


@pytest.fixture
def one_process(family: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Calls of the command line without a process each: they would start TensorFlow anew."""
    import family_calls
    from edge_mnist.app import app

    def call(self: object, words: Sequence[str], log: Path | None, lock: int | None = None) -> None:
        app(list(words), standalone_mode=False)

    monkeypatch.setattr(family_calls.CommandLine, "call", call)
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


@pytest.mark.usefixtures("one_process")
def test_script_trains_measures_reports_and_does_nothing_twice(
    family: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["--data", "digits", "--epochs", "1", "--runs", str(tmp_path)]
    assert family.main(words) == 0
    results = FamilyResults.read(tmp_path / "family.json")
    assert results.data == "digits"
    assert results.command == "python benchmarks/family.py --epochs 1 --data digits"
    nano = results.presets["nano"]
    row, file = nano.seeds[0], tmp_path / "nano-default-0" / "nano.int8.onnx"
    metadata = Classifier.load(file).metadata
    assert (row.epochs, row.keras.train_n, row.int8.test_n) == (1, 1318, 359)
    assert row.int8.test_correct == metadata.test_accuracy.correct
    assert row.keras.test_correct == metadata.test_accuracy_keras.correct
    assert row.int8.size_bytes == file.stat().st_size
    assert row.commands[0] == (
        "edge-mnist train --preset nano --data digits --epochs 1 --seed 0 "
        "--out runs/family/nano-default-0"
    )
    assert nano.parameters == metadata.parameters
    assert nano.latency is not None
    text = (tmp_path / "family.md").read_text(encoding="utf-8")
    assert f"| `nano` | {nano.parameters:,} | {nano.macs:,} | 1 |" in text
    assert str(tmp_path) not in text + (tmp_path / "family.json").read_text(encoding="utf-8")

    capfd.readouterr()
    # A row that was written before a field of the recipe was thought of is still today's.
    shorter = {name: value for name, value in nano.make.recipe.items() if name != "ema_momentum"}
    old = replace(nano, make=replace(nano.make, recipe=shorter))
    replace(results, presets={"nano": old}).write(tmp_path / "family.json")
    assert family.main(words) == 0
    assert capfd.readouterr().err == f"family: {tmp_path / 'family.md'}\n"


@pytest.mark.usefixtures("one_process")
def test_script_times_a_network_whose_files_are_gone(family: ModuleType, tmp_path: Path) -> None:
    words = ["--data", "digits", "--epochs", "2", "--runs", str(tmp_path)]
    assert family.main(words) == 0
    first = FamilyResults.read(tmp_path / "family.json").presets["nano"]
    shutil.rmtree(tmp_path / "nano-default-0")
    replace(
        FamilyResults.read(tmp_path / "family.json"), presets={"nano": replace(first, latency=None)}
    ).write(tmp_path / "family.json")
    assert family.main([*words, "--stand-ins"]) == 0
    nano = FamilyResults.read(tmp_path / "family.json").presets["nano"]
    file = tmp_path / "stand-ins" / "nano-default-0" / "nano.int8.onnx"
    assert Classifier.load(file).metadata.epochs == 1
    assert nano.latency is not None
    assert nano.latency.int8.sha256 == sha256_of(file)
    assert nano.seeds == first.seeds
    assert "were gone: nano" in (tmp_path / "family.md").read_text(encoding="utf-8")
    assert family.main([*words, "--stand-ins"]) == 0
    assert FamilyResults.read(tmp_path / "family.json").presets["nano"] == nano
    made = file.stat().st_mtime_ns
    replace(
        FamilyResults.read(tmp_path / "family.json"), presets={"nano": replace(nano, latency=None)}
    ).write(tmp_path / "family.json")
    assert family.main([*words, "--stand-ins"]) == 0
    assert file.stat().st_mtime_ns == made


def test_script_keeps_results_of_other_data(family: ModuleType, tmp_path: Path) -> None:
    FamilyResults(machine="a CPU", command="x", data="mnist").write(tmp_path / "family.json")
    with pytest.raises(UsageError, match="results of mnist, not of digits"):
        family.main(["--data", "digits", "--results", str(tmp_path)])


def test_trials_stay_away_from_the_results(family: ModuleType) -> None:
    for words in (["--epochs", "1"], ["--data", "digits"]):
        arguments = family._arguments(words)
        assert (arguments.runs, arguments.results) == (family.TRIAL_RUNS, family.TRIAL_RUNS)
    arguments = family._arguments([])
    assert (arguments.runs, arguments.results) == (family.RUNS, family.RESULTS)


def test_command_in_the_results_names_no_folder(family: ModuleType) -> None:
    words = ["--data", "/some/place/glyphs", "--handwriting", "/some/place/hands", "--seeds", "2"]
    command = family._command(family._arguments(words))
    assert command == "python benchmarks/family.py --seeds 2 --data glyphs --handwriting DIR"


def test_table_names_presets_and_recipes_that_there_are(script: ModuleType) -> None:
    pytest.importorskip("keras", reason="the presets need Keras")
    from edge_train.presets import PRESETS, find_preset

    for entry in script.FAMILY:
        find_preset(entry.preset).find_recipe(entry.recipe)
    assert {entry.preset for entry in script.FAMILY} == set(PRESETS)
    assert {entry.key for entry in script.FAMILY} == set(script.SHOWN)


@pytest.mark.parametrize("preset", shipped_models())
def test_what_ships_is_the_best_seed_on_validation_images(script: ModuleType, preset: str) -> None:
    results = FamilyResults.read(BENCHMARKS / "results" / "family.json").presets[preset]
    card = read_card(preset)
    assert results.best.int8.sha256 == card.sha256
    assert card.seeds is None or card.seeds.mean == results.test_spread("int8").mean
    (entry,) = (entry for entry in script.FAMILY if entry.key == preset)
    taught = [f"--teacher {teacher}" for teacher in entry.teachers]
    assert all(words in card.commands[0] for words in taught)
    files = [BENCHMARKS.parent / teacher for teacher in entry.teachers]
    assert results.make.teacher_sha256 == tuple(map(sha256_of, files))


@pytest.mark.parametrize("words", [["--seeds", "0"], ["--jobs", "x"], ["--only", "all"]])
def test_script_refuses_options_without_sense(
    family: ModuleType, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        family.main(words)
    assert words[0] in capsys.readouterr().err


def test_command_line_reports_failure_and_interrupt(
    family: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import family_calls

    monkeypatch.setattr(family_calls, "_EDGE_MNIST", (sys.executable, "-c"))
    commands, log = family_calls.CommandLine(), tmp_path / "run.log"
    commands.call(["print('fine')"], log)
    assert log.read_text() == "fine\n"
    with pytest.raises(RunError, match=r"ended with 3, see .*run\.log"):
        commands.call(["raise SystemExit(3)"], log)
    with pytest.raises(KeyboardInterrupt):
        commands.call(["raise SystemExit(130)"], log)


def test_command_line_stops_what_runs(
    family: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import family_calls

    monkeypatch.setattr(family_calls, "_EDGE_MNIST", (sys.executable, "-c"))
    monkeypatch.setattr(family_calls, "_GRACE_S", 0.01)
    commands, log = family_calls.CommandLine(), tmp_path / "run.log"
    raised: list[BaseException] = []

    def work() -> None:
        try:
            commands.call(["print('up', flush=True); import time; time.sleep(60)"], log)
        except KeyboardInterrupt as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    while not (log.is_file() and log.read_text().startswith("up")):
        time.sleep(0.01)
    commands.stop()
    thread.join(10)
    assert len(raised) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no flock")
def test_training_waits_for_one_that_was_left_behind(
    family: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from family_calls import alone_in

    reading, writing = os.pipe()
    with alone_in(tmp_path) as lock:
        # It ends when the pipe is closed; the lock's first holder is gone before.
        waits = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        orphan = subprocess.Popen(waits, stdin=reading, pass_fds=(lock,))
    os.close(reading)
    threading.Timer(0.2, os.close, (writing,)).start()
    with alone_in(tmp_path):
        assert orphan.wait(10) == 0
    assert "waiting for another process" in capsys.readouterr().err
