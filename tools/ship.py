"""Put an exported file of the model family into the package, with its card.

Usage::

    python tools/ship.py edge runs/family/edge-2/edge.int8.onnx --run runs/family/edge-2
    python tools/ship.py --run runs/family/edge-2      # only draw docs/risk_coverage.svg

The file must be one that ``benchmarks/family.py`` has measured: commands, seeds, latency and
other handwriting on the card come from ``benchmarks/results/family.json``. The script
evaluates the file on the test images of its run, writes file, card and checksum into
``edge_infer/edge_infer/model/files``, and redraws the curves of all models there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Final

import numpy as np
from numpy.typing import NDArray
from risk_picture import draw_risks

from edge_infer.errors import EdgeMnistError, ModelError
from edge_infer.glyph.classifier import Classifier
from edge_infer.io.atomic import atomic_path, write_text
from edge_infer.model.cards import (
    HandwritingScore,
    Latency,
    LatencyRow,
    ModelCard,
    SeedSpread,
    TrainedOn,
)
from edge_infer.model.metadata import OTHER_CLASS, ModelMetadata
from edge_infer.model.reliability import (
    RiskPoint,
    expected_calibration_error,
    risk_at_threshold,
    risk_coverage,
)
from edge_infer.model.run_folder import RunFolder
from edge_infer.model.session import open_model, read_model_bytes

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

from family_measure import Values, read_results
from family_report import shares

MODELS: Final = Path("edge_infer/edge_infer/model/files")
PICTURE: Final = Path("docs/risk_coverage.svg")
FAMILY: Final = Path("benchmarks/results/family.json")
CHECKSUMS: Final = "sha256.json"
# Limits for a file that ships; a miss is printed.
MAX_CALIBRATION_ERROR: Final = 0.005
REJECTED_SHARE: Final = 0.01


def main(words: Sequence[str] | None = None) -> int:
    """Evaluate, install, draw; exit 1 when a limit is missed, with all written."""
    arguments = _arguments(words)
    run, models = RunFolder(arguments.run), arguments.models
    missed: list[str] = []
    if arguments.file is not None:
        data = read_model_bytes(arguments.file)
        card = make_card(arguments.preset, data, run, read_results(arguments.family))
        install(card, data, models)
        print(f"{models / card.name}.onnx: {card.size_bytes:,} bytes, {card.test_accuracy}")
        missed = missed_limits(card)
    redraw(models, run, arguments.picture)
    for line in missed:
        print(f"MISSED: {line}", file=sys.stderr)
    return 1 if missed else 0


def make_card(preset: str, data: bytes, run: RunFolder, family: Values) -> ModelCard:
    """Make the card of a model file.

    Args:
        preset: Name to ship under.
        data: The file.
        run: The run that it was exported from.
        family: Results that contain this file.

    Raises:
        ModelError: The family has not measured this file, it is of another run, or its answers
            on this machine are not those in its metadata.
    """
    from edge_train.presets import find_preset

    classifier = Classifier(open_model(data, preset))
    metadata = classifier.metadata
    network, row = find_row(family, preset, hashlib.sha256(data).hexdigest())
    probabilities, labels = _evaluate(classifier, run)
    reject = risk_at_threshold(probabilities, labels, metadata.reject_threshold)
    export = f"edge-mnist export runs/{preset} --quantize {network['export']}".strip()
    return ModelCard(
        name=preset,
        summary=find_preset(preset).summary,
        commands=(
            f"edge-mnist train {network['train']} --seed {row['seed']}",
            f"{export} -o {preset}.onnx",
        ),
        trained_on=TrainedOn(
            data=metadata.data,
            sha256=metadata.data_sha256,
            images=run.read_record().train_images,
        ),
        parameters=metadata.parameters,
        macs=network["macs"],
        size_bytes=len(data),
        sha256=row["int8"]["sha256"],
        test_accuracy=metadata.test_accuracy,
        validation_accuracy=metadata.validation_accuracy,
        seeds=_seed_spread(network),
        calibration_error=expected_calibration_error(probabilities, labels),
        reject=reject,
        risk_coverage=risk_coverage(probabilities, labels),
        handwriting=tuple(HandwritingScore(**one) for one in row["int8"]["handwriting"]),
        latency=card_latency(family),
        not_good_for=(*_limits(metadata, probabilities), _unchecked(reject)),
        licence=metadata.licence,
    )


def find_row(family: Values, preset: str, sha256: str) -> tuple[Values, Values]:
    """Find the network of a preset and its run with an int8 file.

    Raises:
        ModelError: There is none.
    """
    network = family["networks"].get(preset, {"runs": ()})
    for run in network["runs"]:
        if run["int8"]["sha256"] == sha256:
            return network, run
    raise ModelError(
        f"family.json has no int8 file of {preset!r} with SHA-256 {sha256[:12]}…: measure it with "
        f"`python benchmarks/family.py --presets {preset}`"
    )


def _seed_spread(network: Values) -> SeedSpread | None:
    found = shares(network, "int8")
    if len(found) == 1:
        return None
    return SeedSpread(mean=fmean(found), sd=stdev(found), seeds=len(found))


def card_latency(family: Values) -> Latency | None:
    """Return the times of all int8 files that were timed, the quickest first.

    Raises:
        ModelError: They were timed on different machines.
    """
    timed = {name: one["latency"] for name, one in family["networks"].items() if one["latency"]}
    machines = sorted({latency["machine"] for latency in timed.values()})
    if len(machines) > 1:
        raise ModelError(
            f"the networks were timed on different machines ({', '.join(machines)}): time them "
            "again in one run"
        )
    fields = ("p50_us", "p50_us_per_image_64")
    rows = [
        LatencyRow(model=name, **{field: latency["int8"][field] for field in fields})
        for name, latency in timed.items()
    ]
    rows.sort(key=lambda row: row.p50_us)
    return Latency(machine=machines[0], rows=tuple(rows)) if rows else None


def _evaluate(
    classifier: Classifier, run: RunFolder
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the probabilities and labels of the test images of the file's run."""
    metadata, record = classifier.metadata, run.read_record()
    for field in ("preset", "seed", "data_sha256"):
        if getattr(metadata, field) != getattr(record, field):
            found = f"{getattr(record, field)!r}, {getattr(metadata, field)!r} in the file"
            raise ModelError(f"{run.path} is another run: {field} {found}")
    calibration, expected = run.read_calibration(), metadata.test_accuracy
    probabilities = classifier.probabilities(calibration.test_images)
    correct = int((probabilities.argmax(axis=1) == calibration.test_labels).sum())
    if (correct, len(probabilities)) != (expected.correct, expected.n):
        raise ModelError(
            f"the file gives {correct} of {len(probabilities)} test images the right label, its "
            f"metadata say {expected.correct} of {expected.n}: export it again on this machine"
        )
    return probabilities, calibration.test_labels


