"""The model files inside the package, each pinned by its SHA-256."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from typing import Final

from edge_infer.errors import ModelError

DEFAULT_MODEL: Final = "edge"
_FOLDER: Final = "models"
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
        raise ModelError(f"no model {name!r} is shipped; there are: {', '.join(sorted(checksums))}")
    data = (resources.files("edge_infer") / _FOLDER / f"{name}.onnx").read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != checksums[name]:
        raise ModelError(
            f"the shipped model {name!r} is damaged (SHA-256 {found[:12]}…, expected "
            f"{checksums[name][:12]}…): install edge-mnist again",
            code="damaged",
        )
    return data


def _checksums() -> dict[str, str]:
    text = (resources.files("edge_infer") / _FOLDER / _CHECKSUMS).read_text(encoding="utf-8")
    checksums: dict[str, str] = json.loads(text)
    return checksums
