"""edge_train: Keras networks for small sets of glyphs, from a data set to a run folder.

Only what needs no TensorFlow is exported here, so that the data room stands alone;
``edge_train.train`` and ``edge_train.presets`` import it.
"""

from edge_train.augment import Augmentation
from edge_train.config import Recipe, TrainConfig

__all__ = ["Augmentation", "Recipe", "TrainConfig"]
