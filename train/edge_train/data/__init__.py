"""Data sets: MNIST, the UCI digits, and files and folders of the user."""

from edge_train.data.dataset import Dataset, LabelledImages, Notify, Progress
from edge_train.data.load import WORDS, load_dataset
from edge_train.data.split import split_validation

__all__ = [
    "WORDS",
    "Dataset",
    "LabelledImages",
    "Notify",
    "Progress",
    "load_dataset",
    "split_validation",
]
