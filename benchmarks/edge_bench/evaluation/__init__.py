"""edge_bench.evaluation: what a model gets right and wrong, in numbers and pictures.

Drawing needs the extra ``report`` and is imported from :mod:`edge_bench.evaluation.drawings`
and :mod:`edge_bench.evaluation.writing`.
"""

from edge_bench.evaluation.answers import Answers, Part, Predictor, Progress
from edge_bench.evaluation.measure import Evaluation, evaluate
from edge_bench.evaluation.record import EvaluationRecord
from edge_bench.evaluation.subject import EvaluationData, ModelFacts, Subject
from edge_bench.evaluation.training import Training, read_training

__all__ = [
    "Answers",
    "Evaluation",
    "EvaluationData",
    "EvaluationRecord",
    "ModelFacts",
    "Part",
    "Predictor",
    "Progress",
    "Subject",
    "Training",
    "evaluate",
    "read_training",
]
