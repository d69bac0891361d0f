"""`edge-mnist doctor`: check what works on this machine, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import typer

EXAMPLES: Final = """
**Examples**

    edge-mnist doctor                  # before you ask for help

    edge-mnist doctor > report.txt     # plain text to attach
"""
_OPENCV_BUILDS: Final = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
State = Literal["ok", "note", "bad"]
# The mark shows the state where there are no colours.
_MARKS: Final[dict[State, tuple[str, str]]] = {
    "ok": ("ok", "green"),
    "note": ("--", "yellow"),
    "bad": ("!!", "bold red"),
}


def command() -> None:
    """Check versions, processor, OpenCV, cameras and extras; exit 1 if something is broken."""
    from rich.table import Table
    from rich.text import Text

    from edge_mnist.terminal import show

    findings = list(diagnose())
    table = Table.grid(padding=(0, 2))
    for finding in findings:
        mark, style = _MARKS[finding.state]
        subject = Text(finding.subject, style="bold")
        table.add_row(Text(mark, style=style), subject, Text(finding.text))
    show(table)
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(1)


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        subject: What was checked.
        text: What was found, and the fix if it is bad.
        state: ``"note"`` where everything else works without it.
    """

    subject: str
    text: str
    state: State = "ok"


def diagnose() -> Iterator[Finding]:
    """Check everything that determines what works on this machine, and how fast.

    It works where OpenCV cannot be imported.
    """
    import platform
    from importlib.metadata import version

    from edge_mnist.startup import LIBGL_FIX

    yield Finding("edge-mnist", version("edge-mnist"))
    yield Finding("Python", f"{platform.python_version()} on {platform.platform()}")
    yield Finding("numpy", version("numpy"))
    try:
        import cv2
    except ImportError as error:
        text = LIBGL_FIX if "libGL" in str(error) else str(error)
        yield Finding("OpenCV", text, "bad")
    else:
        packages = ", ".join(_opencv_packages()) or "not from a Python package"
        yield Finding("OpenCV", f"{cv2.__version__}, {packages}")
        yield from _inference_findings()
        yield from _camera_findings()
        yield from _model_findings()
    yield from _extra_findings()


def _opencv_packages() -> Iterator[str]:
    from importlib.metadata import PackageNotFoundError, version

    for name in _OPENCV_BUILDS:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue


def _inference_findings() -> Iterator[Finding]:
    import onnxruntime

    from edge_infer.host import cpu_instructions, cpu_name

    instructions = cpu_instructions()
    yield Finding("CPU", f"{cpu_name()}; {', '.join(instructions.present) or 'flags unknown'}")
    if instructions.has_int8_dot_product:
        yield Finding("int8", "dot-product instructions found: int8 models run at full speed")
    else:
        yield Finding("int8", "no VNNI or dotprod found: int8 models run more slowly", "note")
    providers = ", ".join(onnxruntime.get_available_providers())
    yield Finding("onnxruntime", f"{onnxruntime.__version__}; {providers}; edge-mnist uses the CPU")


def _camera_findings() -> Iterator[Finding]:
    from edge_infer.camera import list_cameras
    from edge_infer.camera.window import ensure_display
    from edge_infer.errors import EdgeMnistError

    try:
        ensure_display()
        yield Finding("window", "can be opened")
    except EdgeMnistError as error:
        yield Finding("window", error.message, "note")
    cameras = ", ".join(map(str, list_cameras()))
    yield Finding("cameras", cameras or "none found", "ok" if cameras else "note")


def _model_findings() -> Iterator[Finding]:
    from edge_infer.errors import EdgeMnistError
    from edge_infer.model.shipped import read_shipped_model, shipped_models

    for name in shipped_models():
        try:
            yield Finding(f"model {name}", f"{len(read_shipped_model(name)):,} bytes, intact")
        except EdgeMnistError as error:
            yield Finding(f"model {name}", error.message, "bad")


def _extra_findings() -> Iterator[Finding]:
    from edge_mnist.startup import EXTRAS

    for extra in EXTRAS:
        missing = ", ".join(extra.missing())
        if missing:
            text = f"{missing} missing: pip install 'edge-mnist[{extra.name}]' for {extra.purpose}"
            yield Finding(f"[{extra.name}]", text, "note")
        else:
            yield Finding(f"[{extra.name}]", f"installed, for {extra.purpose}")
