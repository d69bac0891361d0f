"""Workers, played by scripts that behave as they do, and the real one on a made-up runtime."""

from __future__ import annotations

import io
import json
import sys
import textwrap
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_bench.peers.loaders import LOADERS, Place, Recognise
from edge_bench.peers.process import PeerProcess
from edge_bench.peers.results import OURS
from edge_bench.peers.stacks import BARE_FILE, IMAGES_FILE, STACKS, Stack, onnx_file
from edge_bench.peers.worker import Worker, serve
from edge_infer.errors import MissingExtraError, RunError
from edge_infer.model.shipped import read_shipped_model

Write = Callable[[str], list[str]]
STACK = Stack(key="x", name="X", forms=("int8",), module="x", distributions=("x",))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return ``write(source)``: the command of a Python script."""

    def make(source: str) -> list[str]:
        path = tmp_path / "worker.py"
        path.write_text(textwrap.dedent(source))
        return [sys.executable, str(path)]

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with 70 images, the first of them white."""
    images = np.zeros((70, 28, 28), np.uint8)
    images[0] = 255
    np.save(tmp_path / IMAGES_FILE, images)
    return tmp_path


def _load_fake(place: Place) -> Recognise:
    def recognise(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        assert len(images) == place.batch
        is_white = images.any(axis=(1, 2))
        return np.stack([~is_white, is_white], axis=1).astype(np.float32)

    return recognise


def test_worker_classifies_every_image_in_full_batches(folder: Path) -> None:
    answer = Worker(_load_fake, folder, 1).do({"do": "answer", "form": "int8"})
    assert answer == {"class_ids": [1] + [0] * 69}


def test_worker_times_calls_after_a_warm_up(folder: Path) -> None:
    worker = Worker(_load_fake, folder, 1)
    request = {"form": "int8", "batch": 1}
    assert worker.do({"do": "warm_up", **request}) == {}
    seconds = worker.do({"do": "turn", **request})["seconds"]
    assert len(seconds) > 1
    assert min(seconds) > 0


def test_worker_says_what_a_runtime_fails_at(folder: Path) -> None:
    def load(place: Place) -> Recognise:
        raise ValueError(f"no {place.form}\nand more")

    answers = io.StringIO()
    requests = io.StringIO('{"do": "answer", "form": "int8"}\n' * 2)
    serve(Worker(load, folder, 1), requests, answers)
    assert [json.loads(line) for line in answers.getvalue().splitlines()] == (
        [{"error": "ValueError: no int8"}] * 2
    )


def test_parent_and_worker_understand_each_other(write: Write, tmp_path: Path) -> None:
    command = write(
        """
        import json, sys
        print(json.dumps({"version": "9.8"}), flush=True)
        for line in sys.stdin:
            request = json.loads(line)
            answers = {"answer": {"class_ids": [3, 1]}, "warm_up": {}, "turn": {"seconds": [0.5]}}
            print(json.dumps(answers[request["do"]]), flush=True)
        """
    )
    with PeerProcess(STACK, 2, tmp_path, command=command) as process:
        process.warm_up("int8", 64)
        assert process.version == "9.8"
        assert process.class_ids("int8") == [3, 1]
        assert process.turn("int8", 64).median_ms == 500


def test_absent_runtime_says_how_to_install_it(write: Write, tmp_path: Path) -> None:
    command = write("""print('{"missing": "No module named x"}')""")
    with pytest.raises(MissingExtraError, match=r"X: not installed .*edge-mnist\[peers\]"):
        PeerProcess(STACK, 1, tmp_path, command=command)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("print('hello')", "said 'hello'"),
        ("", "ended without an answer"),
        ("""print('{"version": "1"}'); input(); print('{"error": "no memory"}')""", "no memory"),
    ],
)
def test_failing_worker_is_named(write: Write, tmp_path: Path, source: str, message: str) -> None:
    with (
        pytest.raises(RunError, match=f"X.*{message}"),
        PeerProcess(STACK, 1, tmp_path, command=write(source)) as process,
    ):
        process.class_ids("int8")


def test_every_stack_has_a_loader() -> None:
    assert {stack.key for stack in STACKS} == set(LOADERS)


@pytest.mark.parametrize("engine", [{}, {"ENGINE_CLASSIC": 1}])
def test_opencv_is_told_of_the_classic_engine_where_it_has_several(
    engine: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[object, ...]] = []
    dnn = SimpleNamespace(readNetFromONNX=lambda *words: read.append(words), **engine)
    cv2 = SimpleNamespace(dnn=dnn, setNumThreads=lambda _: None)
    monkeypatch.setitem(sys.modules, "cv2", cv2)
    LOADERS["opencv"](Place(tmp_path, "float", 1, 1))
    assert read == [(str(tmp_path / BARE_FILE), *engine.values())]


def test_own_runtime_answers_from_a_process_of_its_own(folder: Path) -> None:
    (folder / onnx_file("int8")).write_bytes(read_shipped_model("nano"))
    ours = next(stack for stack in STACKS if stack.key == OURS[0])
    with PeerProcess(ours, 1, folder) as process:
        assert len(process.class_ids("int8")) == 70
        with pytest.raises(RunError, match=r"Classifier.*float: ModelError: there is no model"):
            process.class_ids("float")
    assert process.version == version("onnxruntime")
