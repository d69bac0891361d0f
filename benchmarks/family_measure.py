"""Train, export and measure one run of the family, and keep the results in ``family.json``.

The results are plain values. ``networks`` maps a name to ``preset``, ``train`` and ``export``
(options of the commands), ``parameters``, ``macs``, ``latency`` (None until it is timed) and
``runs`` by seed. Rows outlive their run folders. A test of model files on handwriting that is not
MNIST's: a folder holds ``singles.csv`` (columns ``file`` and ``label``) with the pictures in
``singles/``, or ``optdigits32.npz`` (``x`` uint8 (n, h, w), ``y`` (n,)), or both. No model is
trained or tuned on them.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_bench.timing import time_interleaved
from edge_infer.errors import DataError, RunError
from edge_infer.glyph.classifier import Classifier
from edge_infer.host import machine_name
from edge_infer.io.atomic import write_text
from edge_infer.io.images import read_image
from edge_infer.model.reliability import expected_calibration_error, risk_coverage
from edge_infer.model.run_folder import UNLABELLED, RunFolder

FORMAT_VERSION: Final = 2
BATCHES: Final = (1, 64)
ROUNDS: Final = 30
EXIT_INTERRUPTED: Final = 130
# Name of a file in the run folder with the options of the training.
_OPTIONS: Final = "family.txt"

Values = dict[str, Any]
# Name of the set to pairs of a picture, uint8 of any size, and its label.
HandwritingSets = Mapping[str, Sequence[tuple[NDArray[np.uint8], str]]]


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


def read_results(path: Path) -> Values:
    """Read ``family.json``.

    Raises:
        RunError: It is malformed or of another version.
    """
    try:
        family: Values = json.loads(path.read_text(encoding="utf-8"))
        found = family["format_version"], family["data"], family["networks"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path} cannot be read: {error!r}") from error
    if found[0] != FORMAT_VERSION:
        expected = f"has format_version {found[0]}, expected {FORMAT_VERSION}"
        raise RunError(f"{path} {expected}: move it away and measure again")
    return family


def write_results(path: Path, family: Values) -> None:
    """Write ``family.json``, each innermost object or list on one line."""
    text = json.dumps(family, ensure_ascii=False, indent=1)
    innermost = r"(?<=[\[{])\s+([^][{}]+?)\s+(?=[\]}])"
    write_text(path, re.sub(innermost, lambda found: " ".join(found[1].split()), text) + "\n")


def train(entry: Entry, seed: int, folder: Path, data: str) -> None:
    """Train a run from its start or its last epoch, unless it is finished.

    Raises:
        RunError: The training fails, or the folder holds a run with other options.
    """
    words = [*shlex.split(entry.train), "--data", data, "--seed", str(seed)]
    options = folder / _OPTIONS
    if not options.is_file():
        write_text(options, shlex.join(words))
    elif options.read_text(encoding="utf-8") != shlex.join(words):
        raise RunError(f"{folder} holds a run with other options: move it away")
    if RunFolder(folder).record_path.is_file():
        if RunFolder(folder).read_record().seed != seed:
            raise RunError(f"{folder} holds a run with another seed: move it away")
    elif (folder / "checkpoint.npz").is_file():
        edge_mnist("train", "--resume", str(folder))
    else:
        edge_mnist("train", *words, "--out", str(folder))


def measure_run(entry: Entry, folder: Path, data: str, sets: HandwritingSets) -> Values:
    """Export a finished run and measure its files; return a network of this run alone."""
    from edge_mnist.startup import import_tensorflow

    import_tensorflow()
    import keras

    from edge_train.presets import layer_costs

    for options in ((), ("--quantize", *shlex.split(entry.export))):
        edge_mnist("export", str(folder), *options, "--no-verify", "--force")
    run = RunFolder(folder)
    record, model = run.read_record(), keras.saving.load_model(run.model_path, compile=False)
    files = exported_files(folder, record.preset)
    row = {
        "seed": record.seed,
        "epochs": record.epochs,
        "best_epoch": record.best_epoch,
        "training_time_s": round(record.training_time_s, 1),
        "machine": record.machine,
        "finished_at": record.finished_at,
        "keras": _keras_figures(run, files["float32"], data),
        **{precision: _file_figures(run, path, sets) for precision, path in files.items()},
    }
    return {
        "preset": record.preset,
        "train": entry.train,
        "export": entry.export,
        "parameters": record.parameters,
        "macs": sum(cost.macs for cost in layer_costs(model)),
        "runs": [row],
        "latency": None,
    }


def exported_files(folder: Path, preset: str) -> dict[str, Path]:
    """Return the files of a run by precision."""
    return {"float32": folder / f"{preset}.onnx", "int8": folder / f"{preset}.int8.onnx"}


def _keras_figures(run: RunFolder, float_file: Path, data: str) -> Values:
    """Measure the Keras model, by its float file.

    ``running_train_accuracy`` is what the training printed in the kept epoch: over distorted
    images, with dropout, while the weights changed.
    """
    from edge_train.data import load_dataset, split_validation

    record, classifier = run.read_record(), Classifier.load(float_file)
    dataset = load_dataset(data, notify=lambda message: None)
    rule: Any = record.config["split"]
    ids, _ = split_validation(dataset.train_labels, rule=rule)
    answers = classifier.probabilities(dataset.train_images[ids])
    with run.history_path.open(newline="", encoding="utf-8") as file:
        accuracies = {int(row["epoch"]): float(row["accuracy"]) for row in csv.DictReader(file)}
    return {
        "size_bytes": run.model_path.stat().st_size,
        "train": _score(answers, dataset.train_labels[ids]),
        "validation": asdict(classifier.metadata.validation_accuracy_keras),
        "test": asdict(classifier.metadata.test_accuracy_keras),
        "running_train_accuracy": accuracies[record.best_epoch],
    }


def _file_figures(run: RunFolder, path: Path, sets: HandwritingSets) -> Values:
    """Measure an exported file; ``failures`` are the usual limits of an export that it breaks."""
    images, classifier = run.read_calibration(), Classifier.load(path)
    parity = json.loads(edge_mnist("verify", str(run.path), str(path), "--json", allowed=(0, 1)))
    labelled = images.validation_labels != UNLABELLED
    validation = classifier.probabilities(images.validation_images[labelled])
    test, labels = classifier.probabilities(images.test_images), images.test_labels
    return {
        "size_bytes": path.stat().st_size,
        "sha256": file_sha256(path),
        "validation": _score(validation, images.validation_labels[labelled]),
        "test": _score(test, labels),
        "changed": len(parity["changed_indices"]),
        "max_delta": parity["max_delta"],
        "failures": parity["failures"],
        "calibration_error": expected_calibration_error(test, labels),
        "at_1_percent_rejected": asdict(risk_coverage(test, labels, (0.99,))[0]),
        "handwriting": score_handwriting(classifier, sets),
    }


def _score(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> Values:
    return {"correct": int((probabilities.argmax(axis=1) == labels).sum()), "n": len(labels)}


def time_files(files: Mapping[str, Mapping[str, Path]], *, rounds: int = ROUNDS) -> Values:
    """Time the files of several networks in turns, on one thread.

    Args:
        files: Name to the files of the network by precision.
        rounds: Turns of some 20 ms for each file and batch.

    Returns:
        Name to latencies. Their ratios hold between equal ``measured_at``.
    """
    images = np.random.default_rng(0).integers(0, 256, (BATCHES[-1], 28, 28), np.uint8)
    paths = {(name, kind): path for name, pair in files.items() for kind, path in pair.items()}
    classifiers = {str(key): Classifier.load(path) for key, path in paths.items()}

    def call(classifier: Classifier, batch: int) -> Callable[[], object]:
        return lambda: classifier.classify_batch(images[:batch])

    one, many = (
        time_interleaved(
            {key: call(classifier, batch) for key, classifier in classifiers.items()},
            rounds=rounds,
        )
        for batch in BATCHES
    )
    measured_at = datetime.now(UTC).isoformat(timespec="seconds")
    latencies: Values = {
        name: {"machine": machine_name(), "measured_at": measured_at} for name in files
    }
    for (name, kind), path in paths.items():
        key = str((name, kind))
        latencies[name][kind] = {
            "sha256": file_sha256(path),
            "p50_us": round(1e3 * one[key].p50_ms, 2),
            "p50_us_per_image_64": round(1e3 * many[key].p50_ms / BATCHES[-1], 3),
        }
    return latencies


def load_handwriting(folder: Path) -> HandwritingSets:
    """Load the sets of a folder.

    Raises:
        DataError: There is none, or one is damaged.
        ImageError: A picture cannot be read.
    """
    sets: dict[str, Sequence[tuple[NDArray[np.uint8], str]]] = {}
    singles, optdigits = folder / "singles.csv", folder / "optdigits32.npz"
    try:
        if singles.is_file():
            with singles.open(newline="", encoding="utf-8") as file:
                sets["singles"] = [
                    (read_image(folder / "singles" / row["file"]), row["label"])
                    for row in csv.DictReader(file)
                ]
        if optdigits.is_file():
            with np.load(optdigits, allow_pickle=False) as arrays:
                sets["optdigits"] = list(zip(arrays["x"], map(str, arrays["y"]), strict=True))
    except (OSError, ValueError, KeyError, csv.Error, zipfile.BadZipFile) as error:
        raise DataError(
            f"{folder}: singles.csv must have the columns file and label, optdigits32.npz the "
            f"arrays x and y: {error!r}"
        ) from error
    if not sets:
        raise DataError(f"{folder} has neither {singles.name} nor {optdigits.name}")
    return sets


def score_handwriting(classifier: Classifier, sets: HandwritingSets) -> list[Values]:
    """Count the pictures of each set to which ``Classifier.classify`` gives the right label."""
    scores: list[Values] = []
    for name, pairs in sets.items():
        correct = sum(classifier.classify(picture).label == label for picture, label in pairs)
        scores.append({"name": name, "correct": correct, "n": len(pairs)})
    return scores


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
