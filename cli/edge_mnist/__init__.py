"""edge_mnist: the command line, thin; every verb imports what it needs in its body."""

from importlib.metadata import version

__version__ = version("edge-mnist")

__all__ = ["__version__"]
