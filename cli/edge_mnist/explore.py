"""`edge-mnist explore`: analyse a data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer
from rich.text import Text

from edge_mnist.options import DataOption, ForceFolderOption
from edge_mnist.startup import require
from edge_mnist.terminal import OUT, ProgressView, make_grid, show, stack

if TYPE_CHECKING:
    from edge_analysis.data_set import DataSet
    from edge_analysis.exploration import Exploration
    from edge_train.data import Dataset
    from edge_train.data.split import SplitRule

EXAMPLES: Final = """
    edge-mnist explore                         # MNIST: exploration/report.html
    edge-mnist explore --data my-glyphs/ -o glyphs/
    edge-mnist explore --image 17              # test-17.png in the current folder
    edge-mnist explore --image 4711 --split train
"""
SplitName = Literal["train", "validation", "test"]


def command(
    *,
    data: DataOption = "mnist",
    output: Annotated[
        Path | None,
        typer.Option(
            *("--output", "-o"),
            metavar="DIR",
            help="Folder. [default: exploration; with --image the current folder]",
        ),
    ] = None,
    image: Annotated[
        int | None,
        typer.Option(min=0, metavar="NUMBER", help="Draw only this picture, with pixel values."),
    ] = None,
    split: Annotated[
        SplitName,
        typer.Option(help="Split of --image; validation pictures keep their training number."),
    ] = "test",
    force: ForceFolderOption = False,
) -> None:
    """Analyse a data set and write a report of one page: DIR/report.html.

    The report shows samples, labels, mean and variance, grey levels, ink, size and slant,
    typical and unusual pictures, duplicates within and across the splits, and classes that are
    easy to confuse. report.json has every number, figures/ has every figure as PNG and SVG.
    --force replaces an older report and changes no other file.
    """
    if force and image is not None:
        message = "applies to a report only: --image always replaces its own files"
        raise typer.BadParameter(message, param_hint="--force")
    require("report", "explore")
    from edge_analysis.exploration import explore, write_exploration
    from edge_infer.io.atomic import make_folder
    from edge_train.data import load_dataset

    folder = output or Path("exploration" if image is None else "")
    if image is None:
        # Before the data set is loaded, which may be a long download.
        make_folder(folder, overwrite=force)
    with ProgressView() as view:
        dataset = load_dataset(data, notify=view.notify, progress=view.progress)
    if image is not None:
        _draw_picture(dataset, image, split, folder)
        return
    with ProgressView() as view:
        found = explore(split_dataset(dataset, "stratified", "train"), view.progress)
        page = write_exploration(found, folder, view.progress)
    _show_summary(found)
    OUT.print(f"report: {page}", markup=False)


def split_dataset(dataset: Dataset, rule: SplitRule, training_name: str) -> DataSet:
    """Split a data set into training, validation and test pictures, as training splits it."""
    import numpy as np

    from edge_analysis.data_set import DataSet, Split
    from edge_train.data import split_validation

    training, validation = split_validation(dataset.train_labels, rule=rule)
    images, labels = dataset.train_images, dataset.train_labels
    numbers = np.arange(len(dataset.test_labels))
    return DataSet(
        name=dataset.name,
        sha256=dataset.sha256,
        class_names=dataset.class_names,
        splits=(
            Split(training_name, images[training], labels[training], training),
            Split("validation", images[validation], labels[validation], validation),
            Split("test", dataset.test_images, dataset.test_labels, numbers),
        ),
    )


def _draw_picture(dataset: Dataset, number: int, split: SplitName, folder: Path) -> None:
    from edge_analysis.exploration import write_pixel_values
    from edge_infer.errors import DataError

    is_test = split == "test"
    images = dataset.test_images if is_test else dataset.train_images
    labels = dataset.test_labels if is_test else dataset.train_labels
    if number >= len(images):
        raise DataError(
            f"the {'test' if is_test else 'training'} part of {dataset.name} has "
            f"{len(images):,} pictures, numbered from 0: there is no {number}",
            code="not_found",
        )
    label = dataset.class_names[labels[number]]
    path = folder / f"{split}-{number}"
    write_pixel_values(images[number], f"{dataset.name}, {split} {number}: {label}", path)
    OUT.print(f"{split} {number} has the label {label}: {path}.png and {path}.svg", markup=False)


def _show_summary(found: Exploration) -> None:
    """Print the key figures and the warnings of the report."""
    from edge_analysis.exploration import key_figures, notes

    rows = [
        (Text(key.value, style="bold", justify="right"), key.label, Text(key.note, style="dim"))
        for key in key_figures(found).figures
    ]
    warnings = [f"note: {item}" for each in notes(found) for item in each.items]
    title = Text(found.pictures.name, style="bold")
    show(stack(title, make_grid(rows), *(Text(line, style="yellow") for line in warnings)))
