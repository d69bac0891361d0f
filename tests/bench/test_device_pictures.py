from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_bench.pictures import (
    FILES,
    FRAME_ROWS,
    PAGE_ROWS,
    TENSORS,
    Pictures,
    draw_pictures,
)
from edge_infer import Classifier, OutputError, PageReader, read_image


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    return draw_pictures(tmp_path_factory.mktemp("pictures"))


def test_tensors_are_digits(pictures: Pictures) -> None:
    tensors = pictures.tensors(TENSORS)
    assert tensors.shape == (TENSORS, 28, 28)
    labels = Classifier.load().classify_batch(tensors).labels
    right = sum(label == str(at % 10) for at, label in enumerate(labels))
    assert right > 0.95 * TENSORS
    assert len(np.unique(tensors, axis=0)) == TENSORS


def test_files_are_the_tensors(pictures: Pictures) -> None:
    files = sorted(pictures.files.iterdir())
    assert len(files) == FILES
    assert files[0] == pictures.file
    np.testing.assert_array_equal(read_image(files[7]), pictures.tensors(8)[7])


def test_page_and_frame_can_be_read(pictures: Pictures) -> None:
    reader = PageReader.load()
    text = "".join(reader.read(pictures.page()).text.split())
    text += "".join(reader.read(pictures.frame(), rotate="0").text.split())
    written = "".join((*PAGE_ROWS, *FRAME_ROWS))
    assert len(text) == len(written)
    # As of the tensors: a picture to be timed is to be legible, not each digit beyond doubt.
    right = sum(a == b for a, b in zip(text, written, strict=True))
    assert right > 0.95 * len(written)


def test_folder_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        draw_pictures(tmp_path / "none")


def test_fewer_files_where_fewer_are_needed(tmp_path: Path) -> None:
    assert len(list(draw_pictures(tmp_path, files=1).files.iterdir())) == 1
