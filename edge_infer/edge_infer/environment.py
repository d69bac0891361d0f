"""The environment variables of edge-mnist, each read in one place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

VERBOSE: Final = "EDGE_MNIST_VERBOSE"
DATA: Final = "EDGE_MNIST_DATA"
CACHE: Final = "EDGE_MNIST_CACHE"
MIRRORS: Final = "EDGE_MNIST_MIRRORS"


def is_verbose() -> bool:
    """Return whether library logs and tracebacks are shown."""
    return bool(os.environ.get(VERBOSE))


def set_verbose() -> None:
    """Show library logs and tracebacks, in child processes too."""
    os.environ[VERBOSE] = "1"


def data_folder() -> Path | None:
    """Return the folder that holds MNIST, or None where the variable is not set."""
    return _path(DATA)


def cache_folder() -> Path | None:
    """Return the folder for downloads, or None where the variable is not set."""
    return _path(CACHE)


def mirrors() -> tuple[str, ...]:
    """Return the addresses to download from, empty where the variable is not set."""
    return tuple(os.environ.get(MIRRORS, "").replace(",", " ").split())


def _path(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value).expanduser() if value else None
