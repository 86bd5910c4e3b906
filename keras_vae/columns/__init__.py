"""Columns of a table: of what kind each is, what its data settles, and how its cells become x."""

from keras_vae.columns.column import (
    KINDS,
    LEFT_OUT,
    LIKELIHOODS_OF,
    Column,
    Squash,
    as_columns,
)
from keras_vae.columns.squashes import Squashes, squashes_of
from keras_vae.columns.table_schema import Schema

__all__ = [
    "KINDS",
    "LEFT_OUT",
    "LIKELIHOODS_OF",
    "Column",
    "Schema",
    "Squash",
    "Squashes",
    "as_columns",
    "squashes_of",
]
