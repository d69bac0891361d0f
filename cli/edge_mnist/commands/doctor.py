"""`edge-mnist doctor`: what works on this machine, and what is missing."""

from __future__ import annotations

from typing import Final

import typer

EXAMPLES: Final = """
**Examples**

    edge-mnist doctor                  # before asking for help

    edge-mnist doctor > report.txt     # plain text to send along
"""


def command() -> None:
    """Look at versions, processor, OpenCV, cameras and extras; exit 1 if something is broken."""
    from edge_mnist.diagnosis import BAD, diagnose
    from edge_mnist.diagnosis_view import print_findings

    findings = diagnose()
    print_findings(findings)
    if any(finding.state == BAD for finding in findings):
        raise typer.Exit(1)
