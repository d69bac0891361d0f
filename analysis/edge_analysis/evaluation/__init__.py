"""edge_analysis.evaluation: what a model gets right and wrong, in numbers and pictures.

Drawing needs the extra ``report`` and is imported from :mod:`edge_analysis.evaluation.drawings`
and :mod:`edge_analysis.evaluation.writing`.
"""

from edge_analysis.evaluation.answers import Answers, Part, Predictor, Progress
from edge_analysis.evaluation.measure import Evaluation, evaluate
from edge_analysis.evaluation.record import EvaluationRecord
from edge_analysis.evaluation.subject import EvaluationData, ModelFacts, Subject
from edge_analysis.evaluation.training import Training, read_training

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
