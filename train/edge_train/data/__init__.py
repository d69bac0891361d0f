"""Data sets: MNIST, the UCI digits, files and folders of one's own."""

from edge_train.data.dataset import Dataset, DownloadProgress, Notify
from edge_train.data.load import WORDS, load_dataset
from edge_train.data.split import split_validation

__all__ = ["WORDS", "Dataset", "DownloadProgress", "Notify", "load_dataset", "split_validation"]
