"""`edge-mnist predict`."""

EXAMPLES = ""


def command() -> None:
    """Predict."""
