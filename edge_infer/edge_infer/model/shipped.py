"""The model files inside the package, each pinned by its SHA-256 and described by a card."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_infer.errors import ModelError
from edge_infer.model.session import read_model_bytes

if TYPE_CHECKING:
    from edge_infer.model.cards import ModelCard

DEFAULT_MODEL: Final = "edge"
# importlib.resources would take 2 MB of memory in every process.
MODELS_FOLDER: Final = Path(__file__).with_name("files")
_CHECKSUMS: Final = "sha256.json"


def shipped_models() -> tuple[str, ...]:
    """Return the names of the models inside the package, sorted."""
    return tuple(sorted(_checksums()))


def read_shipped_model(name: str) -> bytes:
    """Read a shipped model and verify its SHA-256.

    Raises:
        ModelError: No such model, or the file was changed.
    """
    checksum = _checksum(name)
    data = _read(f"{name}.onnx")
    found = hashlib.sha256(data).hexdigest()
    if found != checksum:
        raise ModelError(
            f"the shipped model {name!r} is damaged (SHA-256 {found[:12]}…, expected "
            f"{checksum[:12]}…): install edge-mnist again",
            code="damaged",
        )
    return data


def read_card(name: str) -> ModelCard:
    """Read the card of a shipped model.

    Raises:
        ModelError: No such model, or the card is missing, damaged or of another file.
    """
    # Imported here: inference needs no cards.
    from edge_infer.model.cards import ModelCard

    checksum = _checksum(name)
    card = ModelCard.from_json(_read(f"{name}.json").decode("utf-8", "replace"))
    if (card.name, card.sha256) != (name, checksum):
        raise ModelError(
            f"{name}.json is the card of another file ({card.name!r}, SHA-256 "
            f"{card.sha256[:12]}…, expected {checksum[:12]}…): install edge-mnist again",
            code="damaged",
        )
    return card


def read_model(model: str | Path) -> bytes:
    """Read a shipped model by name, or a model file by path.

    Raises:
        ModelError: No such model, or unreadable. For a word that is neither a name nor a file
            the message suggests the closest name.
    """
    if model in shipped_models():
        return read_shipped_model(str(model))
    path = Path(model)
    if str(path) == path.stem and not path.exists():
        raise _no_such_model(str(model))
    return read_model_bytes(path)


def _no_such_model(name: str) -> ModelError:
    from difflib import get_close_matches

    names = shipped_models()
    close = get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return ModelError(
        f"no model {name!r} is shipped: {hint}there are: {', '.join(names) or 'none'}; "
        "or give the path of an .onnx file",
        code="not_found",
    )


def _checksums() -> dict[str, str]:
    checksums: dict[str, str] = json.loads(_read(_CHECKSUMS))
    return checksums


def _checksum(name: str) -> str:
    checksums = _checksums()
    if name not in checksums:
        raise _no_such_model(name)
    return checksums[name]


def _read(name: str) -> bytes:
    try:
        return (MODELS_FOLDER / name).read_bytes()
    except OSError as error:
        raise ModelError(
            f"{name} is missing from the installed package: install edge-mnist again",
            code="damaged",
        ) from error
