"""edge_analysis.evaluation: measure a model on labelled images and write the report."""

from edge_analysis.evaluation.answer_viewer import AnswerViewer
from edge_analysis.evaluation.answers import Answers, Part, Predictor, Progress
from edge_analysis.evaluation.loading import load_file, load_run
from edge_analysis.evaluation.measure import Evaluation, evaluate
from edge_analysis.evaluation.record import EvaluationRecord
from edge_analysis.evaluation.subject import EvaluatedModel, EvaluationData, ModelFacts
from edge_analysis.evaluation.training import Training, read_training
from edge_analysis.evaluation.writing import write_evaluation

__all__ = [
    "AnswerViewer",
    "Answers",
    "EvaluatedModel",
    "Evaluation",
    "EvaluationData",
    "EvaluationRecord",
    "ModelFacts",
    "Part",
    "Predictor",
    "Progress",
    "Training",
    "evaluate",
    "load_file",
    "load_run",
    "read_training",
    "write_evaluation",
]
