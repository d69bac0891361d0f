"""What happens before a verb starts: a quick start, extras, and the import of TensorFlow."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from edge_infer.environment import is_verbose
from edge_infer.errors import MissingExtraError

LIBGL_FIX: Final = (
    "OpenCV needs libGL, which is not installed: install it (Debian: apt install libgl1), "
    "or use the OpenCV build without windows: pip uninstall -y opencv-python && "
    "pip install opencv-python-headless"
)


@dataclass(frozen=True)
class Extra:
    """The extra ``edge-mnist[name]``: the modules that are imported, and what needs them."""

    name: str
    modules: tuple[str, ...]
    purpose: str

    def missing(self) -> tuple[str, ...]:
        """Return the modules that are not installed."""
        return tuple(module for module in self.modules if find_spec(module) is None)


EXTRAS: Final = (
    Extra(
        "train", ("tensorflow", "sklearn", "pooch", "requests", "tensorboard"), "edge-mnist train"
    ),
    Extra("export", ("tensorflow", "tf2onnx", "onnx", "onnxslim"), "edge-mnist export and verify"),
    Extra(
        "report", ("matplotlib", "sklearn", "scipy", "jinja2"), "edge-mnist evaluate and explore"
    ),
    Extra("bench", ("tensorflow", "tf2onnx", "psutil", "pytest_benchmark"), "make bench"),
    Extra("dev", ("ruff", "mypy", "pyright", "importlinter", "pytest", "hypothesis"), "make check"),
)


def require(name: str, verb: str) -> None:
    """Check that an extra is installed.

    Args:
        name: Name of one of :data:`EXTRAS`.
        verb: The command that needs it, for the message.

    Raises:
        MissingExtraError: A module of the extra is not installed; the message names the fix.
    """
    extra = next(extra for extra in EXTRAS if extra.name == name)
    missing = extra.missing()
    if missing:
        raise MissingExtraError(
            f"`edge-mnist {verb}` needs {', '.join(missing)}: pip install 'edge-mnist[{name}]'"
        )


def start_quickly() -> None:
    """Make a short process start and end sooner; call it before numpy is imported.

    OpenBLAS, a part of numpy, starts one thread per core, and these threads spin while other
    libraries load. Inference multiplies no large matrices, so one thread is enough. At exit,
    frozen objects spare Python its search for reference cycles. Together they save a third of
    the CPU time of a run on one picture.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    atexit.register(gc.freeze)


def start_tensorflow(extra: str, verb: str) -> None:
    """Check an extra as :func:`require` does; import TensorFlow while a status is shown."""
    from edge_mnist.terminal import ERR

    require(extra, verb)
    with ERR.status("starting TensorFlow"):
        import_tensorflow()


def import_tensorflow() -> None:
    """Import TensorFlow without its start-up messages, unless verbose output is on.

    C++ code prints these messages before any log level applies. So file descriptor 2 is
    redirected during the import; the messages are printed if the import fails.
    """
    if is_verbose():
        import_module("tensorflow")
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _stderr_redirected():
        import tensorflow as tf

        # The search for GPUs prints messages too, so it is triggered here.
        tf.config.list_physical_devices()
        tf.get_logger().setLevel("ERROR")


@contextmanager
def _stderr_redirected() -> Generator[None]:
    # Imported here, because it would slow down the start of `predict`.
    import tempfile

    sys.stderr.flush()
    original = os.dup(2)
    with tempfile.TemporaryFile() as messages:
        os.dup2(messages.fileno(), 2)
        try:
            yield
        except Exception:
            # Not on KeyboardInterrupt: the messages do not explain it.
            messages.seek(0)
            os.write(original, messages.read())
            raise
        finally:
            os.dup2(original, 2)
            os.close(original)
