"""The public names of the runtime, and what their import loads."""

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
    assert edge_infer.__all__ == dir(edge_infer) == EXPORTED == sorted(EXPORTED)
    assert all(getattr(edge_infer, name).__name__ == name for name in EXPORTED)
    with pytest.raises(AttributeError, match="module 'edge_infer' has no attribute 'Recogniser'"):
        _ = edge_infer.Recogniser


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


def test_import_loads_no_library() -> None:
    loaded = loaded_by("import edge_infer; edge_infer.EdgeMnistError")
    assert {name for name in loaded if name.startswith("edge_")} == {
        "edge_infer",
        "edge_infer.errors",
    }
    assert (HEAVY | RUNTIME).isdisjoint(loaded)


def test_all_names_need_the_runtime_libraries_only() -> None:
    loaded = loaded_by("from edge_infer import *; PageReader, Classifier")
    assert HEAVY.isdisjoint(loaded)
    assert loaded >= RUNTIME


def test_classifying_loads_no_page_reader_and_no_thread_pool() -> None:
    loaded = loaded_by(
        "from edge_infer import Classifier; import numpy as np; "
        "Classifier.load().classify_batch(np.zeros((9, 28, 28), 'u1'))"
    )
    assert {"edge_infer.page", "concurrent", "logging"}.isdisjoint(loaded)


def test_nothing_is_reported_or_left_in_the_home_folder(tmp_path: Path) -> None:
    # The wheels of onnxruntime do both by default.
    ran = subprocess.run(
        [sys.executable, "-c", "from edge_infer import Classifier; Classifier.load()"],
        env={"HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr, list(tmp_path.rglob("*"))) == (0, "", [])


def test_threads_that_outlive_the_main_one_get_their_batches() -> None:
    # No thread can be started while Python exits.
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
