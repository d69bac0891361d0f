"""edge_analysis.evaluation: measure a model on labelled images and write the report."""

from edge_analysis.evaluation.answer_viewer import AnswerViewer
from edge_analysis.evaluation.data import (
    Answers,
    Epoch,
    EvaluatedModel,
    EvaluationData,
    ModelFacts,
    Part,
    Predictor,
    Training,
)
from edge_analysis.evaluation.loading import load_file, load_run
from edge_analysis.evaluation.measure import Evaluation, evaluate
from edge_analysis.evaluation.record import EvaluationRecord
from edge_analysis.evaluation.report import write_evaluation
from edge_analysis.report_folder import Progress

__all__ = [
    "AnswerViewer",
    "Answers",
    "Epoch",
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
    "write_evaluation",
]
