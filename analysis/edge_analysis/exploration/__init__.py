"""edge_analysis.exploration: what is in a data set, before anything is trained on it."""

from edge_analysis.exploration.analysis import Exploration, analyse
from edge_analysis.exploration.pixel_values import visualize_input, write_pixel_values
from edge_analysis.exploration.records import Pictures, Progress, Split
from edge_analysis.exploration.report import explore

__all__ = [
    "Exploration",
    "Pictures",
    "Progress",
    "Split",
    "analyse",
    "explore",
    "visualize_input",
    "write_pixel_values",
]
