"""The command line as a whole: help, start, and errors of every verb."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

VERBS = (
    *("train", "export", "verify", "evaluate", "predict", "read", "webcam", "samples"),
    *("explore", "doctor", "models", "bench"),
)
SUBVERBS = ("models show", "bench compare", "bench report")
HEAVY = {"numpy", "cv2", "onnxruntime", "tensorflow", "keras", "edge_train", "edge_export"}


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge_mnist", *arguments]
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    return subprocess.run(command, check=False, timeout=60, **settings)


def run_python(program: str) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return ran.stdout.split()


def test_help_lists_every_verb(edge_mnist) -> None:
    ran = edge_mnist("--help")
    assert ran.code == 0
    for verb in VERBS:
        assert re.search(rf"^\W*{verb}\b", ran.out, re.MULTILINE), verb


@pytest.mark.parametrize("option", ["--help", "-h"])
@pytest.mark.parametrize("verb", [*VERBS, *SUBVERBS])
def test_help_of_every_verb_has_examples(edge_mnist, verb: str, option: str) -> None:
    ran = edge_mnist(*verb.split(), option)
    assert ran.code == 0
    assert f"edge-mnist {verb} [OPTIONS]" in ran.out
    assert ran.out.rpartition("Examples")[2].count(f"edge-mnist {verb.partition(' ')[0]}") >= 2


def test_no_arguments_give_the_help(edge_mnist) -> None:
    ran = edge_mnist()
    assert "Usage: edge-mnist" in ran.out + ran.err


def test_version_is_that_of_the_distribution(edge_mnist) -> None:
    import edge_mnist as package

    assert edge_mnist("--version").out == f"edge-mnist {version('edge-mnist')}\n"
    assert package.__version__ == version("edge-mnist")
    with pytest.raises(AttributeError, match="no attribute 'mood'"):
        package.mood  # noqa: B018 - reading it is the test


def test_help_loads_no_heavy_library() -> None:
    loaded = run_python(
        "import sys; sys.argv = ['edge-mnist', '--help']\n"
        "from edge_mnist.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('LOADED', *{name.partition('.')[0] for name in sys.modules})"
    )
    loaded = loaded[loaded.index("LOADED") :]
    assert HEAVY.isdisjoint(loaded)
    assert "edge_mnist" in loaded


def test_error_is_one_line_and_verbose_adds_the_traceback(tmp_path: Path) -> None:
    words = ("predict", "x.png", "--model", str(tmp_path / "none.onnx"))
    ran = run(*words)
    assert ran.returncode == 1
    assert ran.stderr.startswith("error: ")
    assert "none.onnx" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    verbose = run("--verbose", *words)
    assert "Traceback" in verbose.stderr
    assert verbose.stderr.endswith(ran.stderr)


@pytest.mark.parametrize("arguments", [("doctor",), ("--help",)])
def test_full_disk_under_stdout_is_one_line(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        ran = run(*arguments, stdout=full)
    assert (ran.returncode, ran.stderr) == (1, "error: No space left on device\n")


def test_closed_stdout_is_no_error() -> None:
    ran = run("doctor", stdout=None, preexec_fn=lambda: os.close(1))
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    ("verb", "extra"), [("train", "train"), ("export", "export"), ("explore", "report")]
)
def test_missing_extra_is_one_line(edge_mnist, monkeypatch, verb: str, extra: str) -> None:
    monkeypatch.setattr("edge_mnist.startup.find_spec", lambda _: None)
    ran = edge_mnist(verb, *(["runs/none"] if verb == "export" else []))
    assert ran.code == 1
    assert f"pip install 'edge-mnist[{extra}]'" in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted on Linux")
def test_quick_start_makes_no_threads_unless_asked_to(monkeypatch) -> None:
    start = "from edge_mnist.startup import start_quickly; start_quickly()\n"
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    count = "import os, numpy; print(len(os.listdir('/proc/self/task')))"
    assert run_python(start + count) == ["1"]
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    assert run_python(start + "import os; print(os.environ['OPENBLAS_NUM_THREADS'])") == ["3"]


def test_quick_end_freezes_objects_at_exit_only() -> None:
    # Handlers run in reverse order: this one, registered first, is the last.
    first = "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 0))\n"
    start = "from edge_mnist.startup import start_quickly; start_quickly()\n"
    assert run_python(first + start + "print(gc.get_freeze_count() > 0)") == ["False", "True"]
