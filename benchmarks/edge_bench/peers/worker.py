"""One runtime in a process of its own: a request a line in, an answer a line out.

``python -m edge_bench.peers.worker STACK THREADS FOLDER``. Both sides speak JSON Lines:

* first it says ``{"version": ...}``, or ``{"missing": ...}`` and ends;
* to ``{"do": "answer", "form": ...}`` it says ``{"class_ids": [...]}`` of all images;
* to ``{"do": "warm_up", "form": ..., "batch": ...}``, ``{}``;
* to ``{"do": "turn", "form": ..., "batch": ...}``, ``{"seconds": [...]}``, a number a call;
* to what it fails at, ``{"error": ...}``;
* at the end of its input it ends.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from edge_bench.interleaved import Loop
from edge_bench.peers.loaders import LOADERS, Place, Recognise
from edge_bench.peers.stacks import BATCHES, IMAGES_FILE, STACKS, Stack

Answer = dict[str, Any]


class Worker:
    """One runtime with one number of threads."""

    def __init__(self, load: Callable[[Place], Recognise], folder: Path, threads: int) -> None:
        """Read the images; networks are loaded when they are asked for."""
        self._images: NDArray[np.uint8] = np.load(folder / IMAGES_FILE)

        @cache
        def recogniser(form: str, batch: int) -> Recognise:
            return load(Place(folder, form, threads, batch))

        @cache
        def loop(form: str, batch: int) -> Loop:
            recognise, images = recogniser(form, batch), self._images[:batch]
            return Loop(lambda: recognise(images))

        self._recogniser, self._loop = recogniser, loop

    def do(self, request: dict[str, Any]) -> Answer:
        """Answer one request."""
        if request["do"] == "answer":
            return {"class_ids": self._classify(request["form"])}
        loop = self._loop(request["form"], request["batch"])
        if request["do"] == "warm_up":
            loop.warm_up()
            return {}
        return {"seconds": loop.turn().seconds.tolist()}

    def _classify(self, form: str) -> list[int]:
        """Give the class id of every image; shapes are fixed, so the last batch is filled up."""
        batch, images = BATCHES[-1], self._images
        recognise = self._recogniser(form, batch)
        filled = np.concatenate([images, images[: -len(images) % batch]])
        rows = [recognise(filled[at : at + batch]) for at in range(0, len(filled), batch)]
        answers: list[int] = np.concatenate(rows)[: len(images)].argmax(axis=1).tolist()
        return answers


def serve(worker: Worker, requests: TextIO, answers: TextIO) -> None:
    """Answer requests until there are no more."""
    for line in requests:
        try:
            answer = worker.do(json.loads(line))
        except Exception as error:  # noqa: BLE001 - whatever a runtime fails at, it is left out
            (reason, *_) = str(error).strip().splitlines() or ["no reason given"]
            answer = {"error": f"{type(error).__name__}: {reason}"}
        _say(answers, answer)


def _say(answers: TextIO, answer: Answer) -> None:
    print(json.dumps(answer), file=answers, flush=True)


def _stay_on(cores: int) -> None:
    """Keep to the same cores as the other workers of so many threads, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-cores:])


def main(words: list[str]) -> int:
    """Load and serve; what the libraries print must not get among the answers."""
    key, threads, folder = words
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    stack: Stack = next(stack for stack in STACKS if stack.key == key)
    _stay_on(int(threads))
    try:
        importlib.import_module(stack.module)
    except ImportError as error:
        _say(answers, {"missing": str(error)})
        return 0
    _say(answers, {"version": version(stack.distributions[0])})
    serve(Worker(LOADERS[key], Path(folder), int(threads)), sys.stdin, answers)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
