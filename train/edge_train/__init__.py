"""edge_train: Keras networks for small sets of glyphs, from a data set to a run folder."""

from edge_train.config import Recipe, TrainConfig
from edge_train.presets import PRESETS

__all__ = ["PRESETS", "Recipe", "TrainConfig"]
