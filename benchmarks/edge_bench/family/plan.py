"""What the model family is made of: presets, recipes and seeds, and the commands for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from edge_infer.errors import UsageError

DEFAULT_RECIPE: Final = "default"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One network and how it is trained and exported, for some seeds.

    Attributes:
        preset: Name of the network.
        recipe: Of the preset's recipes.
        seeds: How many, from 0 on.
        teachers: Shipped models' names, model files, or names of runs of the family, which
            are made first; of those the float file teaches.
        changes: Values in place of the recipe's, by their option's name with underscores:
            ``epochs``, ``batch_size``, ``learning_rate``, ``patience``, ``precision``.
        legacy_h5: Whether the run writes Keras' old format too.
        export: Further words for ``edge-mnist export RUN --quantize``.
    """

    preset: str
    recipe: str = DEFAULT_RECIPE
    seeds: int
    teachers: tuple[str, ...] = ()
    changes: Mapping[str, int | float | str] = field(default_factory=dict[str, int | float | str])
    legacy_h5: bool = False
    export: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What it is called in the results: the preset, and the recipe where not the default."""
        return self.preset if self.recipe == DEFAULT_RECIPE else f"{self.preset}-{self.recipe}"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One entry with one seed: one training, one run folder, one row of the results."""

    entry: Entry
    seed: int

    @property
    def name(self) -> str:
        """Name of the run's folder."""
        return f"{self.entry.preset}-{self.entry.recipe}-{self.seed}"

    def train_words(self, data: str, out: str, teachers: Sequence[str]) -> list[str]:
        """Give what follows ``edge-mnist train``.

        Args:
            data: What follows ``--data``.
            out: The run folder.
            teachers: Shipped names or files, one for each of the entry's.
        """
        words = ["--preset", self.entry.preset]
        if data != "mnist":
            words += ["--data", data]
        if self.entry.recipe != DEFAULT_RECIPE:
            words += ["--recipe", self.entry.recipe]
        for name, value in self.entry.changes.items():
            words += [f"--{name.replace('_', '-')}", str(value)]
        for teacher in teachers:
            words += ["--teacher", teacher]
        if self.entry.legacy_h5:
            words.append("--legacy-h5")
        return [*words, "--seed", str(self.seed), "--out", out]

    def float_file(self, runs: Path) -> Path:
        """Where the run's float export lies."""
        return runs / self.name / f"{self.entry.preset}.onnx"

    def int8_file(self, runs: Path) -> Path:
        """Where the run's int8 export lies."""
        return runs / self.name / f"{self.entry.preset}.int8.onnx"


def make_plan(
    entries: Sequence[Entry],
    *,
    presets: Sequence[str] = (),
    seeds: int | None = None,
    epochs: int | None = None,
) -> tuple[Run, ...]:
    """Lay out the runs: teachers first, then a whole family a seed.

    Args:
        entries: The family.
        presets: Names of presets, or keys of entries, to make alone; the runs that teach
            them are made too. Empty for all.
        seeds: Seeds of each instead of its own number.
        epochs: Epochs of each instead of its recipe's, for a trial.

    Raises:
        UsageError: No entry of such a name.
    """
    known = {entry.key for entry in entries} | {entry.preset for entry in entries}
    for name in presets:
        if name not in known:
            raise UsageError(f"the family has no {name!r}; there are: {', '.join(sorted(known))}")
    if epochs is not None:
        entries = [replace(e, changes={**e.changes, "epochs": epochs}) for e in entries]
    chosen = [e for e in entries if not presets or e.key in presets or e.preset in presets]
    every = {run.name: run for entry in entries for run in _runs_of(entry, entry.seeds)}
    # Those of seed 0 first: the family is whole early, and its means get better.
    wanted = sorted(
        (run for entry in chosen for run in _runs_of(entry, seeds or entry.seeds)),
        key=lambda run: run.seed,
    )
    ordered: dict[str, Run] = {}
    for run in wanted:
        _add(run, every, ordered)
    return tuple(ordered.values())


def needs(run: Run, plan: Sequence[Run]) -> list[Run]:
    """Give the runs of a plan that teach a run."""
    return [other for other in plan if other.name in run.entry.teachers]


def _runs_of(entry: Entry, seeds: int) -> list[Run]:
    return [Run(entry=entry, seed=seed) for seed in range(seeds)]


def _add(run: Run, every: Mapping[str, Run], ordered: dict[str, Run]) -> None:
    for teacher in run.entry.teachers:
        if teacher in every and teacher != run.name:
            _add(every[teacher], every, ordered)
    ordered.setdefault(run.name, run)
