"""What the verbs ``export`` and ``verify`` can be asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from edge_export.parity import GateOptions


@dataclass(frozen=True, kw_only=True)
class ExportConfig:
    """Options of ``edge-mnist export``.

    Attributes:
        run: Folder of a finished training run.
        output: The file to write; None for ``<preset>.onnx`` or ``<preset>.int8.onnx``
            in the run.
        quantize: Whether weights and activations become 8-bit integers.
        weight_bits: When quantized: 8, or 4 for the weights of most convolutions.
        force: Whether an existing ``output`` may be replaced.
        verify: Whether the file must pass the gates to be kept.
        keep_failed: Whether a file that fails stands as ``*.failed.onnx`` afterwards.
        gates: Limits that differ from the usual ones.
        verbose: Whether the conversion tools may log and warn.
    """

    run: Path
    output: Path | None = None
    quantize: bool = False
    weight_bits: Literal[4, 8] = 8
    force: bool = False
    verify: bool = True
    keep_failed: bool = False
    gates: GateOptions = field(default_factory=GateOptions)
    verbose: bool = False


@dataclass(frozen=True, kw_only=True)
class VerifyConfig:
    """Options of ``edge-mnist verify``.

    Attributes:
        run: Folder of the training run that the file was exported from.
        file: The model file.
        show_changed: Where to draw the images whose label changed; None for nowhere.
        gates: Limits that differ from the usual ones.
    """

    run: Path
    file: Path
    show_changed: Path | None = None
    gates: GateOptions = field(default_factory=GateOptions)
