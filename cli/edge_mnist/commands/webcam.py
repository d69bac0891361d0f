"""`edge-mnist webcam`."""

EXAMPLES = ""


def command() -> None:
    """Webcam."""
