"""Optional dependencies: what each extra gives, and a clear word when one is missing."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Final

LIBGL_FIX: Final = (
    "OpenCV needs libGL, which this machine lacks: install it (Debian: apt install libgl1), "
    "or use the build without windows: pip uninstall -y opencv-python && "
    "pip install opencv-python-headless"
)


@dataclass(frozen=True)
class Extra:
    """An optional group of dependencies: the modules of it that are imported, and what for."""

    name: str
    modules: tuple[str, ...]
    gives: str

    def missing(self) -> tuple[str, ...]:
        """Return those of its modules that are not installed."""
        return tuple(module for module in self.modules if find_spec(module) is None)


EXTRAS: Final = (
    Extra(
        "train", ("tensorflow", "sklearn", "pooch", "requests", "tensorboard"), "edge-mnist train"
    ),
    Extra("export", ("tensorflow", "tf2onnx", "onnx", "onnxslim"), "edge-mnist export and verify"),
    Extra("report", ("matplotlib", "sklearn", "seaborn"), "edge-mnist evaluate and explore"),
    Extra("bench", ("tensorflow", "tf2onnx", "psutil", "pytest_benchmark"), "make bench"),
    Extra("dev", ("ruff", "mypy", "pyright", "importlinter", "pytest", "hypothesis"), "make check"),
)


def require(name: str, verb: str) -> None:
    """Refuse to go on without an extra.

    Args:
        name: Of one of :data:`EXTRAS`.
        verb: The command that needs it, for the message.

    Raises:
        MissingExtraError: One of its modules is not installed; says what to install.
    """
    extra = next(extra for extra in EXTRAS if extra.name == name)
    missing = extra.missing()
    if missing:
        from edge_infer.errors import MissingExtraError

        raise MissingExtraError(
            f"`edge-mnist {verb}` needs {', '.join(missing)}: pip install 'edge-mnist[{name}]'"
        )


def import_tensorflow(*, verbose: bool) -> None:
    """Import TensorFlow without the twenty lines that it prints about itself.

    They come from C++ before any log level counts, so stderr itself is set aside
    meanwhile, and shown after all when the import fails.
    """
    if verbose:
        import_module("tensorflow")
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _stderr_set_aside():
        import tensorflow as tf

        # The search for GPUs prints too; make it happen here.
        tf.config.list_physical_devices()
        tf.get_logger().setLevel("ERROR")


@contextmanager
def _stderr_set_aside() -> Generator[None]:
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except Exception:
            # Not after Ctrl-C, which nothing there could explain.
            aside.seek(0)
            os.write(kept, aside.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
