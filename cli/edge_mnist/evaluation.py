"""What `edge-mnist evaluate` does once its options are read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

from edge_analysis.evaluation import (
    AnswerViewer,
    EvaluatedModel,
    Evaluation,
    EvaluationData,
    Part,
    evaluate,
    load_file,
    load_run,
    write_evaluation,
)
from edge_infer.model.run_folder import RunFolder
from edge_mnist.console import ERR, OUT
from edge_mnist.evaluation_view import summary
from edge_mnist.extras import import_tensorflow, require
from edge_mnist.loading_view import LoadingView
from edge_train.data import load_dataset, split_validation
from edge_train.data.samples import make_folder
from edge_train.data.split import SplitRule


def run_evaluation(
    model: str,
    output: Path,
    *,
    data: str | None,
    rival: str | None,
    look_at: tuple[int, ...],
    threads: int,
    show: bool,
    force: bool,
) -> None:
    """Measure a model, write its report, print a summary, and show its answers when asked."""
    if show:
        from edge_infer.camera.window import ensure_display

        ensure_display("leave out --show: the report holds the same pictures")
    # Before anything that takes long.
    make_folder(output, overwrite=force)
    subject, beside = (
        None if name is None else load_subject(name, threads=threads) for name in (model, rival)
    )
    assert subject is not None
    with LoadingView() as view:
        loaded = load_data(data or _own_data(model), view, rule=_own_split(model))
        evaluation = evaluate(subject, loaded, view.progress, rival=beside, occlusion=look_at)
        page = write_evaluation(evaluation, output, view.progress)
    OUT.print(summary(evaluation.record))
    OUT.print(f"report: {page}", markup=False)
    if show:
        _show(evaluation)


def load_subject(model: str, *, threads: int) -> EvaluatedModel:
    """Make ready a shipped model, an ``.onnx`` file or the Keras model of a run folder.

    Raises:
        ModelError: There is no such model, or it is foreign or damaged.
        RunError: The folder holds no finished run.
        MissingExtraError: It is a run and TensorFlow is not installed.
    """
    if Path(model).is_dir():
        return _load_run(RunFolder(Path(model)))
    return load_file(model, threads=threads)


def load_data(source: str, view: LoadingView, *, rule: SplitRule = "stratified") -> EvaluationData:
    """Load a data set, its validation part set aside as the trainer does."""
    loaded = load_dataset(source, notify=view.notify, progress=view.progress)
    learnt, chosen = split_validation(loaded.train_labels, rule=rule)
    images, labels = loaded.train_images, loaded.train_labels
    return EvaluationData(
        name=loaded.name,
        sha256=loaded.sha256,
        class_names=loaded.class_names,
        training=Part("training", images[learnt], labels[learnt]),
        validation=Part("validation", images[chosen], labels[chosen]),
        test=Part("test", loaded.test_images, loaded.test_labels),
    )


def _load_run(folder: RunFolder) -> EvaluatedModel:
    folder.read_record()
    require("train", "evaluate RUN")
    with ERR.status("starting TensorFlow"):
        import_tensorflow(verbose=bool(os.environ.get("EDGE_MNIST_VERBOSE")))
        from edge_train.saved_model import load_predictor

        return load_run(folder, load_predictor(folder.model_path))


def _own_data(model: str) -> str:
    """Return the data that a run was trained on, MNIST for a file: it knows but their name."""
    if not Path(model).is_dir():
        return "mnist"
    return str(RunFolder(Path(model)).read_record().config.get("data", "mnist"))


def _own_split(model: str) -> SplitRule:
    """Return how a run chose its validation images; a file does not say."""
    if not Path(model).is_dir():
        return "stratified"
    return cast(SplitRule, RunFolder(Path(model)).read_record().config.get("split", "stratified"))


def _show(evaluation: Evaluation) -> None:
    from edge_infer.camera.window import FrameWindow

    viewer = AnswerViewer(evaluation.data.test, evaluation.answers, evaluation.names)
    with FrameWindow("edge-mnist evaluate") as window:
        viewer.run(window)
