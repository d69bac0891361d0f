"""edge_analysis.exploration: describe a labelled data set and write the report."""

from edge_analysis.exploration.analysis import Exploration, explore
from edge_analysis.exploration.pixel_values import visualize_input, write_pixel_values
from edge_analysis.exploration.records import Pictures, Progress, Split
from edge_analysis.exploration.report import write_exploration
from edge_analysis.exploration.report_sections import key_figures, notes

__all__ = [
    "Exploration",
    "Pictures",
    "Progress",
    "Split",
    "explore",
    "key_figures",
    "notes",
    "visualize_input",
    "write_exploration",
    "write_pixel_values",
]
