"""Every number of an evaluation: what ``report.json`` holds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from edge_analysis.evaluation.comparison import Comparison
from edge_analysis.evaluation.confidence import ConfidenceScore
from edge_analysis.evaluation.disputed import DisputedScore
from edge_analysis.evaluation.robustness import RobustnessCurve
from edge_analysis.evaluation.scores import AverageScore, ClassScore, Confusion, ErrorRow, PartScore
from edge_analysis.evaluation.subject import ModelFacts
from edge_analysis.evaluation.timing import InferenceTime
from edge_analysis.evaluation.training import Training

RECORD_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class DataFacts:
    """What a model was evaluated on.

    Attributes:
        name: Of the data set.
        sha256: Of the whole set.
        class_names: Of its classes, and behind them what the models answer besides.
        trained_on: Whether the model was trained on this very set, so that its test part is
            new to the model and the others are not.
    """

    name: str
    sha256: str
    class_names: tuple[str, ...]
    trained_on: bool


@dataclass(frozen=True, kw_only=True)
class Rival:
    """The model beside the one that is evaluated.

    Attributes:
        model: What it says about itself.
        test: Its score on the test part.
        inference: Its times.
        comparison: Both on the test part.
    """

    model: ModelFacts
    test: PartScore
    inference: InferenceTime
    comparison: Comparison


@dataclass(frozen=True, kw_only=True)
class EvaluationRecord:
    """What was measured.

    Attributes:
        model: The model.
        data: On what.
        parts: Scores on training, validation and test images; all below is of the test part.
        classes: A score a class.
        averages: Over the classes.
        confusion: True classes down, answers across.
        top_confusions: The most frequent mistakes.
        errors: All wrong answers, the surest first.
        disputed: The disputed images; None but on MNIST.
        confidence: What confidences are worth.
        inference: Times for an answer.
        training: Of a run; None for a file.
        robustness: Accuracy on disturbed images, a curve a disturbance and model.
        rival: The model beside it; None for none.
        machine: CPU and cores, in words.
        versions: Tool and version, in words.
        format_version: Raised when a reader of the old version would go wrong.
    """

    model: ModelFacts
    data: DataFacts
    parts: tuple[PartScore, ...]
    classes: tuple[ClassScore, ...]
    averages: tuple[AverageScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    top_confusions: tuple[Confusion, ...]
    errors: tuple[ErrorRow, ...]
    disputed: DisputedScore | None
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

    def json_values(self) -> dict[str, Any]:
        """Return the plain values of ``report.json``."""
        return asdict(self)
