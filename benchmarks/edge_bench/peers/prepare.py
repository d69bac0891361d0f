"""The files of one network that the runtimes take, all made from one run."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from edge_bench.family.measure import sha256_of
from edge_bench.peers.bare import write_bare
from edge_bench.peers.stacks import BARE_FILE, IMAGES_FILE, KERAS_FILE, NCNN_FILES, onnx_file
from edge_infer.errors import RunError
from edge_infer.io.atomic import atomic_path, write_text
from edge_infer.model.run_folder import RunFolder

Notify = Callable[[str], None]
# By what model.keras the LiteRT files were made: they take longest, and nobody edits them.
_LITERT_STAMP: Final = "litert.sha256"


def prepare(run: Path, folder: Path, notify: Notify) -> tuple[str, ...]:
    """Write the files of all runtimes.

    Args:
        run: A finished run.
        folder: Where to; made where it is missing.
        notify: Told of every step in a line.

    Returns:
        Why a file could not be made, a line each: its runtime will fail to load.

    Raises:
        RunError: The run is not finished or damaged, or its export fails.
    """
    RunFolder(run).read_record()
    images = RunFolder(run).read_calibration().test_images
    with atomic_path(folder / IMAGES_FILE) as temporary:
        np.save(temporary, images)
    with atomic_path(folder / KERAS_FILE) as temporary:
        shutil.copyfile(RunFolder(run).model_path, temporary)
    notify("exporting to ONNX")
    for form, options in (("float", ()), ("int8", ("--quantize",))):
        export = ["edge_mnist", "export", str(run), *options, "--force", "-o"]
        _call([sys.executable, "-m", *export, str(folder / onnx_file(form))])
    write_bare(folder / onnx_file("float"), folder / BARE_FILE)
    steps = ((_make_litert, "LiteRT"), (_make_ncnn, "ncnn"))
    return tuple(filter(None, (_attempt(step, name, run, folder, notify) for step, name in steps)))


def _attempt(
    step: Callable[[Path, Path], None], name: str, run: Path, folder: Path, notify: Notify
) -> str | None:
    notify(f"converting for {name}")
    try:
        step(run, folder)
    except RunError as error:
        return f"{name}: not converted; {error.message}"
    return None


def _make_litert(run: Path, folder: Path) -> None:
    stamp, digest = folder / _LITERT_STAMP, sha256_of(folder / KERAS_FILE)
    if stamp.is_file() and stamp.read_text(encoding="utf-8").strip() == digest:
        return
    _call([sys.executable, "-m", "edge_bench.peers.litert_files", str(run), str(folder)])
    write_text(stamp, digest + "\n")


def _make_ncnn(_run: Path, folder: Path) -> None:
    """Convert with pnnx, the program alone: its Python half wants PyTorch, which ONNX does not."""
    package = importlib.util.find_spec("pnnx")
    if package is None or not package.submodule_search_locations:
        raise RunError("pnnx is missing: pip install --no-deps pnnx")
    program = Path(package.submodule_search_locations[0]) / "pnnx"
    for name in NCNN_FILES:
        (folder / name).unlink(missing_ok=True)
    # ncnn knows no batch, and pnnx takes the length of one for a channel where it is open.
    single = folder / "single" / BARE_FILE
    write_bare(folder / onnx_file("float"), single, batch=1)
    # Unasked, it would round the weights to half precision.
    _call([str(program), single.name, "fp16=0"], cwd=single.parent)
    for name in NCNN_FILES:
        (single.parent / name).replace(folder / name)


def _call(words: Sequence[str], cwd: Path | None = None) -> None:
    """Run a program, quiet unless it fails.

    Raises:
        RunError: It fails; the message has its last line.
    """
    try:
        done = subprocess.run(
            words, cwd=cwd, capture_output=True, encoding="utf-8", errors="replace", check=False
        )
    except OSError as error:
        raise RunError(f"cannot start {words[0]}: {error.strerror}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["nothing"]
        raise RunError(f"{Path(words[0]).name} {words[1]} failed and said: {said[-1]}")
