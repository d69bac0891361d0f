"""How far an exported file is from the Keras model of its run."""

from __future__ import annotations

from pathlib import Path

from edge_bench.family.measure import Parity
from edge_infer.model.run_folder import RunFolder


def keras_parity(folder: RunFolder, path: Path) -> Parity:
    """Ask both about the test images; errors as :func:`edge_export.verify_file`."""
    from edge_export import VerifyConfig, verify_file

    report = verify_file(VerifyConfig(run=folder.path, file=path), lambda message: None)
    return Parity(
        changed=len(report.changed_indices),
        max_delta=report.max_delta,
        failed_gates=report.failures,
    )
