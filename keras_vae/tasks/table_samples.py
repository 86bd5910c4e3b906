"""What the rows that a model of a table draws are worth: likeness, usefulness, copies."""

from typing import Any

import numpy as np

from keras_vae import data, evaluation
from keras_vae._compat import tf
from keras_vae.building.parts import takes_labels
from keras_vae.columns.alikeness import Rows, shapes, trends
from keras_vae.columns.closeness import closest
from keras_vae.likelihoods import Columns
from keras_vae.runs.run import Run

# Upper limits, so that large tables take no longer.
_TIMES_COMPARED = 5  # rows, for each image that would be compared
_LEARNED_FROM = 20_000  # rows that a classifier learns from
_NUM_CHECKED, _MOST_SEARCHED = 1_000, 100_000  # rows whose nearest ones are looked for, and in
_SAME = 1e-6  # a distance, of rows that are the same


def measure_table(run: Run, seed: int = 0, num_compared: int = 2000) -> dict[str, Any]:
    """Measures of the rows that a run's model draws; empty for models of no table, or no prior.

    Args:
      run: a `Run`.
      seed: of all draws.
      num_compared: a fifth of the test rows that are compared with as many drawn ones, at most.
    """
    likelihood = run.model.decoder.likelihood
    if not isinstance(likelihood, Columns) or run.model.prior is None:
        return {}
    columns, n = likelihood.columns, _TIMES_COMPARED * num_compared
    test, train = rows_of(run.data.test, n), rows_of(run.data.train, n)
    drawn = draw(run, len(test.x), seed)
    by_shape, by_trend = shapes(columns, test, drawn), trends(columns, test, drawn)
    of_train = shapes(columns, test, train), trends(columns, test, train)
    scores = zip(columns, by_shape, strict=True)
    return {
        "table_quality": quality(by_shape, by_trend),
        "table_quality_of_train": quality(*of_train),
        "column_shapes": quality(by_shape),
        "column_pair_trends": quality(by_trend),
        "column_shapes_by_column": {c.name: float(s) for c, s in scores if np.isfinite(s)},
        **_closest(run, columns, test, drawn),
        **_useful(run, columns, seed),
    }


def quality(*scores: np.ndarray) -> float | None:
    """The mean of the means of several arrays of scores, of which some may be NaN."""
    means = [np.nanmean(part) for part in scores if np.isfinite(part).any()]
    return float(np.mean(means)) if means else None


def rows_of(split: data.Split, n: int) -> Rows:
    """n rows of a split, or all if there are fewer, evenly from first to last."""
    places = np.linspace(0, split.num_examples - 1, min(n, split.num_examples)).round().astype(int)
    return Rows(split.array[places], None if split.mask is None else split.mask[places])


def draw(run: Run, n: int, seed: int) -> Rows:
    """n rows of a run's model; of a conditional one by the labels of training rows."""
    given, labels = None, run.data.train.labels
    if takes_labels(run.config.model) and labels is not None:
        places = tf.random.stateless_uniform([n], [seed, 0], maxval=len(labels), dtype=tf.int32)
        given = labels[places.numpy()].astype(np.int32)
    return Rows(evaluation.simulate(run.model, n, seed, given, batch_size=1000)[0].numpy())


def _closest(run, columns, test, drawn):
    train, found = rows_of(run.data.train, _MOST_SEARCHED), {}
    for whose, rows in (("", drawn), ("_of_test", test)):
        # Their order says nothing.
        mask = None if rows.mask is None else rows.mask[:_NUM_CHECKED]
        first = Rows(rows.x[:_NUM_CHECKED], mask)
        distances = closest(columns, first, train)
        found[f"closest_train_row{whose}"] = float(np.median(distances))
        found[f"copied_rows{whose}"] = float(np.mean(distances < _SAME))
    return found


def _useful(run, columns, seed):
    label = run.config.data.label
    if label is None:
        return {}
    real, test = rows_of(run.data.train, _LEARNED_FROM), rows_of(run.data.test, _LEARNED_FROM)
    drawn = draw(run, len(real.x), seed + 1)
    return {
        "label_f1_by_drawn_rows": evaluation.f1_of_label(columns, label, drawn, test, seed),
        "label_f1_by_train_rows": evaluation.f1_of_label(columns, label, real, test, seed),
    }
