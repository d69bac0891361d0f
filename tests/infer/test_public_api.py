"""What the runtime promises to those who import it."""

import subprocess
import sys
import types

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


def test_exported_names_are_pinned_and_sorted() -> None:
    assert edge_infer.__all__ == EXPORTED == sorted(EXPORTED)


def test_nothing_else_public_stands_in_the_package() -> None:
    public = {
        name
        for name, value in vars(edge_infer).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert public == set(EXPORTED)


def test_every_error_has_the_common_base_and_a_code() -> None:
    errors = [getattr(edge_infer, name) for name in EXPORTED if name.endswith("Error")]
    for error in errors:
        assert issubclass(error, edge_infer.EdgeMnistError)
        assert error("x", code="y").code == "y"
        assert error("x").code
        assert str(error("x")) == error("x").message == "x"


def test_fresh_import_loads_no_heavy_library() -> None:
    program = "import sys, edge_infer; print(*{name.partition('.')[0] for name in sys.modules})"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert HEAVY.isdisjoint(ran.stdout.split())
    assert {"numpy", "cv2", "onnxruntime"} <= set(ran.stdout.split())
