"""Measures of models of tables, and rivals of theirs."""

from keras_vae.evaluation.tables.by_column import by_column
from keras_vae.evaluation.tables.independent_columns import independent_columns
from keras_vae.evaluation.tables.normal_scores import rivals_of_rows
from keras_vae.evaluation.tables.usefulness import f1_of_label

__all__ = ["by_column", "f1_of_label", "independent_columns", "rivals_of_rows"]
