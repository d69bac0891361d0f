"""Mistakes on the command line are found early, named, and change nothing."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("bench -o /dev/null/run.json", 1, "/dev/null/run.json"),
        ("bench nanno --quick", 1, "did you mean 'nano'?"),
        ("bench --scenario nap", 2, "nap"),
        ("bench --threads 0", 2, "--threads"),
        ("bench --profile --quick", 2, "--profile"),
        ("bench compare none.json none.json", 1, "none.json"),
        ("bench compare", 2, "OLD"),
        ("bench report none.json", 1, "none.json"),
        ("bench report", 2, "RUN.json"),
        ("models show edg", 1, "did you mean 'edge'?"),
        ("models show edg.onnx", 1, "edg.onnx"),
        ("models show text.onnx", 1, "text.onnx"),
        ("predict x.png --model edg", 1, "did you mean 'edge'?"),
        ("predict x.png --model none.onnx", 1, "none.onnx"),
        ("predict x.png --format xml", 2, "xml"),
        ("predict x.png --formt csv", 2, "--format"),
        ("predict x.png --threads 0", 2, "threads"),
        ("predict x.png --output /dev/null", 1, "not a regular file"),
        ("predict", 2, "SOURCE"),
        ("read x.png --expect (", 2, "--expect '('"),
        ("read x.png --rotate 45", 2, "rotate"),
        ("read x.png --model none.onnx", 1, "none.onnx"),
        ("read x.png --annotate /dev/null", 1, "cannot write into /dev/null"),
        ("read x.png --crops /dev/null/below", 1, "cannot write into"),
        ("read x.png --output /dev/null", 1, "not a regular file"),
        ("read", 2, "SOURCE"),
        ("samples", 2, "--output"),
        ("train --preset egde", 2, "did you mean 'edge'"),
        ("train --data /nowhere/at/all", 1, "/nowhere/at/all"),
        ("train --data digits --seed 5000000000", 2, "4294967295"),
        ("train --data digits --learning-rate nan", 2, "learning_rate"),
        ("train --split first", 2, "--split"),
        ("train --data digits --out /dev/null/run", 1, "/dev/null/run"),
        ("train --resume .", 1, "no unfinished run"),
        ("train --resume . --epochs 9", 2, "--epochs"),
        ("webcam --camera 63 --headless", 1, "there is no camera 63; cameras found: "),
        ("webcam --source gone.mp4 --headless", 1, "gone.mp4"),
        ("webcam --source ftp://x/y --headless", 2, "ftp://"),
        ("webcam --camera 0 --source x.mp4", 2, "--source"),
        ("webcam --max-frames 0", 2, "--max-frames"),
    ],
)
def test_mistakes_are_named(
    edge_mnist, tmp_path: Path, monkeypatch, words: str, code: int, message: str
) -> None:
    if words.startswith("train"):
        pytest.importorskip("tensorflow")
    monkeypatch.chdir(tmp_path)
    Path("text.onnx").write_text("hello")
    ran = edge_mnist(*words.split())
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err
    assert code == 2 or ran.err.splitlines()[-1].startswith("error: ")
    assert [path.name for path in Path().iterdir()] == ["text.onnx"]


@pytest.mark.parametrize(("typed", "meant"), [("predit", "predict"), ("tran", "train")])
def test_mistyped_verb_suggests_the_right_one(edge_mnist, typed: str, meant: str) -> None:
    ran = edge_mnist(typed)
    assert ran.code == 2
    assert f"'{meant}'" in " ".join(ran.err.split())
