"""What the runtime promises to those who import it."""

import subprocess
import sys
from pathlib import Path

import pytest

import edge_infer

EXPORTED = [
    "BatchPrediction",
    "CameraError",
    "Classifier",
    "DataError",
    "Digit",
    "EdgeMnistError",
    "ImageError",
    "Line",
    "MissingExtraError",
    "ModelError",
    "ModelMetadata",
    "OutputError",
    "Page",
    "PageReader",
    "Prediction",
    "RunError",
    "UsageError",
    "VerificationError",
    "decode_image",
    "prepare_digit",
    "read_image",
]
HEAVY = {"tensorflow", "keras", "onnx", "tf2onnx", "typer", "rich", "matplotlib", "sklearn", "PIL"}
RUNTIME = {"numpy", "cv2", "onnxruntime"}


def test_exported_names_are_pinned_and_sorted() -> None:
    assert edge_infer.__all__ == EXPORTED == sorted(EXPORTED)


def test_nothing_else_public_stands_in_the_package() -> None:
    assert dir(edge_infer) == EXPORTED
    with pytest.raises(AttributeError, match="module 'edge_infer' has no attribute 'Recogniser'"):
        _ = edge_infer.Recogniser


@pytest.mark.parametrize("name", EXPORTED)
def test_names_are_what_their_modules_call_them(name: str) -> None:
    value = getattr(edge_infer, name)
    assert value.__name__ == name
    assert vars(edge_infer)[name] is value


def test_star_import_brings_every_name() -> None:
    names: dict[str, object] = {}
    exec("from edge_infer import *", names)
    assert set(EXPORTED) <= set(names)


def test_every_error_has_the_common_base_and_a_code() -> None:
    errors = [getattr(edge_infer, name) for name in EXPORTED if name.endswith("Error")]
    for error in errors:
        assert issubclass(error, edge_infer.EdgeMnistError)
        assert error("x", code="y").code == "y"
        assert error("x").code
        assert str(error("x")) == error("x").message == "x"


def loaded_by(program: str) -> set[str]:
    """Run a program in a fresh process; return the top packages and our modules it loaded."""
    show = (
        "import sys; print(*{n if n[:5] == 'edge_' else n.partition('.')[0] for n in sys.modules})"
    )
    ran = subprocess.run(
        [sys.executable, "-c", f"{program}\n{show}"], capture_output=True, text=True, check=True
    )
    return set(ran.stdout.split())


def test_fresh_import_loads_no_library_at_all() -> None:
    loaded = loaded_by("import edge_infer; edge_infer.EdgeMnistError")
    assert {name for name in loaded if name.startswith("edge_")} == {
        "edge_infer",
        "edge_infer.errors",
    }
    assert (HEAVY | RUNTIME).isdisjoint(loaded)


def test_everything_stands_on_the_runtime_libraries_alone() -> None:
    loaded = loaded_by("from edge_infer import *")
    assert HEAVY.isdisjoint(loaded)
    assert loaded >= RUNTIME


def test_recognising_one_digit_loads_no_page_reader_and_no_thread_pool() -> None:
    program = (
        "from edge_infer import *; Classifier.load().classify_batch(np.zeros((9, 28, 28), 'u1'))"
    )
    loaded = loaded_by(program.replace("*", "Classifier; import numpy as np"))
    assert {"edge_infer.page", "concurrent", "logging"}.isdisjoint(loaded)


def test_nothing_is_reported_or_left_in_the_home_folder(tmp_path: Path) -> None:
    # onnxruntime's wheels do both unless told otherwise before they are imported.
    ran = subprocess.run(
        [sys.executable, "-c", "from edge_infer import Classifier; Classifier.load()"],
        env={"HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr, list(tmp_path.rglob("*"))) == (0, "", [])


def test_threads_that_outlive_the_main_one_get_their_batches() -> None:
    # While Python ends no further thread can be started.
    program = """
import threading, time
import numpy as np
from edge_infer import Classifier
classifier = Classifier.load(threads=2)
def late():
    time.sleep(0.3)
    print(classifier.probabilities(np.zeros((64, 28, 28), np.uint8)).shape)
threading.Thread(target=late).start()
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (ran.stdout, ran.stderr) == ("(64, 10)\n", "")
