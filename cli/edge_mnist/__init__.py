"""edge_mnist: the command line; every verb imports what it needs in its body."""

from __future__ import annotations

__version__: str
__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    # Looked up on access: importing importlib.metadata takes 20 ms and 3 MB.
    if name == "__version__":
        from importlib.metadata import version

        return version("edge-mnist")
    raise AttributeError(f"module 'edge_mnist' has no attribute {name!r}")
