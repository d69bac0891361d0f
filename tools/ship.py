"""Put a finished export into the package, with its card and its line in the picture.

Usage::

    python tools/ship.py edge runs/edge-3/edge.int8.onnx --run runs/edge-3

The file answers the run's test images as its users will run it; seeds, latency and other
handwriting come from ``benchmarks/results/family.json`` (``benchmarks/family.py``).
Written are ``edge_infer/edge_infer/model/files/`` and ``docs/risk_coverage.svg``.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from family_results import PresetResults
from numpy.typing import NDArray
from risk_picture import draw_risks
from ship_card import answer_all, make_card

from edge_infer.errors import EdgeMnistError, ModelError
from edge_infer.glyph.classifier import Classifier
from edge_infer.io.atomic import atomic_path, write_text
from edge_infer.model.cards import ModelCard
from edge_infer.model.metadata import OTHER_CLASS, ModelMetadata
from edge_infer.model.run_folder import RunFolder, RunRecord
from edge_infer.model.session import open_model, read_model_bytes

MODELS: Final = Path("edge_infer/edge_infer/models")
PICTURE: Final = Path("docs/risk_coverage.svg")
FAMILY: Final = Path("benchmarks/results/family.json")
# What taught the models that ship, and does not ship itself.
TEACHER: Final = Path("train/teacher.onnx")
CHECKSUMS: Final = "sha256.json"
# What a file that ships is held to; what is missed is said, not hidden.
MAX_CALIBRATION_ERROR: Final = 0.005
REJECTED_SHARE: Final = 0.01
# A file belongs to a run when these are the same, and two files to the same run when those are.
_IDENTITY: Final = ("class_names", "preset", "parameters", "data", "data_sha256", "seed", "epochs")
_SAME_RUN: Final = (*_IDENTITY, "validation_accuracy_keras", "test_accuracy_keras")


def main() -> int:
    """Evaluate, install, draw; exit 1 when a mark is missed, with all written."""
    arguments = _arguments()
    run, models = RunFolder(arguments.run), arguments.models
    data = read_model_bytes(arguments.file)
    card = measure(arguments, data)
    card = replace(card, formerly=former_exports(data, card, models))
    install(card, data, models)
    print(f"{models / card.name}.onnx: {card.size_bytes:,} bytes, {card.test_accuracy}")
    redraw(models, run, arguments.picture)
    missed = missed_marks(card)
    for line in missed:
        print(f"MISSED: {line}", file=sys.stderr)
    return 1 if missed else 0


def measure(arguments: argparse.Namespace, data: bytes) -> ModelCard:
    """Make the card of a file that was exported from a run."""
    from edge_mnist.startup import import_tensorflow

    import_tensorflow()
    from train_command import train_command

    from edge_train.presets import find_preset

    run, preset, file = RunFolder(arguments.run), arguments.preset, arguments.file
    record, calibration = run.read_record(), run.read_calibration()
    classifier = Classifier(open_model(data, str(file)))
    check_origin(classifier.metadata, record, preset, str(file))
    export = f"edge-mnist export runs/{preset} {arguments.export_options} -o {preset}.onnx"
    return make_card(
        name=preset,
        summary=find_preset(preset).summary,
        data=data,
        classifier=classifier,
        test=(calibration.test_images, calibration.test_labels),
        train_images=record.train_images,
        commands=(train_command(record, teacher_names(arguments.models)), export),
        results=PresetResults.read(arguments.family, preset),
    )


def check_origin(metadata: ModelMetadata, record: RunRecord, preset: str, name: str) -> None:
    """Refuse a file that is not of this preset, of this run, or not int8.

    Args:
        metadata: What the file says about itself.
        record: Of the run.
        preset: Under which it is to ship.
        name: What to call the file in the error.

    Raises:
        ModelError: One of these differs.
    """
    differences = [
        f"{field} {getattr(record, field)!r} in the run, {getattr(metadata, field)!r} in the file"
        for field in _IDENTITY
        if getattr(record, field) != getattr(metadata, field)
    ]
    if metadata.preset != preset:
        differences.append(f"preset {metadata.preset!r}, expected {preset!r}")
    if metadata.precision != "int8":
        differences.append(f"precision {metadata.precision!r}, expected 'int8'")
    if differences:
        raise ModelError(f"{name} cannot ship: {'; '.join(differences)}")


def install(card: ModelCard, data: bytes, folder: Path) -> None:
    """Write the file, its card and its checksum, the checksum last."""
    with atomic_path(folder / f"{card.name}.onnx") as temporary:
        temporary.write_bytes(data)
    write_text(folder / f"{card.name}.json", card.to_json())
    checksums = {**read_checksums(folder), card.name: card.sha256}
    write_text(folder / CHECKSUMS, json.dumps(checksums, indent=2, sort_keys=True) + "\n")


def former_exports(data: bytes, card: ModelCard, folder: Path) -> tuple[str, ...]:
    """SHA-256 of what ships now and shipped before, if it is of the run that ``data`` is of."""
    path = folder / f"{card.name}.onnx"
    if not path.exists():
        return ()
    found, mine = (Classifier.load(path).metadata, open_model(data, card.name).metadata)
    if any(getattr(found, field) != getattr(mine, field) for field in _SAME_RUN):
        return ()
    former = ModelCard.from_json(path.with_suffix(".json").read_text("utf-8"))
    shas = dict.fromkeys((*former.formerly, former.sha256))
    return tuple(sha256 for sha256 in shas if sha256 != card.sha256)


def shipped_names(folder: Path) -> dict[str, str]:
    """The name of each model in the folder, by the SHA-256 of its file and of former exports."""
    cards = [
        ModelCard.from_json(path.with_suffix(".json").read_text("utf-8"))
        for path in sorted(folder.glob("*.onnx"))
    ]
    return {sha256: card.name for card in cards for sha256 in (card.sha256, *card.formerly)}


def teacher_names(folder: Path) -> dict[str, str]:
    """What a command calls a teacher, by the SHA-256 of its file: shipped names, and the path."""
    from edge_train.teacher import teacher_sha256

    path = TEACHER.as_posix()
    return {**shipped_names(folder), teacher_sha256(path): path}


def read_checksums(folder: Path) -> dict[str, str]:
    """Read the SHA-256 of each model in the folder, none when it is new."""
    path = folder / CHECKSUMS
    checksums: dict[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return checksums


def redraw(models: Path, run: RunFolder, picture: Path) -> None:
    """Draw the curves of all models in the folder, the smallest first, on one run's test images.

    Raises:
        ModelError: A model was tested on other images.
    """
    calibration, data_sha256 = run.read_calibration(), run.read_record().data_sha256
    probabilities: dict[str, NDArray[np.float32]] = {}
    for path in sorted(models.glob("*.onnx"), key=lambda path: path.stat().st_size):
        classifier = Classifier.load(path)
        if OTHER_CLASS in classifier.metadata.class_names:
            # Of single digits it says "no digit" where others err: not the same question.
            continue
        if classifier.metadata.data_sha256 != data_sha256:
            raise ModelError(f"{path.stem} was tested on other images than {run.path}")
        probabilities[path.stem] = answer_all(classifier, calibration.test_images)
    draw_risks(probabilities, calibration.test_labels, picture)


def missed_marks(card: ModelCard) -> list[str]:
    """Say which of the project's marks a card misses, in words."""
    missed: list[str] = []
    if card.calibration_error > MAX_CALIBRATION_ERROR:
        missed.append(
            f"calibration error {100 * card.calibration_error:.2f} %, "
            f"at most {100 * MAX_CALIBRATION_ERROR:.2f} %"
        )
    errors = card.test_accuracy.n - card.test_accuracy.correct
    point = min(card.risk_coverage, key=lambda point: abs(point.coverage - 1 + REJECTED_SHARE))
    if 2 * point.errors > errors:
        missed.append(
            f"{point.errors} of {errors} errors left at {100 * REJECTED_SHARE:g} % rejected, "
            "at most half"
        )
    return missed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("preset", help="the name to ship under")
    parser.add_argument("file", type=Path, help="a finished int8 export of the preset")
    parser.add_argument("--run", type=Path, required=True, help="folder of its training run")
    parser.add_argument("--family", type=Path, default=FAMILY, help="results over all presets")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder to put it into")
    parser.add_argument("--picture", type=Path, default=PICTURE, help="the .svg to draw")
    parser.add_argument(
        "--export-options",
        default="--quantize",
        help="what the export was called with, where it changes the file",
    )
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EdgeMnistError as error:
        sys.exit(f"error: {error.message}")
