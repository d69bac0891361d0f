"""`edge-mnist doctor`."""

EXAMPLES = ""


def command() -> None:
    """Doctor."""
