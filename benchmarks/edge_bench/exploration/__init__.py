"""edge_bench.exploration: what is in a data set, before anything is trained on it."""

from edge_bench.exploration.analysis import Exploration, analyse
from edge_bench.exploration.pixel_values import visualize_input, write_pixel_values
from edge_bench.exploration.records import Pictures, Progress, Split
from edge_bench.exploration.report import explore

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
