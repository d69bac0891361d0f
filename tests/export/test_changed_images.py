from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_export.changed_images import MAX_TILES, draw_changed
from edge_infer.errors import OutputError
from edge_infer.model.run_folder import Calibration

N = 200
NAMES = ("a", "ü")


def draw(path: Path, changed: tuple[int, ...]) -> NDArray[np.uint8]:
    """Draw the changed ones of 200 images that are grey in the shade of their index."""
    images = np.broadcast_to(np.arange(N, dtype=np.uint8)[:, None, None], (N, 28, 28)).copy()
    labels = np.arange(N) % 2
    answers = np.tile(np.array([[0.75, 0.25]], np.float32), (N, 1))
    calibration = Calibration(images[:0], labels[:0], images, labels)
    draw_changed(path, calibration, changed, (answers, answers[:, ::-1]), NAMES)
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return np.asarray(picture, np.uint8)


def test_picture_shows_each_changed_image(tmp_path: Path) -> None:
    picture = draw(tmp_path / "changed.png", (7, 33, 150))
    for shade in (7, 33, 150):
        assert np.count_nonzero(picture == shade) >= 140 * 140
    assert np.count_nonzero(picture == 90) < 140


def test_picture_of_nothing_changed_is_its_title_alone(tmp_path: Path) -> None:
    none, one = (draw(tmp_path / "changed.png", changed) for changed in ((), (3,)))
    assert none.shape[0] < one.shape[0]
    assert none.min() < 128


def test_picture_of_many_stays_bounded(tmp_path: Path) -> None:
    some = draw(tmp_path / "some.png", tuple(range(MAX_TILES)))
    many = draw(tmp_path / "many.png", tuple(range(N)))
    assert some.shape == many.shape


def test_picture_of_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"no picture format '\.xyz'"):
        draw(tmp_path / "changed.xyz", (1,))
    assert not list(tmp_path.iterdir())
