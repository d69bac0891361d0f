"""`edge-mnist evaluate`: measure a model on a data set and write a report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.text import Text

from edge_mnist.options import FolderOption, ForceFolderOption, ThreadsOption
from edge_mnist.startup import require, start_tensorflow
from edge_mnist.terminal import OUT, ProgressView, interval, make_table, percent, show, stack

if TYPE_CHECKING:
    from edge_analysis.data_set import DataSet
    from edge_analysis.evaluation import EvaluatedModel, Evaluation, EvaluationRecord

EXAMPLES: Final = """
    edge-mnist evaluate edge -o report/                    # a shipped model on MNIST
    edge-mnist evaluate runs/edge -o report/               # a run, with its training curves
    edge-mnist evaluate edge.int8.onnx --compare edge.onnx -o report/
    edge-mnist evaluate glyphs.onnx --data my-glyphs/ -o report/ --show
"""
_SHOWN_CONFUSIONS: Final = 5


def command(
    *,
    model: Annotated[
        str,
        typer.Argument(
            metavar="RUN|MODEL",
            help="Folder of a finished run (runs Keras), an .onnx file or a shipped model.",
        ),
    ],
    output: FolderOption,
    data: Annotated[
        str | None,
        typer.Option(help="Data set, as for `train`. [default: that of the run; mnist for a file]"),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(metavar="RUN|MODEL", help="Compare with this model on the same images."),
    ] = None,
    occlusion: Annotated[
        list[int] | None,
        typer.Option(
            min=0,
            metavar="INDEX",
            help="Draw an occlusion map of this test image; repeatable. [default: one image of "
            "each class and the most confident errors]",
        ),
    ] = None,
    in_window: Annotated[
        bool, typer.Option("--show", help="Afterwards show the test images in a window.")
    ] = False,
    threads: ThreadsOption = 1,
    force: ForceFolderOption = False,
) -> None:
    """Measure a model on a data set and write what it gets right and wrong.

    DIR gets report.html (one file, works offline), report.json with every number, and the
    figures as PNG and SVG. --force replaces an older report and changes no other file.
    Keys in the window of --show: `n`, space or the right arrow: next, `p` or the left arrow:
    previous, `e`: errors only, `q` or Esc: close.
    """
    require("report", "evaluate")
    from edge_analysis.evaluation import evaluate, write_evaluation
    from edge_infer.camera.window import ensure_display
    from edge_infer.io.atomic import make_folder

    # Everything that can be refused is checked before the measurement.
    if in_window:
        ensure_display("leave out --show: the report has the same pictures")
    make_folder(output, overwrite=force)
    subject = _load_subject(model, threads)
    rival = None if compare is None else _load_subject(compare, threads)
    with ProgressView() as view:
        loaded = _load_data(data, model, view)
        evaluation = evaluate(
            subject, loaded, view.progress, rival=rival, occlusion=tuple(occlusion or ())
        )
        page = write_evaluation(evaluation, output, view.progress)
    _show_summary(evaluation.record)
    OUT.print(f"report: {page}", markup=False)
    if in_window:
        _show_answers(evaluation)


def _load_subject(model: str, threads: int) -> EvaluatedModel:
    """Load a shipped model, an ``.onnx`` file or the Keras model of a run folder."""
    from edge_analysis.evaluation import load_file, load_run
    from edge_infer.model.run_folder import RunFolder

    if not Path(model).is_dir():
        return load_file(model, threads=threads)
    folder = RunFolder(Path(model))
    # A folder without a finished run is refused before TensorFlow is imported.
    folder.read_record()
    start_tensorflow("train", "evaluate RUN")
    from edge_train.evaluate import load_predictor

    return load_run(folder, load_predictor(folder.model_path))


def _load_data(data: str | None, model: str, view: ProgressView) -> DataSet:
    """Load a data set and split it as the run of the model did.

    A model file does not contain the path of its data or its split: MNIST and the stratified
    split are used.
    """
    from edge_infer.model.run_folder import RunFolder
    from edge_mnist.explore import split_dataset
    from edge_train.data import load_dataset

    is_run = Path(model).is_dir()
    config = RunFolder(Path(model)).read_record().config if is_run else {}
    loaded = load_dataset(
        data or str(config.get("data", "mnist")), notify=view.notify, progress=view.progress
    )
    return split_dataset(loaded, config.get("split", "stratified"), "training")


def _show_summary(record: EvaluationRecord) -> None:
    """Print accuracies, the most frequent confusions and the comparison."""
    rows = [
        (
            *(part.name, f"{part.correct:,}", f"{part.n:,}", percent(part.accuracy)),
            *(interval(*part.accuracy_95), f"{part.loss:.4f}"),
        )
        for part in record.parts
    ]
    headings = ("", "right", "images", "accuracy", "95 % interval", "loss")
    title = Text(f"{record.model.name} on {record.data.name}", style="italic")
    show(stack(title, make_table(headings, rows, text=("",)), *_summary_lines(record)))


def _summary_lines(record: EvaluationRecord) -> Iterator[str]:
    if record.disputed is not None:
        count, accuracy = len(record.disputed.indices), record.disputed.without.accuracy
        yield f"without the {count} test images with suspected label errors: {percent(accuracy)}"
    confusions = record.top_confusions[:_SHOWN_CONFUSIONS]
    if confusions:
        shown = ", ".join(f"{one.label} as {one.answer} {one.count}x" for one in confusions)
        yield f"most frequent confusions: {shown}"
    if record.rival is not None:
        one = record.rival.comparison
        first, second = one.models
        yield (
            f"compared with {second}: {one.only_first} right in {first} only, "
            f"{one.only_second} in {second} only (McNemar p = {one.p_value:.3g})"
        )


def _show_answers(evaluation: Evaluation) -> None:
    from edge_analysis.evaluation import AnswerViewer
    from edge_infer.camera.window import FrameWindow

    viewer = AnswerViewer(evaluation.data.test, evaluation.answers, evaluation.names)
    with FrameWindow("edge-mnist evaluate") as window:
        viewer.run(window)
