"""What each scenario calls, as a subject that is timed in turns."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

import cv2

from edge_bench.fresh_process import ColdStart
from edge_bench.pictures import FILES, Pictures
from edge_bench.summary import Case
from edge_bench.timing import Loop, Stream, Subject
from edge_infer.camera.live import recognise_image
from edge_infer.glyph.classifier import Classifier
from edge_infer.io.batch import predict_items
from edge_infer.io.images import read_image
from edge_infer.io.sources import open_sources
from edge_infer.page.reader import PageReader

BATCHES: Final = (1, 8, 64, 512)
# Scenarios that read whole pictures, with the model for pages as default.
READS_PAGES: Final[Collection[str]] = frozenset({"page", "stream"})
# The turn of a stream is by far the longest, so the models share it.
_STREAM_TURN_S: Final = 0.5


def cases_of(scenario: str, threads: int | None, cores: int) -> list[Case]:
    """Return the cases of a scenario.

    Args:
        scenario: Its name.
        threads: Threads that share a batch; None for one, and for batches one and all cores.
        cores: Cores that this process may use.
    """
    if scenario == "batch":
        counts = sorted({1, cores}) if threads is None else [threads]
        return [Case(scenario, count, batch) for count in counts for batch in BATCHES]
    return [Case(scenario, threads or 1, FILES if scenario == "folder" else 1)]


def make_subject(case: Case, model: str, models: int, pictures: Pictures) -> Subject:
    """Load a model for a case.

    Args:
        case: What to measure.
        model: Name of a shipped model, or path of a file.
        models: Number of models that take turns, this one included.
        pictures: The input.

    Raises:
        ModelError: The model is missing, foreign or damaged.
    """
    if case.scenario == "cold":
        return ColdStart(model, case.threads)
    call = make_call(case, model, pictures)
    if case.scenario == "stream":
        return Stream(call, turn_s=_STREAM_TURN_S / models)
    return Loop(call)


def make_call(case: Case, model: str, pictures: Pictures) -> Callable[[], object]:
    """Make the function that runs a case once; not for ``cold``.

    ``single`` and ``batch`` classify tensors; ``image`` reads and classifies one PNG file;
    ``folder`` does so with 1,000 files as ``edge-mnist predict`` does; ``page`` reads a decoded
    page; ``stream`` reads a frame of 640x480 as ``edge-mnist webcam`` does.
    """
    classifier = Classifier.load(model, threads=case.threads)
    reader = PageReader(classifier)
    match case.scenario:
        case "single" | "batch":
            tensors = pictures.tensors(case.batch)
            return lambda: classifier.classify_batch(tensors)
        case "image":
            file = pictures.file
            return lambda: classifier.classify(read_image(file))
        case "folder":
            return lambda: predict_folder(classifier, pictures.files)
        case "page":
            page = pictures.page()
            return lambda: reader.read(page)
        case _:
            assert case.scenario == "stream", case
            frame = pictures.frame()
            return lambda: recognise_image(reader, frame)


def predict_folder(classifier: Classifier, folder: Path) -> int:
    """Classify all pictures of a folder as ``edge-mnist predict`` does; return their number."""
    threads = cv2.getNumThreads()
    try:
        # As in that command: threads share the pictures, so OpenCV needs none of its own.
        cv2.setNumThreads(1)
        return sum(1 for _ in predict_items(classifier, open_sources([str(folder)])))
    finally:
        cv2.setNumThreads(threads)
