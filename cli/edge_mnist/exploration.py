"""What `edge-mnist explore` does once its options are read; imports no TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from edge_analysis.exploration import (
    Pictures,
    Progress,
    Split,
    explore,
    write_exploration,
    write_pixel_values,
)
from edge_infer.errors import DataError
from edge_mnist.console import OUT, progress_bar
from edge_mnist.exploration_view import exploration_view
from edge_mnist.loading_view import LoadingView
from edge_train.data import Dataset, load_dataset, split_validation
from edge_train.data.samples import make_folder

_TEST: Final = "test"


def explore_data(data: str, folder: Path, *, force: bool) -> None:
    """Write the report of a data set and print what to take away of it.

    Raises:
        EdgeMnistError: The data cannot be had, the folder is not empty and ``force`` is
            false, or a file cannot be written.
    """
    # First of all: what cannot be written is not worth the time.
    make_folder(folder, overwrite=force)
    pictures = split_pictures(_load(data))
    with progress_bar() as bar:
        task = bar.add_task("", total=None, note="")
        progress: Progress = lambda doing, done, total: bar.update(  # noqa: E731
            task, description=doing, completed=done, total=total
        )
        found = explore(pictures, progress)
        page = write_exploration(found, folder, progress)
    OUT.print(exploration_view(found))
    OUT.print(f"report: {page}", markup=False)


def draw_picture(data: str, folder: Path, number: int, split: str) -> None:
    """Write one picture with its pixels' values.

    Raises:
        EdgeMnistError: The data cannot be had, there is no such picture, or a file cannot be
            written.
    """
    dataset = _load(data)
    of_test = split == _TEST
    images = dataset.test_images if of_test else dataset.train_images
    labels = dataset.test_labels if of_test else dataset.train_labels
    if number >= len(images):
        raise DataError(
            f"the {'test' if of_test else 'training'} part of {dataset.name} has "
            f"{len(images):,} pictures, numbered from 0: there is no {number}",
            code="not_found",
        )
    label = dataset.class_names[labels[number]]
    path = folder / f"{split}-{number}"
    write_pixel_values(images[number], f"{dataset.name}, {split} {number}: {label}", path)
    OUT.print(f"{split} {number} is labelled {label}: {path}.png and {path}.svg", markup=False)


def split_pictures(dataset: Dataset) -> Pictures:
    """Part a data set as training parts it."""
    train, validation = split_validation(dataset.train_labels)
    return Pictures(
        name=dataset.name,
        class_names=dataset.class_names,
        splits=(
            _part(dataset, "train", train),
            _part(dataset, "validation", validation),
            Split(
                name=_TEST,
                images=dataset.test_images,
                labels=dataset.test_labels,
                numbers=np.arange(len(dataset.test_labels)),
            ),
        ),
    )


def _part(dataset: Dataset, name: str, numbers: np.ndarray) -> Split:
    return Split(
        name=name,
        images=dataset.train_images[numbers],
        labels=dataset.train_labels[numbers],
        numbers=numbers,
    )


def _load(data: str) -> Dataset:
    with LoadingView() as view:
        return load_dataset(data, notify=view.notify, progress=view.progress)
