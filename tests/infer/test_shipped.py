"""The models inside the package."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from edge_infer import Classifier, ModelError, shipped


@pytest.fixture
def folder(tmp_path: Path, monkeypatch, tiny_model_path: Path) -> Path:
    """A folder of shipped models in place of the package's own."""
    data = tiny_model_path.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    card = replace(shipped.read_card("edge"), sha256=sha256)
    (tmp_path / "edge.onnx").write_bytes(data)
    (tmp_path / "edge.json").write_text(card.to_json(), encoding="utf-8")
    (tmp_path / "sha256.json").write_text(json.dumps({"edge": sha256}))
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


def test_card_is_read_by_name(folder: Path) -> None:
    assert shipped.read_card("edge").name == "edge"


def test_missing_card_is_a_clear_error(folder: Path) -> None:
    (folder / "edge.json").unlink()
    with pytest.raises(ModelError, match=r"edge\.json is missing from the installed package"):
        shipped.read_card("edge")


@pytest.mark.parametrize("field", ["name", "sha256"])
def test_card_of_another_file_is_refused(folder: Path, field: str) -> None:
    path = folder / "edge.json"
    document = json.loads(path.read_text(encoding="utf-8")) | {field: "nano"}
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ModelError, match=r"edge\.json is the card of another file") as caught:
        shipped.read_card("edge")
    assert caught.value.code == "damaged"


def test_card_of_bytes_that_are_no_text_is_refused(folder: Path) -> None:
    (folder / "edge.json").write_bytes(b"\xff{")
    with pytest.raises(ModelError, match="the model card cannot be understood"):
        shipped.read_card("edge")


@pytest.mark.parametrize("read", [shipped.read_shipped_model, shipped.read_card])
def test_unknown_name_says_which_was_meant(folder: Path, read) -> None:
    with pytest.raises(ModelError, match="'edje' is shipped: did you mean 'edge'") as caught:
        read("edje")
    assert caught.value.code == "not_found"
    with pytest.raises(ModelError, match="'zebra' is shipped: there are: edge; or give"):
        read("zebra")
