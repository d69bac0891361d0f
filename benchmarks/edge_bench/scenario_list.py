"""The scenarios of ``edge-mnist bench``: names and texts, without any library.

The command line imports this module to parse its options.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Scenario:
    """What a scenario measures.

    Attributes:
        name: Name in records and on the command line.
        title: Heading in reports.
        text: What one call does.
        counted: Unit of a batch.
    """

    name: str
    title: str
    text: str
    counted: str = "images"


SCENARIOS: Final = (
    Scenario("single", "One image", "A call classifies one 28x28 tensor."),
    Scenario(
        "batch",
        "Batches",
        "A call classifies a batch of 28x28 tensors. Times are per image of the batch.",
    ),
    Scenario("image", "Picture to label", "A call reads one PNG file and classifies its digit."),
    Scenario(
        "folder", "A folder of pictures", "A call reads a folder of PNG files and classifies all."
    ),
    Scenario("page", "A page of handwriting", "A call reads the digits of a drawn page."),
    Scenario("cold", "Cold start", "A new process, from its start to its first label.", "starts"),
    Scenario("stream", "Camera stream", "A call reads one of 30 frames per second.", "frames"),
)
SCENARIO_NAMES: Final = tuple(scenario.name for scenario in SCENARIOS)
