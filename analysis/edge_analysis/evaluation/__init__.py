"""edge_analysis.evaluation: measure a model on labelled images and write the report."""

from edge_analysis.data_set import DataSet, Split
from edge_analysis.evaluation.answer_viewer import AnswerViewer
from edge_analysis.evaluation.answers import Answers
from edge_analysis.evaluation.measure import Evaluation, evaluate
from edge_analysis.evaluation.models import (
    Epoch,
    EvaluatedModel,
    ModelFacts,
    Predictor,
    Training,
    load_file,
    load_run,
)
from edge_analysis.evaluation.record import EvaluationRecord
from edge_analysis.evaluation.report import write_evaluation
from edge_analysis.report_folder import Progress

__all__ = [
    "AnswerViewer",
    "Answers",
    "DataSet",
    "Epoch",
    "EvaluatedModel",
    "Evaluation",
    "EvaluationRecord",
    "ModelFacts",
    "Predictor",
    "Progress",
    "Split",
    "Training",
    "evaluate",
    "load_file",
    "load_run",
    "write_evaluation",
]
