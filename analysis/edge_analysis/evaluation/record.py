"""Every number of an evaluation. The fields of the records are the keys of ``report.json``."""

from __future__ import annotations

from dataclasses import dataclass

from edge_analysis.evaluation.answers import Comparison, ConfidenceScore
from edge_analysis.evaluation.models import ModelFacts, Training
from edge_analysis.evaluation.robustness import RobustnessCurve
from edge_analysis.evaluation.scores import (
    AverageScore,
    ClassScore,
    Confusion,
    ErrorRow,
    LabelErrorScore,
    PartScore,
)

RECORD_VERSION = 1


@dataclass(frozen=True)
class DataFacts:
    """Description of the data.

    ``class_names`` are the classes of the data, followed by further classes of the models.
    ``trained_on`` is whether the model was trained on this data set.
    """

    name: str
    sha256: str
    class_names: tuple[str, ...]
    trained_on: bool


@dataclass(frozen=True, kw_only=True)
class InferenceTime:
    """Median wall times: of a single image, and per image of a batch of ``batch`` images."""

    single_ms: float
    batched_ms: float
    batch: int


@dataclass(frozen=True, kw_only=True)
class Rival:
    """The model that the evaluated model is compared with, both on the test part."""

    model: ModelFacts
    test: PartScore
    inference: InferenceTime
    comparison: Comparison


@dataclass(frozen=True, kw_only=True)
class EvaluationRecord:
    """Numbers of an evaluation; all but ``parts`` are of the test part.

    ``parts`` are training, validation and test. ``confusion`` has true classes as rows and answers
    as columns. ``disputed`` is the score without the suspected label errors, None except on MNIST;
    ``training`` is None for a file. ``format_version`` is raised by incompatible changes.
    """

    model: ModelFacts
    data: DataFacts
    parts: tuple[PartScore, ...]
    classes: tuple[ClassScore, ...]
    averages: tuple[AverageScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    top_confusions: tuple[Confusion, ...]
    errors: tuple[ErrorRow, ...]
    disputed: LabelErrorScore | None
    confidence: ConfidenceScore
    inference: InferenceTime
    training: Training | None
    robustness: tuple[RobustnessCurve, ...]
    rival: Rival | None
    machine: str
    versions: tuple[str, ...]
    format_version: int = RECORD_VERSION

    @property
    def test(self) -> PartScore:
        """The score on the test part."""
        return self.parts[-1]
