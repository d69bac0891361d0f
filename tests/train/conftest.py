"""A small data set, a short run, and a view that shows nothing."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_train.augment import Augmentation
from edge_train.checkpoint import EpochRow
from edge_train.config import Recipe, TrainConfig


class SilentView:
    """A training view that remembers what it receives, and can interrupt the training."""

    def __init__(self, *, at: tuple[int, int] | None = None, on_message: str | None = None) -> None:
        """Raise at step ``at[1]`` of epoch ``at[0]``, or on a message that has certain words."""
        self.messages: list[str] = []
        self.rows: list[EpochRow] = []
        self.best_epochs: list[int] = []
        self._at, self._on_message = at, on_message
        self._epoch = 0

    def notify(self, message: str) -> None:
        self.messages.append(message)
        if self._on_message is not None and self._on_message in message:
            raise InterruptionError

    def progress(self, name: str, done: int, total: int) -> None: ...

    def epoch_started(self, epoch: int, epochs: int, steps: int) -> None:
        self._epoch = epoch

    def step_done(self, step: int, loss: float, accuracy: float) -> None:
        assert not loss <= 0
        assert 0 <= accuracy <= 1
        if self._at == (self._epoch, step):
            raise InterruptionError

    def epoch_done(self, row: EpochRow, *, best: bool) -> None:
        self.rows.append(row)
        if best:
            self.best_epochs.append(row.epoch)


class InterruptionError(Exception):
    """Stands for a kill: no code of ours catches it."""


@pytest.fixture
def messages() -> list[str]:
    return []


@pytest.fixture(scope="session")
def make_view() -> type[SilentView]:
    return SilentView


@pytest.fixture(scope="session")
def interruption() -> type[Exception]:
    return InterruptionError


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file in Keras' layout: 200 of scikit-learn's digits to train on, 50 to test."""
    from edge_train.data import load_dataset

    digits = load_dataset("digits", notify=lambda message: None)
    path = tmp_path_factory.mktemp("data") / "small.npz"
    np.savez_compressed(
        path,
        x_train=digits.train_images[:200],
        y_train=digits.train_labels[:200],
        x_test=digits.test_images[:50],
        y_test=digits.test_labels[:50],
    )
    return path


@pytest.fixture
def config(small_data: Path, tmp_path: Path) -> TrainConfig:
    """A run of seconds: 183 training images in 4 steps, with schedule, distortions and blur."""
    recipe = Recipe(
        optimizer="adamw",
        learning_rate=3e-3,
        weight_decay=0.01,
        warmup_epochs=0.5,
        label_smoothing=0.05,
        augmentation=Augmentation(rotation_deg=10, scale=0.1, shear=0.1, shift_px=1),
        fold_blur=True,
        epochs=2,
        batch_size=50,
    )
    return TrainConfig(
        preset="nano",
        data=str(small_data),
        out=tmp_path / "run",
        seed=3,
        recipe=recipe,
        overridden=("epochs", "batch_size", "patience"),
    )


@pytest.fixture(scope="session")
def idx_bytes() -> Callable[[NDArray[np.uint8]], bytes]:
    """Return ``idx_bytes(array)``: what an uncompressed IDX file of it holds."""

    def make(array: NDArray[np.uint8]) -> bytes:
        magic = 0x0800 | array.ndim
        return struct.pack(f">{1 + array.ndim}I", magic, *array.shape) + array.tobytes()

    return make


@pytest.fixture(scope="session")
def mnist_like() -> dict[str, NDArray[np.uint8]]:
    """Arrays by MNIST's file names: 30 training and 10 test pictures, all classes in both."""
    pixels = np.random.default_rng(7).integers(0, 256, (40, 28, 28), np.uint8)
    labels = (np.arange(40) % 10).astype(np.uint8)
    return {
        "train-images-idx3-ubyte": pixels[:30],
        "train-labels-idx1-ubyte": labels[:30],
        "t10k-images-idx3-ubyte": pixels[30:],
        "t10k-labels-idx1-ubyte": labels[30:],
    }


@pytest.fixture
def write_idx(
    idx_bytes: Callable[[NDArray[np.uint8]], bytes], mnist_like: dict[str, NDArray[np.uint8]]
) -> Callable[..., Path]:
    """Return ``write_idx(folder, gzipped=True)``, which writes ``mnist_like`` and returns it."""

    def write(folder: Path, *, gzipped: bool = True) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in mnist_like.items():
            data = idx_bytes(array)
            path = folder / (f"{name}.gz" if gzipped else name)
            path.write_bytes(gzip.compress(data) if gzipped else data)
        return folder

    return write
