"""edge_analysis.exploration: describe a labelled data set and write the report."""

from edge_analysis.data_set import DataSet, Split
from edge_analysis.exploration.analysis import Exploration, explore
from edge_analysis.exploration.report import key_figures, notes, write_exploration
from edge_analysis.figures.tiles import visualize_input, write_pixel_values
from edge_analysis.report_folder import Progress

__all__ = [
    "DataSet",
    "Exploration",
    "Progress",
    "Split",
    "explore",
    "key_figures",
    "notes",
    "visualize_input",
    "write_exploration",
    "write_pixel_values",
]
