"""Data: sources, splits, binarization and the input pipeline."""

from keras_vae import _names
from keras_vae.data.arrays import from_arrays
from keras_vae.data.augmentation import AUGMENTATIONS, augment
from keras_vae.data.binarization import BINARIZATIONS, binarize, dynamic, resolve, threshold
from keras_vae.data.pipeline import (
    block_lengths,
    evaluation_batches,
    steps_per_epoch,
    training_blocks,
)
from keras_vae.data.sources import (
    READERS,
    Dataset,
    knows_levels,
    load,
    read,
    same_but_moved,
    short_name,
)
from keras_vae.data.split import InMemory, Split, Streamed
from keras_vae.data.tables import read_schema, table

__all__ = [
    "AUGMENTATIONS",
    "BINARIZATIONS",
    "READERS",
    "Dataset",
    "InMemory",
    "Split",
    "Streamed",
    "augment",
    "binarize",
    "block_lengths",
    "dynamic",
    "evaluation_batches",
    "from_arrays",
    "knows_levels",
    "load",
    "read",
    "read_schema",
    "resolve",
    "same_but_moved",
    "short_name",
    "steps_per_epoch",
    "table",
    "threshold",
    "training_blocks",
]
__getattr__ = _names.renamed(__name__, {"Images": "Split"})
