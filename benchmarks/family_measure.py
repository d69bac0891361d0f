"""Measure one run of the family: its exported files as their users run them, and Keras."""

from __future__ import annotations

import csv
import hashlib
import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from edge_bench.interleaved import time_interleaved
from edge_infer.errors import RunError
from edge_infer.glyph.classifier import Classifier
from edge_infer.host import machine_name
from edge_infer.model.metadata import Accuracy
from edge_infer.model.reliability import expected_calibration_error, risk_coverage
from edge_infer.model.run_folder import UNLABELLED, RunFolder
from family_results import FileFigures, FileLatency, KerasFigures, Latency, Network, Run
from handwriting import HandwritingSets, score_handwriting

BATCHES: Final = (1, 64)
ROUNDS: Final = 30
EXIT_INTERRUPTED: Final = 130


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One network under one recipe.

    Attributes:
        seeds: Number of runs, with the seeds from 0 on.
        train: Options of ``edge-mnist train``; the preset comes first.
        export: Options of ``edge-mnist export RUN --quantize``.
    """

    seeds: int
    train: str
    export: str = ""


def measure_run(entry: Entry, folder: Path, data: str, sets: HandwritingSets) -> Network:
    """Export a finished run and measure its files; return a network of this run alone."""
    from edge_mnist.startup import import_tensorflow

    import_tensorflow()
    import keras

    from edge_train.presets import layer_costs

    for options in ((), ("--quantize", *shlex.split(entry.export))):
        edge_mnist("export", str(folder), *options, "--no-verify", "--force")
    run = RunFolder(folder)
    record, model = run.read_record(), keras.saving.load_model(run.model_path, compile=False)
    float_file, int8_file = exported_files(folder, record.preset)
    row = Run(
        seed=record.seed,
        epochs=record.epochs,
        best_epoch=record.best_epoch,
        training_time_s=round(record.training_time_s, 1),
        machine=record.machine,
        finished_at=record.finished_at,
        keras=_keras_figures(run, float_file, data),
        float32=_file_figures(run, float_file, sets),
        int8=_file_figures(run, int8_file, sets),
    )
    return Network(
        preset=record.preset,
        train=entry.train,
        export=entry.export,
        parameters=record.parameters,
        macs=sum(cost.macs for cost in layer_costs(model)),
        runs=(row,),
    )


def exported_files(folder: Path, preset: str) -> tuple[Path, Path]:
    """Return the float and the int8 file of a run."""
    return folder / f"{preset}.onnx", folder / f"{preset}.int8.onnx"


def _keras_figures(run: RunFolder, float_file: Path, data: str) -> KerasFigures:
    from edge_train.data import load_dataset, split_validation

    record, classifier = run.read_record(), Classifier.load(float_file)
    dataset = load_dataset(data, notify=lambda message: None)
    rule: Any = record.config["split"]
    ids, _ = split_validation(dataset.train_labels, rule=rule)
    answers = classifier.probabilities(dataset.train_images[ids]).argmax(axis=1)
    with run.history_path.open(newline="", encoding="utf-8") as file:
        accuracies = {int(row["epoch"]): float(row["accuracy"]) for row in csv.DictReader(file)}
    return KerasFigures(
        size_bytes=run.model_path.stat().st_size,
        train=Accuracy(correct=int((answers == dataset.train_labels[ids]).sum()), n=len(ids)),
        validation=classifier.metadata.validation_accuracy_keras,
        test=classifier.metadata.test_accuracy_keras,
        running_train_accuracy=accuracies[record.best_epoch],
    )


def _file_figures(run: RunFolder, path: Path, sets: HandwritingSets) -> FileFigures:
    images, classifier = run.read_calibration(), Classifier.load(path)
    parity = json.loads(edge_mnist("verify", str(run.path), str(path), "--json", allowed=(0, 1)))
    labelled = images.validation_labels != UNLABELLED
    validation = classifier.probabilities(images.validation_images[labelled]).argmax(axis=1)
    probabilities, labels = classifier.probabilities(images.test_images), images.test_labels
    test = int((probabilities.argmax(axis=1) == labels).sum())
    right = int((validation == images.validation_labels[labelled]).sum())
    return FileFigures(
        size_bytes=path.stat().st_size,
        sha256=file_sha256(path),
        validation=Accuracy(correct=right, n=len(validation)),
        test=Accuracy(correct=test, n=len(labels)),
        changed=len(parity["changed_indices"]),
        max_delta=parity["max_delta"],
        failures=tuple(parity["failures"]),
        calibration_error=expected_calibration_error(probabilities, labels),
        at_1_percent_rejected=risk_coverage(probabilities, labels, (0.99,))[0],
        handwriting=score_handwriting(classifier, sets),
    )


def time_files(
    files: Mapping[str, tuple[Path, Path]], *, rounds: int = ROUNDS
) -> dict[str, Latency]:
    """Time the float and the int8 file of several networks in turns, on one thread.

    Args:
        files: Name to float and int8 file.
        rounds: Turns of some 20 ms for each file and batch.
    """
    images = np.random.default_rng(0).integers(0, 256, (BATCHES[-1], 28, 28), np.uint8)
    paths = {f"{name} {at}": path for name, pair in files.items() for at, path in enumerate(pair)}
    classifiers = {key: Classifier.load(path) for key, path in paths.items()}

    def call(key: str, batch: int) -> Callable[[], object]:
        return lambda: classifiers[key].classify_batch(images[:batch])

    one, many = (
        time_interleaved({key: call(key, batch) for key in paths}, rounds=rounds)
        for batch in BATCHES
    )

    def latency(key: str) -> FileLatency:
        return FileLatency(
            sha256=file_sha256(paths[key]),
            p50_us=round(1e3 * one[key].p50_ms, 2),
            p50_us_per_image_64=round(1e3 * many[key].p50_ms / BATCHES[-1], 3),
        )

    place = {
        "machine": machine_name(),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return {
        name: Latency(**place, float32=latency(f"{name} 0"), int8=latency(f"{name} 1"))
        for name in files
    }


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def edge_mnist(*words: str, allowed: tuple[int, ...] = (0,)) -> str:
    """Call ``edge-mnist`` and return what it prints; a training shows its progress.

    Raises:
        RunError: It fails.
    """
    output = None if words[0] == "train" else subprocess.PIPE
    command = [sys.executable, "-m", "edge_mnist", *words]
    done = subprocess.run(command, stdout=output, encoding="utf-8", check=False)
    if done.returncode == EXIT_INTERRUPTED:
        raise KeyboardInterrupt
    if done.returncode not in allowed:
        raise RunError(f"`edge-mnist {' '.join(words)}` ended with {done.returncode}")
    return done.stdout or ""
