"""What is compared: the runtimes, and in which forms each takes the network.

Data alone, read by the parent and by the workers: nothing of a runtime is imported here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

THREADS: Final = (1, 2)
BATCHES: Final = (1, 64)
# Files of one network in a folder, as edge_bench.peers.prepare leaves them.
IMAGES_FILE: Final = "images.npy"
KERAS_FILE: Final = "model.keras"
BARE_FILE: Final = "bare.onnx"
NCNN_FILES: Final = ("bare.ncnn.param", "bare.ncnn.bin")


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A runtime with what it needs.

    Attributes:
        key: One word for workers and command lines.
        name: For people.
        forms: How it takes the network.
        module: What a program imports first.
        distributions: What is installed for it; those that they require count too.
        package: Folder beside the distributions that counts, where it has no wheel.
        how_to_install: For the line that says why it was left out.
    """

    key: str
    name: str
    forms: tuple[str, ...]
    module: str
    distributions: tuple[str, ...]
    package: str | None = None
    how_to_install: str = "pip install 'edge-mnist[peers]'"


STACKS: Final = (
    Stack(
        key="classifier",
        name="Classifier (onnxruntime)",
        forms=("int8", "float"),
        module="edge_infer.glyph.classifier",
        distributions=("onnxruntime", "opencv-python", "numpy"),
        package="edge_infer",
    ),
    Stack(
        key="litert",
        name="LiteRT",
        forms=("int8", "float"),
        module="ai_edge_litert.interpreter",
        distributions=("ai-edge-litert",),
    ),
    Stack(
        key="openvino",
        name="OpenVINO",
        forms=("int8", "float"),
        module="openvino",
        distributions=("openvino",),
    ),
    Stack(
        key="opencv",
        name="OpenCV DNN",
        forms=("float",),
        module="cv2",
        distributions=("opencv-python",),
    ),
    Stack(
        key="ncnn",
        name="ncnn",
        forms=("float",),
        module="ncnn",
        distributions=("ncnn",),
        how_to_install="pip install 'edge-mnist[peers]' and pip install --no-deps pnnx",
    ),
    Stack(
        key="keras",
        name="Keras (TensorFlow)",
        forms=("compiled", "predict"),
        module="keras",
        distributions=("tensorflow",),
        how_to_install="pip install 'edge-mnist[train]'",
    ),
)


def onnx_file(form: str) -> str:
    """Name the ONNX file of a form, ``float`` or ``int8``."""
    return f"{form}.onnx"


def litert_file(form: str, batch: int) -> str:
    """Name the LiteRT file of a form for a batch: its shapes are fixed, as suits it best."""
    return f"{form}.{batch}.tflite"
