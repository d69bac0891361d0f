"""edge_export: export a Keras run to a small verified ONNX file."""

from edge_export.export import ExportConfig, ExportResult, export_run
from edge_export.parity import GateOptions, Gates, ParityReport
from edge_export.verify import verify_file

__all__ = [
    "ExportConfig",
    "ExportResult",
    "GateOptions",
    "Gates",
    "ParityReport",
    "export_run",
    "verify_file",
]
