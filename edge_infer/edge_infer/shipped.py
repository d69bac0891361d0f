"""The model files inside the package, each pinned by its SHA-256."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

from edge_infer.errors import ModelError

DEFAULT_MODEL: Final = "edge"
# Not through importlib.resources, which costs every start 2 MB.
_FOLDER: Final = Path(__file__).with_name("models")
_CHECKSUMS: Final = "sha256.json"


def shipped_models() -> tuple[str, ...]:
    """Return the names of the models inside the package, sorted."""
    return tuple(sorted(_checksums()))


def read_shipped_model(name: str) -> bytes:
    """Read a shipped model and check that it is the one that was published.

    Args:
        name: One of :func:`shipped_models`.

    Raises:
        ModelError: No such model, or its bytes are not the published ones.
    """
    checksums = _checksums()
    if name not in checksums:
        names = ", ".join(sorted(checksums)) or "none"
        raise ModelError(f"no model {name!r} is shipped; there are: {names}", code="not_found")
    data = _read(f"{name}.onnx")
    found = hashlib.sha256(data).hexdigest()
    if found != checksums[name]:
        raise ModelError(
            f"the shipped model {name!r} is damaged (SHA-256 {found[:12]}…, expected "
            f"{checksums[name][:12]}…): install edge-mnist again",
            code="damaged",
        )
    return data


def _checksums() -> dict[str, str]:
    checksums: dict[str, str] = json.loads(_read(_CHECKSUMS))
    return checksums


def _read(name: str) -> bytes:
    try:
        return (_FOLDER / name).read_bytes()
    except OSError as error:
        raise ModelError(
            f"{name} is missing from the installed package: install edge-mnist again",
            code="damaged",
        ) from error
