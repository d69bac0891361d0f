"""Run RapidOCR in an interpreter of its own, which may have nothing of this project installed.

It writes a line of JSON with ``version``, or with ``error`` and ends. To a line with the path of
a picture it answers ``{"pieces": [{"text": ..., "box": [x, y, w, h]}], "cpu_s": ...}``, where
``cpu_s`` is the processor time used so far, or ``{"error": ...}``.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from importlib.metadata import version
from typing import Any

PACKAGE = "rapidocr_onnxruntime"


def main() -> None:
    """Load the models, then answer requests until the end of the input."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # What libraries print must not be among the answers.
    try:
        importlib.import_module("cv2").setNumThreads(1)
        package: Any = importlib.import_module(PACKAGE)
    except ImportError as error:
        print(json.dumps({"error": f"not installed ({error})"}), file=answers, flush=True)
        return
    engine: Any = package.RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)
    print(json.dumps({"version": version(PACKAGE)}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(_answer(engine, line.rstrip("\n"))), file=answers, flush=True)


def _answer(engine: Any, file: str) -> dict[str, Any]:
    try:
        found, _ = engine(file)
    except Exception as error:  # noqa: BLE001 - any failure costs one page
        return {"error": f"{type(error).__name__}: {error}"}
    pieces = [{"text": text, "box": _bounding_box(corners)} for corners, text, _ in found or ()]
    return {"pieces": pieces, "cpu_s": time.process_time()}


def _bounding_box(corners: list[list[float]]) -> list[int]:
    """Return x, y, width and height of the box around four corners (x, y)."""
    xs, ys = zip(*corners, strict=True)
    left, top = round(min(xs)), round(min(ys))
    return [left, top, round(max(xs)) - left, round(max(ys)) - top]


if __name__ == "__main__":
    main()
