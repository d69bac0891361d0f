"""`edge-mnist export`."""

EXAMPLES = ""


def command() -> None:
    """Export a run."""
