"""Records of training runs, for tests of what reads them."""

from __future__ import annotations

from typing import Any

from edge_infer.model.run_folder import RunRecord


def run_record(**changes: Any) -> RunRecord:
    """Make the record of a finished run of ten digits; ``changes`` replace its fields."""
    fields: dict[str, Any] = {
        "config": {},
        "class_names": tuple("0123456789"),
        "data": "digits",
        "data_sha256": "ab" * 32,
        "preset": "nano",
        "parameters": 1960,
        "seed": 0,
        "epochs": 1,
        "best_epoch": 1,
        "train_images": 40,
        "validation_accuracy": 0.9,
        "test_accuracy": 0.9,
        "training_time_s": 1.0,
        "inference_time_ms": 0.1,
        "augmentation_share": 0.0,
        "versions": {},
        "machine": "a CPU, 2 cores",
        "finished_at": "2025-01-01T00:00:00Z",
    }
    return RunRecord(**(fields | changes))
