"""The models inside the package."""

import hashlib
import json
from pathlib import Path

import pytest

from edge_infer import Classifier, ModelError, shipped
from edge_infer.metadata import ModelMetadata

MAX_SHIPPED_BYTES = 100_000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch, tiny_model_path: Path) -> Path:
    """A folder of shipped models in place of the package's own."""
    data = tiny_model_path.read_bytes()
    (tmp_path / "edge.onnx").write_bytes(data)
    checksums = {"edge": hashlib.sha256(data).hexdigest()}
    (tmp_path / "sha256.json").write_text(json.dumps(checksums))
    monkeypatch.setattr(shipped, "_FOLDER", tmp_path)
    return tmp_path


def test_shipped_model_is_the_default_and_has_a_name(folder: Path) -> None:
    assert shipped.shipped_models() == ("edge",)
    assert Classifier.load().metadata.preset == "tiny"
    assert Classifier.load("edge").metadata.preset == "tiny"


def test_tampered_model_is_refused(folder: Path) -> None:
    path = folder / "edge.onnx"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match="SHA-256.*install edge-mnist again") as caught:
        Classifier.load()
    assert caught.value.code == "damaged"


@pytest.mark.parametrize("name", ["edge.onnx", "sha256.json"])
def test_missing_file_of_the_package_is_a_clear_error(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"{name} is missing from the installed package"):
        Classifier.load()


def test_unknown_name_lists_what_there_is(folder: Path) -> None:
    with pytest.raises(ModelError, match="no model 'edje' is shipped; there are: edge"):
        shipped.read_shipped_model("edje")


def test_package_ships_what_it_says() -> None:
    for name in shipped.shipped_models():
        data = shipped.read_shipped_model(name)
        assert len(data) <= MAX_SHIPPED_BYTES
        assert isinstance(Classifier.load(name).metadata, ModelMetadata)
