"""Compute the golden answers, and write or check ``golden.json``.

Usage::

    python tests/golden/make_golden.py            # check against golden.json, print what differs
    python tests/golden/make_golden.py --write    # replace golden.json
    python tests/golden/make_golden.py --all      # training, export and reports too (minutes)

The answers of the runtime must be the same on every CPU: tensors, int8 probabilities, page texts
and boxes. Probabilities of a float file may differ by ``FLOAT_LIMIT``. Computing them needs numpy,
OpenCV, onnxruntime and the standard library alone, so that a bare Python under emulation can do it.
The answers of ``--all`` hold for one machine and one set of versions: they serve to compare a
checkout before and after a change.

Exit status: 1 where an answer differs.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

from edge_infer import Classifier, PageReader, decode_image, prepare_digit

HERE = Path(__file__).resolve().parent
GOLDEN = HERE / "golden.json"
PICTURES = HERE / "pictures.zip"
# A float network trained on the UCI digits for 12 epochs.
FLOAT_MODEL = HERE / "nano.float.onnx"
FLOAT_ANSWERS = HERE / "float_probabilities.json"
FLOAT_LIMIT = 5e-5
FLOAT_IMAGES = 12
MODELS = ("edge", "nano", "page")
MNIST_IMAGES = 500
# Keys of the reports that hold times, paths, machines, or checksums of drawings.
_TIMES = ("timing", "elapsed_s", "seconds", "latency", "single_ms", "batched_ms")
_VARYING = frozenset((*_TIMES, "created_at", "machine", "versions", "path", "figures"))


def digest(array: np.ndarray[Any, Any]) -> str:
    """Return the SHA-256 of an array's bytes in C order, 16 hexadecimal digits."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


def pictures(folder: str) -> Iterator[tuple[str, Any]]:
    """Yield name and pixels of the pictures in a folder of ``pictures.zip``."""
    with zipfile.ZipFile(PICTURES) as archive:
        for name in sorted(archive.namelist()):
            if name.startswith(f"{folder}/"):
                yield Path(name).stem, decode_image(archive.read(name), name)


def runtime_answers() -> dict[str, Any]:
    """Answer every picture with the runtime: the same on every CPU."""
    tensors = drawn_tensors()
    answers: dict[str, Any] = {"tensors": {"drawn": digest(tensors)}, "probabilities": {}}
    batches = {"drawn": tensors}
    mnist = mnist_test_images()
    if mnist is not None:
        batches["mnist"] = mnist
        again = [prepare_digit(np.asarray(255 - image, np.uint8)) for image in mnist]
        answers["tensors"]["mnist"] = digest(np.stack([one for one in again if one is not None]))
    for model in MODELS:
        classifier = Classifier.load(model)
        for name, batch in batches.items():
            single = np.concatenate([classifier.probabilities(one[None]) for one in batch[:100]])
            answers["probabilities"][f"{model}, {name}"] = digest(classifier.probabilities(batch))
            answers["probabilities"][f"{model}, {name}, one at a time"] = digest(single)
    reader = PageReader.load()
    answers["pages"] = {name: _page(reader, image) for name, image in pictures("pages")}
    return answers


def drawn_tensors() -> np.ndarray[Any, Any]:
    """Prepare the drawn digits, uint8 (n, 28, 28), 0 where a picture has no foreground."""
    drawn = [prepare_digit(image) for _, image in pictures("digits")]
    return np.stack([np.zeros((28, 28), np.uint8) if one is None else one for one in drawn])


def float_probabilities() -> list[list[float]]:
    """Answer the first drawn digits with a float network."""
    rows = Classifier.load(FLOAT_MODEL).probabilities(drawn_tensors()[:FLOAT_IMAGES])
    return [[round(float(value), 7) for value in row] for row in rows]


def runtime_differences(file: Path = GOLDEN) -> dict[str, list[str]]:
    """Compare the answers of the runtime on this CPU with the golden ones.

    Args:
        file: The golden answers.

    Returns:
        By group, a line for each answer that differs. Answers about MNIST are left out where
        ``EDGE_MNIST_DATA`` does not name it.
    """
    golden = json.loads(file.read_text())["runtime"]
    found = runtime_answers()
    lines = {name: list(differences(golden[name], found[name], name)) for name in golden}
    if mnist_test_images() is None:
        lines = {
            name: [line for line in each if "mnist" not in line] for name, each in lines.items()
        }
    expected = np.array(json.loads(FLOAT_ANSWERS.read_text()))
    delta = float(np.abs(expected - float_probabilities()).max())
    lines["float"] = [f"float: differs by {delta:.1e}"] if delta > FLOAT_LIMIT else []
    return lines


