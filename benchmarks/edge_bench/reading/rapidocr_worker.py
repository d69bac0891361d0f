"""Run RapidOCR in an interpreter of its own: a name a line in, an answer a line out.

It is started as a file, by an interpreter that may lack everything else of this project,
and so imports nothing of it. Both sides speak JSON Lines:

* first it says ``{"version": ...}``, or ``{"missing": ...}`` and ends;
* to ``{"file": ...}`` it answers ``{"pieces": [{"text": ..., "box": [x, y, w, h]}],
  "elapsed_ms": ..., "cpu_ms": ...}``, or ``{"error": ...}``;
* at the end of its input it ends.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, TextIO

Recognise = Callable[[str], list[dict[str, Any]]]


def serve(recognise: Recognise, requests: TextIO, answers: TextIO) -> None:
    """Answer requests until there are no more."""
    for line in requests:
        _say(answers, _answer(recognise, json.loads(line)["file"]))


def load_rapidocr() -> Recognise:
    """Load RapidOCR with its own settings, but for one thread.

    Raises:
        ImportError: It is not installed here.
    """
    package: Any = importlib.import_module("rapidocr_onnxruntime")
    importlib.import_module("cv2").setNumThreads(1)
    engine = package.RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)

    def recognise(file: str) -> list[dict[str, Any]]:
        found, _ = engine(file)
        return [{"text": text, "box": upright(corners)} for corners, text, _ in found or ()]

    return recognise


def upright(corners: list[list[float]]) -> list[int]:
    """Return x, y, width and height of the upright box around some corners (x, y)."""
    xs, ys = zip(*corners, strict=True)
    left, top = round(min(xs)), round(min(ys))
    return [left, top, round(max(xs)) - left, round(max(ys)) - top]


def _answer(recognise: Recognise, file: str) -> dict[str, Any]:
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    try:
        pieces = recognise(file)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong there costs one page
        return {"error": f"{type(error).__name__}: {error}"}
    return {
        "pieces": pieces,
        "elapsed_ms": 1e3 * (time.perf_counter() - began_s),
        "cpu_ms": 1e3 * (time.process_time() - began_cpu_s),
    }


def _say(answers: TextIO, answer: dict[str, Any]) -> None:
    print(json.dumps(answer), file=answers, flush=True)


def main() -> int:
    """Load and serve; what the libraries print must not get among the answers."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        recognise = load_rapidocr()
    except ImportError as error:
        _say(answers, {"missing": str(error)})
        return 0
    _say(answers, {"version": version("rapidocr-onnxruntime")})
    serve(recognise, sys.stdin, answers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
