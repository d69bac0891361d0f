"""The card of a shipped model (Mitchell et al. 2019).

The metadata of a model file describe the model. Its card describes what to expect from it: how
it was made, its accuracy and calibration, its latency beside other models, and its limits.
``tools/ship.py`` writes cards beside the model files.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Final

from edge_infer.io.json_records import read_versioned
from edge_infer.model.metadata import Accuracy
from edge_infer.model.reliability import RiskPoint, wilson_interval

CARD_VERSION: Final = 1


@dataclass(frozen=True, kw_only=True)
class TrainedOn:
    """Training data: name, SHA-256 over all arrays, and number of training images."""

    data: str
    sha256: str
    images: int


@dataclass(frozen=True, kw_only=True)
class SeedSpread:
    """Mean and sample standard deviation of the test accuracy, 0-1, of two or more seeds."""

    mean: float
    sd: float
    seeds: int


@dataclass(frozen=True, kw_only=True)
class HandwritingScore:
    """Correct answers to ``n`` pictures of handwriting from outside the training data."""

    name: str
    correct: int
    n: int


@dataclass(frozen=True, kw_only=True)
class LatencyRow:
    """Median latency of a model on one thread: of one image, and per image in batches of 64."""

    model: str
    p50_us: float
    p50_us_per_image_64: float


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Latencies of several models, measured in turns on one machine."""

    machine: str
    rows: tuple[LatencyRow, ...]


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """The card of a shipped model. None means not measured.

    ``card_version`` is raised when an older reader would misread a new card. A new field with a
    default does not raise it: readers ignore unknown fields.

    Attributes:
        name: The name that the model ships under.
        summary: One line.
        commands: The commands that made the file, in order.
        trained_on: Training data.
        parameters: Number of trained parameters.
        macs: Multiply-accumulate operations for each image.
        size_bytes: Size of the file.
        sha256: SHA-256 of the file.
        test_accuracy: Accuracy of the file on the test images.
        validation_accuracy: Accuracy of the file on the validation images.
        seeds: Test accuracy over random seeds.
        calibration_error: Expected calibration error on the test images with 15 bins (Guo et
            al. 2017), 0-1.
        reject: Coverage and risk of the file's reject threshold on the test images.
        risk_coverage: Coverage and risk at fixed coverages.
        handwriting: Results on other handwriting.
        latency: Latency beside other models.
        not_good_for: Limits, one line each.
        licence: One line.
        card_version: See above.
    """

    name: str
    summary: str
    commands: tuple[str, ...]
    trained_on: TrainedOn
    parameters: int
    macs: int | None = None
    size_bytes: int
    sha256: str
    test_accuracy: Accuracy
    validation_accuracy: Accuracy
    seeds: SeedSpread | None = None
    calibration_error: float
    reject: RiskPoint
    risk_coverage: tuple[RiskPoint, ...]
    handwriting: tuple[HandwritingScore, ...] = ()
    latency: Latency | None = None
    not_good_for: tuple[str, ...]
    licence: str
    card_version: int = CARD_VERSION

    @property
    def test_interval_95(self) -> tuple[float, float]:
        """95 % confidence interval of the test accuracy (Wilson 1927), bounds in 0-1."""
        return wilson_interval(self.test_accuracy)

    @property
    def own_latency(self) -> LatencyRow | None:
        """The latency of this model, or None."""
        rows = self.latency.rows if self.latency else ()
        return next((row for row in rows if row.model == self.name), None)

    def to_json(self) -> str:
        """Return the text of the card file, with the rates that follow from counts."""
        return json.dumps(self.to_json_values(), indent=2, ensure_ascii=False) + "\n"

    def to_json_values(self) -> dict[str, Any]:
        """Return the card as JSON values, as :meth:`to_json` writes them."""
        points = [_point_values(point) for point in self.risk_coverage]
        return {
            "card_version": self.card_version,
            **asdict(self),
            "test_interval_95": self.test_interval_95,
            "reject": _point_values(self.reject),
            "risk_coverage": points,
        }

    @classmethod
    def from_json(cls, text: str) -> ModelCard:
        """Read what :meth:`to_json` wrote.

        Raises:
            ModelError: Not JSON, another version, or a field is missing or has another type.
        """
        return read_versioned(
            cls,
            text,
            "the model card",
            versions={"card_version": CARD_VERSION},
            remedy="install edge-mnist again",
        )


def _point_values(point: RiskPoint) -> dict[str, Any]:
    return {"coverage": point.coverage, **asdict(point), "risk": point.risk}
