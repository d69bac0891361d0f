"""What was measured of the model family, and ``family.json``, which keeps it.

::

    {"format_version": 1, "machine": ..., "command": ..., "data": "mnist",
     "presets": {
       "edge": {                      the preset, and -RECIPE where it is not the default
         "preset": ..., "recipe": ..., "parameters": ..., "macs": ...,
         "make": {...}                what all its runs are made of, see Make
         "seeds": {"0": {...}, ...}   a SeedRun each
         "latency": {...}             a Latency; absent until it is timed
         "summary": {...}             derived from the seeds, as is
         "handwriting": {"singles": {"correct": ..., "n": ...}}    of the best seed's int8 file
    }}}

Rows outlive their run folders: who has the file and not the folders trains nothing anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Self, cast

from edge_bench.family.rows import FILE_PRECISIONS, Latency, SeedRun
from edge_bench.family.spread import Spread, spread
from edge_infer.errors import RunError
from edge_infer.io.atomic import write_text
from edge_infer.io.json_records import read_record

FORMAT_VERSION: Final = 1
_LINE: Final = 96


@dataclass(frozen=True, kw_only=True)
class Make:
    """What runs are made of, but for the seed: equal makes can be averaged.

    Attributes:
        recipe: The trainer's resolved recipe as JSON values.
        data_sha256: Of the data set's arrays.
        teacher_sha256: Of each teacher's file.
        network: Digest of the network's layers.
        export: Further words of the export.
    """

    recipe: Mapping[str, Any]
    data_sha256: str
    teacher_sha256: tuple[str, ...]
    network: str
    export: tuple[str, ...]

    def differences(self, other: Make) -> list[str]:
        """Say in words what is another in ``other``; empty when all is the same."""
        mine, others = _flat(asdict(self)), _flat(asdict(other))
        return [
            f"{name} {others.get(name)!r} instead of {mine.get(name)!r}"
            for name in sorted(mine.keys() | others.keys())
            if mine.get(name) != others.get(name)
        ]


@dataclass(frozen=True, kw_only=True)
class PresetResults:
    """All runs of one entry of the family.

    Attributes:
        preset: Name of the network.
        recipe: Name of the recipe.
        parameters: Trained values.
        macs: Multiply-accumulates an image.
        make: What all runs in ``seeds`` are made of.
        seeds: By seed, ascending; one at least.
        latency: None until it is timed.
    """

    preset: str
    recipe: str
    parameters: int
    macs: int
    make: Make
    seeds: Mapping[int, SeedRun]
    latency: Latency | None = None

    @property
    def runs(self) -> tuple[SeedRun, ...]:
        """The runs, by seed."""
        return tuple(self.seeds.values())

    @property
    def best(self) -> SeedRun:
        """The run whose int8 file is best on validation; test images have no say in it."""
        return max(
            self.runs,
            key=lambda r: (r.int8.validation_correct, r.float32.validation_correct, -r.seed),
        )

    def test_spread(self, precision: str) -> Spread:
        """Test accuracy over seeds of the ``float32`` or ``int8`` files, or of ``keras``."""
        parts = [getattr(run, precision) for run in self.runs]
        return spread([part.test_correct / part.test_n for part in parts])

    def to_json_values(self) -> dict[str, Any]:
        """Return the results, and what follows from them, as plain JSON values."""
        values = asdict(self)
        values["seeds"] = {str(seed): asdict(run) for seed, run in self.seeds.items()}
        if self.latency is None:
            del values["latency"]
        spreads = {name: asdict(self.test_spread(name)) for name in ("keras", *FILE_PRECISIONS)}
        values["summary"] = {"best_seed": self.best.seed, "test_accuracy": spreads}
        values["handwriting"] = {
            score.name: {"correct": score.correct, "n": score.n}
            for score in self.best.int8.handwriting
        }
        return values

    @classmethod
    def from_json_values(cls, values: Mapping[str, Any], where: str) -> Self:
        """Read what :meth:`to_json_values` made; errors as :func:`read_record`."""
        make: dict[str, Any] = dict(values["make"])
        for name in ("teacher_sha256", "export"):
            make[name] = tuple(make[name])
        seeds = {
            int(seed): read_record(SeedRun, run, f"{where}.seeds.{seed}")
            for seed, run in values["seeds"].items()
        }
        latency = values.get("latency")
        return cls(
            **{name: values[name] for name in ("preset", "recipe", "parameters", "macs")},
            make=Make(**make),
            seeds=seeds,
            latency=latency and read_record(Latency, latency, f"{where}.latency"),
        )


@dataclass(frozen=True, kw_only=True)
class FamilyResults:
    """All results, by an entry's key."""

    machine: str
    command: str
    data: str
    presets: Mapping[str, PresetResults] = field(default_factory=dict[str, PresetResults])

    def with_run(self, key: str, preset: PresetResults) -> Self:
        """Return the results with the runs of ``preset`` added or put in place of old ones.

        Runs of another make are left out from then on: they cannot be averaged with these.
        """
        old = self.presets.get(key)
        seeds, latency = dict(preset.seeds), preset.latency
        if old is not None and not old.make.differences(preset.make):
            seeds, latency = {**old.seeds, **seeds}, latency or old.latency
        merged = replace(preset, seeds=dict(sorted(seeds.items())), latency=latency)
        return replace(self, presets={**self.presets, key: merged})

    def write(self, path: Path) -> None:
        """Write the file in one piece."""
        document = {
            "format_version": FORMAT_VERSION,
            "machine": self.machine,
            "command": self.command,
            "data": self.data,
            "presets": {key: preset.to_json_values() for key, preset in self.presets.items()},
        }
        write_text(path, _pretty(document) + "\n")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what :meth:`write` wrote.

        Raises:
            RunError: Missing, not JSON or of another version.
            ModelError: A field is missing or of another kind.
        """
        try:
            document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if document["format_version"] != FORMAT_VERSION:
                raise RunError(
                    f"{path} has format_version {document['format_version']}, this program "
                    f"reads {FORMAT_VERSION}: take it away and measure again"
                )
            return cls(
                machine=document["machine"],
                command=document["command"],
                data=document["data"],
                presets={
                    key: PresetResults.from_json_values(values, f"{path}: {key}")
                    for key, values in document["presets"].items()
                },
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise RunError(f"{path} cannot be understood: {error!r}") from error


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(cast("Mapping[str, Any]", value), f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _pretty(value: Any, indent: str = "") -> str:
    """Write JSON with what is short on one line: rows of figures stay readable, and few."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= _LINE or not isinstance(value, (dict, list, tuple)):
        return line
    deeper = f"{indent}  "
    if isinstance(value, dict):
        items = cast("Mapping[str, Any]", value).items()
        parts = [f"{json.dumps(name)}: {_pretty(part, deeper)}" for name, part in items]
        opening, closing = "{}"
    else:
        parts = [_pretty(part, deeper) for part in cast("Sequence[Any]", value)]
        opening, closing = "[]"
    return f"{opening}\n{deeper}" + f",\n{deeper}".join(parts) + f"\n{indent}{closing}"
