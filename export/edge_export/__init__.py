"""edge_export: a Keras run becomes a small verified ONNX file."""

from edge_export.config import ExportConfig, VerifyConfig
from edge_export.export import ExportResult, export_run
from edge_export.parity import GateOptions, Gates, ParityReport
from edge_export.verify import verify_file

__all__ = [
    "ExportConfig",
    "ExportResult",
    "GateOptions",
    "Gates",
    "ParityReport",
    "VerifyConfig",
    "export_run",
    "verify_file",
]
