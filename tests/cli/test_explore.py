"""`edge-mnist explore`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("matplotlib")


@pytest.fixture
def glyphs(tmp_path: Path) -> Path:
    """A folder of two letters, three pictures each."""
    for letter, points in {"A": [(9, 40), (24, 8), (39, 40)], "L": [(12, 8), (12, 40)]}.items():
        (tmp_path / "glyphs" / letter).mkdir(parents=True)
        for number in range(3):
            image = np.full((48, 48), 255, np.uint8)
            line = np.array(points, np.int32) + number
            cv2.polylines(image, [line[:, None]], False, 0, 3 + number)
            cv2.imwrite(str(tmp_path / "glyphs" / letter / f"{number}.png"), image)
    return tmp_path / "glyphs"


def test_explore_writes_a_report_without_tensorflow(glyphs: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from edge_mnist.__main__ import main\n"
        "try: main()\n"
        "finally: print('LOADED', *{name.partition('.')[0] for name in sys.modules})"
    )
    folder = tmp_path / "out"
    ran = subprocess.run(
        [sys.executable, "-c", program, "explore", "--data", str(glyphs), "-o", str(folder)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert f"report: {folder / 'report.html'}" in ran.stdout
    assert "note: 2 classes" in ran.stdout
    assert "\x1b" not in ran.stdout
    assert "“L”" in (folder / "report.html").read_text(encoding="utf-8")
    loaded = ran.stdout.rpartition("LOADED")[2].split()
    assert {"tensorflow", "keras", "torch"}.isdisjoint(loaded)


@pytest.mark.parametrize(
    ("words", "stem", "label"),
    [
        (("--image", "0"), "test-0", "A"),
        (("--image", "1", "-o", "figures"), "figures/test-1", "L"),
        (("--image", "3", "--split", "validation"), "validation-3", "L"),
    ],
)
def test_image_writes_one_picture_by_its_number(
    edge_mnist, glyphs: Path, tmp_path: Path, monkeypatch, words, stem: str, label: str
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    ran = edge_mnist("explore", "--data", glyphs, *words)
    assert ran.code == 0, ran.err
    assert label in ran.out.replace(":", "").split()
    files = {str(path) for path in Path().rglob("*") if path.is_file()}
    assert files == {f"{stem}.png", f"{stem}.svg"}


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--image", "0", "--force"), 2, "--force"),
        (("--image", "2"), 1, "there is no 2"),
        (("--split", "all"), 2, "--split"),
        (("--output", "taken"), 1, "taken"),
        (("--output", "thesis"), 1, "--force"),
    ],
)
def test_mistakes_change_nothing(
    edge_mnist, glyphs: Path, monkeypatch, words: tuple[str, ...], code: int, message: str
) -> None:
    monkeypatch.chdir(glyphs.parent)
    Path("taken").touch()
    Path("thesis").mkdir()
    Path("thesis/report.html").write_text("mine")
    ran = edge_mnist("explore", "--data", glyphs, *words)
    assert ran.code == code
    assert message in ran.err
    assert sorted(map(str, Path().iterdir())) == ["glyphs", "taken", "thesis"]
    assert [path.read_text() for path in Path("thesis").iterdir()] == ["mine"]