def _page(reader: PageReader, image: Any) -> dict[str, Any]:
    page = reader.read(image)
    boxes = [[list(astuple(digit.box)) for digit in line.digits] for line in page.lines]
    return {"text": page.text, "rotation_deg": page.rotation_deg, "boxes": boxes}


def mnist_test_images() -> np.ndarray[Any, Any] | None:
    """Return the first test images, uint8 (n, 28, 28), where EDGE_MNIST_DATA names them."""
    folder = os.environ.get("EDGE_MNIST_DATA")
    path = Path(folder or ".") / "t10k-images-idx3-ubyte.gz"
    if not folder or not path.is_file():
        return None
    raw = gzip.decompress(path.read_bytes())
    return np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 28, 28)[:MNIST_IMAGES]


def toolchain_answers() -> dict[str, Any]:
    """Train, resume, export and report on the UCI digits: the same on one machine."""
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        answers: dict[str, Any] = {"run": {}, "export": {}, "reports": {}}
        for preset in ("nano", "page"):
            run = out / preset
            options = ("--data", "digits", "--seed", "3", "--epochs", "2")
            _call("train", "--preset", preset, *options, "--out", str(run))
            answers["run"][preset] = _weights(run / "model.keras")
            arrays = np.load(run / "calibration.npz")
            answers["run"][f"{preset}, calibration"] = {
                key: digest(arrays[key]) for key in sorted(arrays.files)
            }
            answers["run"][f"{preset}, history"] = _history(run / "history.csv")
            for kind in ("float", "int8"):
                file = out / f"{preset}.{kind}.onnx"
                quantize = ("--quantize",) if kind == "int8" else ()
                gates = ("--min-agreement", "0", "--max-drop", "100", "--max-delta", "1")
                _call("export", str(run), *quantize, *gates, "-o", str(file))
                answers["export"][file.name] = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
        _call("evaluate", "edge", "--data", "digits", "-o", str(out / "evaluation"))
        _call("explore", "--data", "digits", "-o", str(out / "exploration"))
        for report in ("evaluation", "exploration"):
            values = json.loads((out / report / "report.json").read_text())
            answers["reports"][report] = _rounded(values)
        return answers


def _call(*words: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "edge_mnist", *words], check=True, stdout=subprocess.DEVNULL
    )


def _weights(path: Path) -> str:
    """Digest the weights of a ``.keras`` file, whose zip entries hold dates."""
    import h5py

    hasher = hashlib.sha256()
    with (
        zipfile.ZipFile(path) as archive,
        h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file,
    ):
        names: list[str] = []
        file.visit(names.append)
        for each in sorted(names):
            if isinstance(file[each], h5py.Dataset):
                hasher.update(np.asarray(file[each]).tobytes())
    return hasher.hexdigest()[:16]


def _history(path: Path) -> list[str]:
    """Return the columns of accuracy and loss, without those of time."""
    lines = [line.split(",") for line in path.read_text().splitlines()]
    kept = [i for i, name in enumerate(lines[0]) if not name.endswith("_s")]
    return [",".join(line[i] for i in kept) for line in lines]


def _rounded(value: Any) -> Any:
    """Round floats to 6 digits and leave out what changes from run to run."""
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items() if key not in _VARYING}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def differences(expected: Any, found: Any, place: str = "") -> Iterator[str]:
    """Yield a line for each value that differs; what one side lacks counts only as a key."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(expected.keys() & found.keys()):
            yield from differences(expected[key], found[key], f"{place}/{key}")
        for key in sorted(expected.keys() ^ found.keys()):
            yield f"{place}/{key}: {'missing' if key in expected else 'new'}"
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, pair in enumerate(zip(expected, found, strict=True)):
            yield from differences(*pair, f"{place}/{index}")
    elif expected != found:
        yield f"{place}: expected {str(expected)[:80]}, found {str(found)[:80]}"


def main() -> int:
    """Return 1 where an answer differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--file", type=Path, default=GOLDEN)
    arguments = parser.parse_args()
    if arguments.write:
        _write(arguments.file, everything=arguments.all)
        return 0
    groups = runtime_differences(arguments.file)
    if arguments.all:
        golden = json.loads(arguments.file.read_text())["toolchain"]
        groups["toolchain"] = list(differences(golden, toolchain_answers(), "toolchain"))
    lines = [line for group in groups.values() for line in group]
    print("\n".join(lines[:60]) or f"the same answers: {', '.join(groups)}")
    return bool(lines)


def _write(file: Path, *, everything: bool) -> None:
    answers = {"runtime": runtime_answers()}
    if everything:
        answers["toolchain"] = toolchain_answers()
    file.write_text(json.dumps(answers, indent=1, sort_keys=True) + "\n")
    rows = ",\n".join(f" {json.dumps(row)}" for row in float_probabilities())
    FLOAT_ANSWERS.write_text(f"[\n{rows}\n]\n")


if __name__ == "__main__":
    sys.exit(main())
