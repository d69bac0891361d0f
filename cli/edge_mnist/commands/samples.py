"""`edge-mnist samples`."""

EXAMPLES = ""


def command() -> None:
    """Samples."""
