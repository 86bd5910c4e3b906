"""The likelihood of a row of a table: a distribution for each column, in the column's own units."""

from keras_vae.likelihoods.columns.row import Columns

__all__ = ["Columns"]
