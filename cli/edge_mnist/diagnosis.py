"""What `edge-mnist doctor` finds out; works where OpenCV cannot even be imported."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from edge_mnist.extras import EXTRAS, LIBGL_FIX

_OPENCV_BUILDS: Final = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
OK: Final = "ok"
NOTE: Final = "note"
BAD: Final = "bad"


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        subject: What was looked at.
        text: What was found, and how to mend it if it is bad.
        state: :data:`OK`, :data:`NOTE` (works, but something is not there) or :data:`BAD`.
    """

    subject: str
    text: str
    state: str = OK


def diagnose() -> list[Finding]:
    """Look at everything that decides what works on this machine, and how quickly."""
    findings = [
        Finding("edge-mnist", version("edge-mnist")),
        Finding("Python", f"{platform.python_version()} on {platform.platform()}"),
        Finding("numpy", version("numpy")),
    ]
    try:
        import cv2
    except ImportError as error:
        findings.append(_broken_opencv(error))
    else:
        findings.append(Finding("OpenCV", f"{cv2.__version__}, {_opencv_packages()}"))
        findings.extend(_runtime_findings())
    findings.extend(_extra_findings())
    return findings


def _broken_opencv(error: ImportError) -> Finding:
    return Finding("OpenCV", LIBGL_FIX if "libGL" in str(error) else str(error), BAD)


def _opencv_packages() -> str:
    found = [f"{name} {version(name)}" for name in _OPENCV_BUILDS if _is_installed(name)]
    return ", ".join(found) or "not from a Python package"


def _runtime_findings() -> Iterator[Finding]:
    """Report what takes importing the runtime."""
    import onnxruntime

    from edge_infer.camera import list_cameras
    from edge_infer.camera.window import ensure_display
    from edge_infer.errors import EdgeMnistError
    from edge_infer.host import cpu_instructions, cpu_name
    from edge_infer.model.shipped import read_shipped_model, shipped_models

    instructions = cpu_instructions()
    yield Finding("CPU", f"{cpu_name()}; {', '.join(instructions.present) or 'flags unknown'}")
    if instructions.has_int8_dot_product:
        yield Finding("int8", "dot-product instructions found: int8 models run at full speed")
    else:
        yield Finding("int8", "no VNNI or dotprod found: int8 models run, more slowly", NOTE)
    providers = ", ".join(onnxruntime.get_available_providers())
    yield Finding("onnxruntime", f"{onnxruntime.__version__}; {providers}; edge-mnist uses the CPU")
    try:
        ensure_display()
        yield Finding("window", "can be opened")
    except EdgeMnistError as error:
        yield Finding("window", error.message, NOTE)
    cameras = ", ".join(map(str, list_cameras()))
    yield Finding("cameras", cameras or "none found", OK if cameras else NOTE)
    for name in shipped_models():
        try:
            yield Finding(f"model {name}", f"{len(read_shipped_model(name)):,} bytes, intact")
        except EdgeMnistError as error:
            yield Finding(f"model {name}", error.message, BAD)


def _extra_findings() -> Iterator[Finding]:
    for extra in EXTRAS:
        missing = extra.missing()
        if missing:
            text = f"lacks {', '.join(missing)}: pip install 'edge-mnist[{extra.name}]'"
            yield Finding(f"[{extra.name}]", f"{text} gives {extra.gives}", NOTE)
        else:
            yield Finding(f"[{extra.name}]", f"installed: {extra.gives}")


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
