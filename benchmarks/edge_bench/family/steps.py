"""The steps of a run of the family, as the runner asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from pathlib import Path
from typing import Protocol

from edge_bench.family.plan import Run
from edge_bench.family.results import FamilyResults, Make, PresetResults
from edge_bench.family.rows import Latency

# The float and the int8 file of a network.
Files = tuple[Path, Path]


class Folder(Enum):
    """What a run's folder holds."""

    NOTHING = auto()
    UNFINISHED = auto()
    TRAINED = auto()
    ANOTHER = auto()


class Steps(Protocol):
    """The steps of a run, and what is known of it before."""

    def make(self, run: Run, results: FamilyResults) -> Make:
        """Resolve what a run is made of; a gone teacher is known from the results."""
        ...

    def complete(self, make: Make) -> Make:
        """Give a make from a file the fields that it was written without."""
        ...

    def work(self, run: Run) -> float:
        """Tell how much there is to train: multiply-accumulates an image, times epochs."""
        ...

    def folder(self, run: Run, make: Make) -> tuple[Folder, str]:
        """Look what the run's folder holds, and why it is another's."""
        ...

    def set_aside(self, run: Run) -> Path:
        """Rename the run's folder; return what it is called now."""
        ...

    def train(self, run: Run, *, resume: bool) -> None:
        """Train from the start or from the last epoch."""
        ...

    def measure(self, run: Run, make: Make) -> PresetResults:
        """Export a trained run and measure its files; one row, without latency."""
        ...

    def has_files(self, run: Run, results: PresetResults) -> bool:
        """Tell whether the files that a row tells of are there."""
        ...

    def lacks(self, results: PresetResults, seed: int) -> bool:
        """Tell whether a row lacks a measurement that is asked for."""
        ...

    def files(self, run: Run) -> Files:
        """Tell where the run's files lie."""
        ...

    def stand_in(self, run: Run) -> Files:
        """Make files of the run's graph in its shortest training, with other weights."""
        ...

    def time(self, files: Mapping[str, Files]) -> dict[str, Latency]:
        """Time both files of each key, all in turns."""
        ...
