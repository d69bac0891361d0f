"""`edge-mnist doctor`: check what works on this machine, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

import typer
from rich.text import Text

from edge_mnist.startup import EXTRAS, LIBGL_FIX
from edge_mnist.terminal import make_grid, show

EXAMPLES: Final = """
    edge-mnist doctor                  # before you ask for help
    edge-mnist doctor > report.txt     # plain text to attach
"""
# What was checked, what was found (with the fix if it is bad), and the state: "note" where
# everything else works without it.
Finding = tuple[str, str, Literal["ok", "note", "bad"]]
# The mark shows the state where there are no colours.
_MARKS: Final = {"ok": ("ok", "green"), "note": ("--", "yellow"), "bad": ("!!", "bold red")}


def command() -> None:
    """Check versions, processor, OpenCV, cameras and extras; exit 1 if something is broken."""
    findings = list(diagnose())
    rows = [
        (Text(mark, style=style), Text(subject, style="bold"), text)
        for subject, text, state in findings
        for mark, style in (_MARKS[state],)
    ]
    show(make_grid(rows))
    if any(state == "bad" for _, _, state in findings):
        raise typer.Exit(1)


def diagnose() -> Iterator[Finding]:
    """Check everything that determines what works on this machine, and how fast.

    It works where OpenCV cannot be imported.
    """
    import platform
    from importlib.metadata import distributions, version

    yield "edge-mnist", version("edge-mnist"), "ok"
    yield "Python", f"{platform.python_version()} on {platform.platform()}", "ok"
    yield "numpy", version("numpy"), "ok"
    try:
        import cv2
    except ImportError as error:
        yield "OpenCV", LIBGL_FIX if "libGL" in str(error) else str(error), "bad"
    else:
        packages = [
            f"{one.name} {one.version}" for one in distributions() if one.name.startswith("opencv-")
        ]
        found = ", ".join(packages) or "not from a Python package"
        yield "OpenCV", f"{cv2.__version__}, {found}", "ok"
        yield from _inference_findings()
        yield from _camera_findings()
    for extra in EXTRAS:
        missing = ", ".join(extra.missing())
        fix = f"{missing} missing: pip install 'edge-mnist[{extra.name}]'"
        text = f"{fix if missing else 'installed,'} for {extra.purpose}"
        yield f"[{extra.name}]", text, "note" if missing else "ok"


def _inference_findings() -> Iterator[Finding]:
    import onnxruntime

    from edge_infer.errors import EdgeMnistError
    from edge_infer.host import cpu_instructions, cpu_name
    from edge_infer.model.shipped import read_shipped_model, shipped_models

    instructions = cpu_instructions()
    yield "CPU", f"{cpu_name()}; {', '.join(instructions.present) or 'flags unknown'}", "ok"
    yield (
        ("int8", "dot-product instructions found: int8 models run at full speed", "ok")
        if instructions.has_int8_dot_product
        else ("int8", "no VNNI or dotprod found: int8 models run more slowly", "note")
    )
    found = "; ".join((onnxruntime.__version__, ", ".join(onnxruntime.get_available_providers())))
    yield "onnxruntime", f"{found}; edge-mnist uses the CPU", "ok"
    for name in shipped_models():
        try:
            yield f"model {name}", f"{len(read_shipped_model(name)):,} bytes, intact", "ok"
        except EdgeMnistError as error:
            yield f"model {name}", error.message, "bad"


def _camera_findings() -> Iterator[Finding]:
    from edge_infer.camera import list_cameras
    from edge_infer.camera.window import ensure_display
    from edge_infer.errors import EdgeMnistError

    try:
        ensure_display()
        yield "window", "can be opened", "ok"
    except EdgeMnistError as error:
        yield "window", error.message, "note"
    cameras = ", ".join(map(str, list_cameras()))
    yield "cameras", cameras or "none found", "ok" if cameras else "note"
