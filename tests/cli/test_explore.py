"""`edge-mnist explore`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("matplotlib")

from edge_infer.errors import DataError, MissingExtraError, OutputError
from edge_mnist.app import app
from edge_mnist.exploration import split_pictures
from edge_train.data import Dataset, split_validation


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


def test_explore_writes_a_report_of_folders_of_letters(glyphs: Path, tmp_path: Path) -> None:
    """In a process of its own: TensorFlow must not be loaded on the way."""
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
    assert "note: 2 classes have fewer than 30 pictures" in ran.stdout
    assert "\x1b" not in ran.stdout
    assert "“L”" in (folder / "report.html").read_text(encoding="utf-8")
    loaded = ran.stdout.rpartition("LOADED")[2].split()
    assert {"tensorflow", "keras", "torch"}.isdisjoint(loaded)


def test_explore_image_draws_one_picture_by_its_number_in_the_report(
    glyphs: Path, tmp_path: Path
) -> None:
    arguments = ["explore", "--data", str(glyphs), "-o", str(tmp_path), "--image", "3"]
    result = CliRunner().invoke(app, [*arguments, "--split", "validation"])
    assert result.exit_code == 0, result.output
    assert "validation 3 is labelled L" in result.stdout
    assert (tmp_path / "validation-3.png").is_file()
    assert (tmp_path / "validation-3.svg").is_file()
    assert not (tmp_path / "report.html").exists()


def test_explore_image_goes_here_and_leaves_room_for_the_report(
    glyphs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    result = CliRunner().invoke(app, ["explore", "--data", str(glyphs), "--image", "0"])
    assert result.exit_code == 0, result.output
    assert {path.name for path in Path().iterdir()} == {"test-0.png", "test-0.svg"}


def test_explore_image_takes_no_force() -> None:
    result = CliRunner().invoke(app, ["explore", "--image", "0", "--force", "--data", "nowhere"])
    assert result.exit_code == 2
    assert "--force" in result.stderr


def test_picture_that_is_not_there_is_an_error(glyphs: Path, tmp_path: Path) -> None:
    arguments = ["explore", "--data", str(glyphs), "-o", str(tmp_path), "--image", "2"]
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, DataError)
    assert "has 2 pictures, numbered from 0: there is no 2" in result.exception.message


def test_folder_that_cannot_be_is_said_before_all_else(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    arguments = ["explore", "--data", "nowhere", "-o", str(tmp_path / "taken")]
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, OutputError)


def test_full_folder_is_written_into_only_when_asked(glyphs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "report.html").write_text("mine")
    arguments = ["explore", "--data", str(glyphs), "-o", str(folder)]
    refused = CliRunner().invoke(app, arguments)
    assert isinstance(refused.exception, OutputError)
    assert "--force" in refused.exception.message
    assert (folder / "report.html").read_text() == "mine"


def test_missing_extra_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_mnist.extras.find_spec", lambda name: None)
    result = CliRunner().invoke(app, ["explore"])
    assert isinstance(result.exception, MissingExtraError)
    assert "`edge-mnist explore` needs" in result.exception.message
    assert "pip install 'edge-mnist[report]'" in result.exception.message


def test_data_are_parted_as_training_parts_them() -> None:
    images = np.random.default_rng(0).integers(0, 256, (60, 28, 28), np.uint8)
    labels = np.arange(60) % 3
    dataset = Dataset("set", ("a", "b", "c"), images, labels, images[:6], labels[:6])
    pictures = split_pictures(dataset)
    train, validation = split_validation(labels)
    assert [split.name for split in pictures.splits] == ["train", "validation", "test"]
    np.testing.assert_array_equal(pictures.splits[0].numbers, train)
    np.testing.assert_array_equal(pictures.splits[1].images, images[validation])
    np.testing.assert_array_equal(pictures.splits[2].labels, labels[:6])
