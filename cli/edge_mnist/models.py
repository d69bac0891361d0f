"""What `edge-mnist models` does once its options are read; imports the runtime."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import asdict
from typing import Final

from rich.console import Console, RenderableType

from edge_infer.model.session import open_model
from edge_infer.model.shipped import (
    DEFAULT_MODEL,
    read_card,
    read_model,
    read_shipped_model,
    shipped_models,
)
from edge_mnist.console import OUT
from edge_mnist.models_view import ModelFile, card_view, file_view, models_table

# A pipe has no width: there each row is one line, however long.
_PIPED_WIDTH: Final = 1000


def list_models(*, as_json: bool) -> None:
    """Print the models inside the package, the smallest first."""
    cards = sorted(map(read_card, shipped_models()), key=lambda card: card.size_bytes)
    if as_json:
        values = [card.to_json_values() for card in cards]
        _print_json({"default": DEFAULT_MODEL, "models": values})
    else:
        _print(models_table(cards, DEFAULT_MODEL, width=_width()))


def show_model(model: str, *, as_json: bool) -> None:
    """Print the card of a shipped model, or the metadata of a model file.

    Raises:
        ModelError: No such model, or the file is foreign or damaged.
    """
    if model in shipped_models():
        read_shipped_model(model)  # A card of a damaged file would tell of another.
        card = read_card(model)
        _print_json(card.to_json_values()) if as_json else _print(card_view(card))
        return
    data = read_model(model)
    file = ModelFile(
        path=model,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        metadata=open_model(data, model).metadata,
    )
    _print_json(asdict(file)) if as_json else _print(file_view(file))


def _print(view: RenderableType) -> None:
    if OUT.is_terminal:
        # Words are wrapped, commands run over the edge: a line that is cut cannot be copied.
        OUT.print(view, soft_wrap=False, crop=False)
        return
    piped = Console(file=io.StringIO(), width=_PIPED_WIDTH, highlight=False, color_system=None)
    with piped.capture() as captured:
        piped.print(view)
    for line in captured.get().splitlines():
        OUT.print(line.rstrip(), markup=False)


def _width() -> int:
    return OUT.width if OUT.is_terminal else _PIPED_WIDTH


def _print_json(values: object) -> None:
    OUT.print(json.dumps(values, indent=2, ensure_ascii=False), markup=False)
