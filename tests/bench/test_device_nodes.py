from __future__ import annotations

from pathlib import Path

import pytest

from edge_bench.nodes import profile
from edge_infer.errors import ModelError


def test_profile_tells_every_node_in_order(tiny_model_path: Path) -> None:
    found = profile(str(tiny_model_path))
    assert found.nodes
    assert found.nodes[-1].kind == "Softmax"
    assert found.nodes[-1].output == "1x10 float"
    assert all(node.alone_us >= 0 and node.batch_us >= 0 for node in found.nodes)
    assert 0 < sum(node.alone_us for node in found.nodes) < found.alone_us
    assert 0 < sum(node.batch_us for node in found.nodes) < found.batch_us


def test_profile_leaves_no_file_behind(
    tiny_model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    profile(str(tiny_model_path))
    assert list(tmp_path.iterdir()) == []


def test_profile_of_no_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model file"):
        profile(str(tmp_path / "no.onnx"))
