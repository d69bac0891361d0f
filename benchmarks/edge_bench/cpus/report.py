"""What was compared, as JSON and as a table for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from edge_bench.cpus.answers import MNIST, PAGE_TENSORS, PAGES, TENSORS, Answers
from edge_bench.cpus.compare import FLOAT_LIMIT, Differences
from edge_infer.io.atomic import write_text
from edge_infer.text import markdown_table

FORMAT_VERSION: Final = 1
_HEADINGS: Final = (
    *("CPU", "tensors of digits", "tensors on pages", "pages"),
    *("int8 probabilities", "by at most", "float, by at most"),
)


@dataclass(frozen=True, kw_only=True)
class Questions:
    """How much every CPU answered: pictures of a digit, MNIST's images, pages, glyphs on them."""

    digits: int
    mnist: int
    pages: int
    glyphs: int

    @classmethod
    def of(cls, answers: Answers) -> Questions:
        """Count."""
        mnist = [len(rows) for name, rows in answers.items() if name.endswith(MNIST)]
        return cls(
            digits=len(answers[TENSORS]),
            mnist=max(mnist, default=0),
            pages=len(answers[PAGES]),
            glyphs=len(answers[PAGE_TENSORS]),
        )


@dataclass(frozen=True, kw_only=True)
class CpuResult:
    """One CPU beside the reference.

    Attributes:
        name: As people know it.
        about: What it has, and where it is found.
        differences: From the reference.
        instructions: Of one int8 inference of one image, by model; empty where not counted.
    """

    name: str
    about: str
    differences: Differences
    instructions: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class ParityResults:
    """All CPUs of one call.

    Attributes:
        reference: The CPU that the others are compared with.
        measured_at: Day, ISO 8601.
        versions: Of what answered, by name.
        questions: How much was compared.
        cpus: The others.
        left_out: Why some are not among them, a line each.
    """

    reference: str
    measured_at: str
    versions: dict[str, str]
    questions: Questions
    cpus: tuple[CpuResult, ...]
    left_out: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether every CPU that answered gives the same answers."""
        return all(cpu.differences.is_same for cpu in self.cpus)

    def write(self, folder: Path) -> None:
        """Write ``parity.json`` and ``parity.md``."""
        document = {"format_version": FORMAT_VERSION, **asdict(self), "is_same": self.is_same}
        write_text(
            folder / "parity.json", json.dumps(document, ensure_ascii=False, indent=1) + "\n"
        )
        write_text(folder / "parity.md", "\n".join(report_lines(self)))


def report_lines(results: ParityResults) -> list[str]:
    """Write the report as Markdown."""
    asked = results.questions
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    mnist = f", {asked.mnist} of MNIST" if asked.mnist else ""
    return [
        "# The same answer on every CPU",
        "",
        f"Made by `make parity-cpus`, {results.measured_at}; {versions}. Every CPU decodes, "
        f"prepares and recognises {asked.digits} drawn pictures of a digit{mnist} with every "
        f"shipped model and the default one's float twin, and reads {asked.pages} drawn pages, "
        f"{asked.glyphs:,} glyphs looked at. Cells say how many of them differ from what the "
        "first CPU answers: by one bit of a tensor or of an int8 probability, in a page's text "
        f"or in a box. Float probabilities may differ by {FLOAT_LIMIT:g}.",
        "",
        *markdown_table(_HEADINGS, [_first_row(results), *map(_row, results.cpus)]),
        *_instruction_lines(results.cpus),
        *(f"- Left out: {line}." for line in results.left_out),
        "",
    ]


def _first_row(results: ParityResults) -> tuple[str, ...]:
    return (f"{results.reference}, this one", *("-" for _ in _HEADINGS[1:]))


def _row(cpu: CpuResult) -> tuple[str, ...]:
    found = cpu.differences
    counts = (found.tensors, found.page_tensors, len(found.pages), found.int8)
    deltas = (found.int8_delta, found.float_delta)
    name = f"{cpu.name} ({cpu.about})"
    return (name, *map(str, counts), *(f"{delta:.1e}" if delta else "0" for delta in deltas))


def _instruction_lines(cpus: Sequence[CpuResult]) -> list[str]:
    counted = [cpu for cpu in cpus if cpu.instructions]
    if not counted:
        return []
    models = list(counted[0].instructions)
    rows = [(cpu.name, *(f"{cpu.instructions[name]:,}" for name in models)) for cpu in counted]
    return [
        "Instructions of one int8 inference of one image, from Python and back, as QEMU counts "
        "them: what there is to do, not how long it takes.",
        "",
        *markdown_table(("CPU", *models), rows),
    ]
