"""The command line as a whole: help, version, and words for mistakes."""

import re
import subprocess
import sys

import pytest

VERBS = (
    "train",
    "export",
    "verify",
    "predict",
    "read",
    "webcam",
    "bench",
    "explore",
    "evaluate",
    "models",
    "samples",
    "doctor",
)
HEAVY = {"numpy", "cv2", "onnxruntime", "tensorflow", "keras", "edge_infer", "edge_train"}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge_mnist", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_lists_every_verb() -> None:
    ran = run("--help")
    assert ran.returncode == 0
    for verb in VERBS:
        assert re.search(rf"^\W*{verb}\b", ran.stdout, re.MULTILINE), verb


def test_no_arguments_give_the_help() -> None:
    ran = run()
    assert "Usage: edge-mnist" in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_of_a_verb_has_examples(option: str) -> None:
    ran = run("predict", option)
    assert ran.returncode == 0
    assert "edge-mnist predict digit.png" in ran.stdout


def test_version_is_the_distributions() -> None:
    from importlib.metadata import version

    import edge_mnist

    ran = run("--version")
    assert ran.stdout == f"edge-mnist {version('edge-mnist')}\n"
    assert edge_mnist.__version__ == version("edge-mnist")
    with pytest.raises(AttributeError, match="no attribute 'mood'"):
        edge_mnist.mood  # noqa: B018 - reading it is the test


@pytest.mark.parametrize(("typed", "meant"), [("predit", "predict"), ("tran", "train")])
def test_mistyped_verb_suggests_the_right_one(typed: str, meant: str) -> None:
    ran = run(typed)
    assert ran.returncode == 2
    assert re.search(rf"Did you mean .*{meant}", " ".join(ran.stderr.split()))


def test_unknown_option_is_a_usage_error() -> None:
    ran = run("predict", "--formt", "csv", "x.png")
    assert ran.returncode == 2
    assert "--format" in ran.stderr


def test_help_loads_no_heavy_library() -> None:
    program = (
        "import sys; sys.argv = ['edge-mnist', '--help']\n"
        "from edge_mnist.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('LOADED', *{name.partition('.')[0] for name in sys.modules})"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = ran.stdout.rpartition("LOADED")[2].split()
    assert HEAVY.isdisjoint(loaded)
    assert "edge_mnist" in loaded


def test_error_is_one_line_without_a_traceback(tmp_path) -> None:
    ran = run("predict", "x.png", "--model", str(tmp_path / "none.onnx"))
    assert ran.returncode == 1
    assert ran.stderr.startswith("error: there is no model file")
    assert len(ran.stderr.splitlines()) == 1


def test_verbose_error_has_its_traceback(tmp_path) -> None:
    ran = run("--verbose", "predict", "x.png", "--model", str(tmp_path / "none.onnx"))
    assert "Traceback" in ran.stderr


@pytest.mark.parametrize("arguments", [("doctor",), ("--help",)])
def test_full_disk_under_standard_output_is_one_line(arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "edge_mnist", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ran.returncode == 1
    assert ran.stderr == "error: No space left on device\n"


def test_closed_standard_output_is_no_error() -> None:
    ran = subprocess.run(
        f"{sys.executable} -m edge_mnist doctor >&-",
        shell=True,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
