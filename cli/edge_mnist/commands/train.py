"""`edge-mnist train`."""

EXAMPLES = ""


def command() -> None:
    """Train a network."""