def _limits(metadata: ModelMetadata, probabilities: NDArray[np.float32]) -> tuple[str, ...]:
    """Return what the model is not good for, a line each."""
    normalised = (
        "Digits that are not size-normalised and centred as MNIST's are, unless `classify` or "
        "`edge-mnist predict` does it."
    )
    if OTHER_CLASS in metadata.class_names:
        other = metadata.class_names.index(OTHER_CLASS)
        refused = int((probabilities.argmax(axis=1) == other).sum())
        return (
            "Pictures that hold one whole digit each: the other models err less there, this one "
            f"takes {refused:,} of {len(probabilities):,} test images for no digit.",
            normalised,
        )
    return (
        "Anything but one digit from 0 to 9: a letter, a scribble or two digits in one picture "
        "get some digit's label, often with high confidence.",
        normalised,
        "Handwriting unlike MNIST's (written in the USA about 1990): other forms of 1, 4 and 7, "
        "very thick or broken strokes. Try it on your own pictures first.",
    )


def _unchecked(reject: RiskPoint) -> str:
    return (
        "Answers that nobody checks where one error matters: above the reject threshold "
        f"{reject.errors:,} of {reject.kept:,} test images are still wrong."
    )


def install(card: ModelCard, data: bytes, folder: Path) -> None:
    """Write the file, its card and its checksum, the checksum last."""
    with atomic_path(folder / f"{card.name}.onnx") as temporary:
        temporary.write_bytes(data)
    write_text(folder / f"{card.name}.json", card.to_json())
    path = folder / CHECKSUMS
    checksums = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    checksums[card.name] = card.sha256
    write_text(path, json.dumps(checksums, indent=2, sort_keys=True) + "\n")


def redraw(models: Path, run: RunFolder, picture: Path) -> None:
    """Draw the curves of all models in the folder, the smallest first, on one run's test images.

    A model with the class ``other`` is left out: it refuses where the others err.

    Raises:
        ModelError: A model was tested on other images.
    """
    calibration, data_sha256 = run.read_calibration(), run.read_record().data_sha256
    probabilities: dict[str, NDArray[np.float32]] = {}
    for path in sorted(models.glob("*.onnx"), key=lambda path: path.stat().st_size):
        classifier = Classifier.load(path)
        if OTHER_CLASS in classifier.metadata.class_names:
            continue
        if classifier.metadata.data_sha256 != data_sha256:
            raise ModelError(f"{path.stem} was tested on other images than {run.path}")
        probabilities[path.stem] = classifier.probabilities(calibration.test_images)
    draw_risks(probabilities, calibration.test_labels, picture)


def missed_limits(card: ModelCard) -> list[str]:
    """Return a line for each limit of the project that a card misses."""
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


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("preset", nargs="?", help="name to ship under")
    parser.add_argument("file", nargs="?", type=Path, help="int8 export of that preset")
    parser.add_argument("--run", type=Path, required=True, help="folder of its training run")
    parser.add_argument("--family", type=Path, default=FAMILY, help=f"({FAMILY})")
    parser.add_argument("--models", type=Path, default=MODELS, help=f"({MODELS})")
    parser.add_argument("--picture", type=Path, default=PICTURE, help=f"({PICTURE})")
    arguments = parser.parse_args(words)
    if (arguments.preset is None) != (arguments.file is None):
        parser.error("give a preset and a file, or neither to draw only")
    return arguments


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EdgeMnistError as error:
        sys.exit(f"error: {error.message}")
