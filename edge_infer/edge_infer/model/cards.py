"""The model card's contract: what is known of a model that ships (Mitchell et al. 2019).

A model file says what it is; its card says what to expect of it: how it was made, how
often it errs and how surely, how quick it is beside the others, and what it is not good
for. Cards stand beside the files in ``models/``, written by ``tools/ship.py``.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Final

from edge_infer.errors import ModelError
from edge_infer.io.json_records import read_record
from edge_infer.model.metadata import Accuracy
from edge_infer.model.reliability import RiskPoint, wilson_interval

CARD_VERSION: Final = 1


@dataclass(frozen=True, kw_only=True)
class TrainedOn:
    """Training data: name, SHA-256 over all its arrays, and images that were learnt from."""

    data: str
    sha256: str
    images: int


@dataclass(frozen=True, kw_only=True)
class SeedSpread:
    """Test accuracy over runs that differ in their random seed alone, exported alike.

    Attributes:
        mean: In 0-1.
        sd: Standard deviation of one run (n - 1 in the denominator), same unit.
        seeds: Number of runs, at least 2.
    """

    mean: float
    sd: float
    seeds: int


@dataclass(frozen=True, kw_only=True)
class HandwritingScore:
    """Answers to handwriting from outside the training data: ``correct`` of ``n`` pictures."""

    name: str
    correct: int
    n: int


@dataclass(frozen=True, kw_only=True)
class LatencyRow:
    """Median time of one model, one thread, in microseconds.

    Attributes:
        model: Its name.
        p50_us: Of one image alone.
        p50_us_per_image_64: Of one image in a batch of 64.
    """

    model: str
    p50_us: float
    p50_us_per_image_64: float


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Times of several models from one interleaved run on one machine."""

    machine: str
    rows: tuple[LatencyRow, ...]


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What to expect of a shipped model; None stands for what was not measured.

    ``card_version`` is raised when a reader of the old version would go wrong on a new
    card. A field added with a default does not raise it; readers ignore fields that they
    do not know.

    Attributes:
        name: Under which it ships.
        summary: One line.
        commands: What made the file, in order.
        trained_on: The data.
        parameters: Trained values in the network.
        macs: Multiply-accumulates an image.
        size_bytes: Of the file.
        sha256: Of the file.
        formerly: SHA-256 of other exports of the same run that shipped under this name
            before. What learnt from one of them learnt from this network.
        test_accuracy: Of the file on the test images.
        validation_accuracy: Of the file on the validation images.
        seeds: Test accuracy over random seeds.
        calibration_error: Expected calibration error on the test images, 15 bins (Guo et
            al. 2017), in 0-1.
        reject: What the file's own reject threshold does on the test images.
        risk_coverage: The same for fixed shares of answers.
        handwriting: Other handwriting that was tried.
        latency: Beside the other models.
        not_good_for: Lines.
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
    formerly: tuple[str, ...] = ()
    card_version: int = CARD_VERSION

    @property
    def test_interval_95(self) -> tuple[float, float]:
        """The 95 % interval of the test accuracy (Wilson 1927), bounds in 0-1."""
        return wilson_interval(self.test_accuracy)

    @property
    def own_latency(self) -> LatencyRow | None:
        """The row of this model, if it was timed."""
        rows = self.latency.rows if self.latency else ()
        return next((row for row in rows if row.model == self.name), None)

    def to_json(self) -> str:
        """Return the text of the card's file; shares that follow from counts stand in it too."""
        return json.dumps(self.to_json_values(), indent=2, ensure_ascii=False) + "\n"

    def to_json_values(self) -> dict[str, Any]:
        """Return the card as plain JSON values, as :meth:`to_json` writes them."""
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
            ModelError: Not JSON, a field is missing or of the wrong kind, or of another
                version.
        """
        try:
            document: Any = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ModelError(f"the model card cannot be understood: {error}") from error
        version = document.get("card_version") if isinstance(document, dict) else None
        if version != CARD_VERSION:
            raise ModelError(
                f"the model card has card_version {version!r}, this program reads {CARD_VERSION}: "
                "install edge-mnist again"
            )
        return read_record(cls, document, "the model card")


def _point_values(point: RiskPoint) -> dict[str, Any]:
    return {"coverage": point.coverage, **asdict(point), "risk": point.risk}
