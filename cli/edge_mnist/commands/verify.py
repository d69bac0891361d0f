"""`edge-mnist verify`."""

EXAMPLES = ""


def command() -> None:
    """Verify."""
