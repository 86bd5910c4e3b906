"""What drawn rows are good for: a classifier learns from them, and is tested on real ones."""

from collections.abc import Sequence

import numpy as np

from keras_vae.columns import Column
from keras_vae.columns.alikeness import Rows

_MOST_CATEGORIES = 255  # that scikit-learn's trees tell apart


def f1_of_label(
    columns: Sequence[Column], label: str, train: Rows, test: Rows, seed: int = 0
) -> float | None:
    """Macro F1 of gradient boosting that predicts a column of test rows from their other columns.

    Args:
      columns: D columns.
      label: the name of a column of categories.
      train, test: rows to learn from, and to test on; those without a label are left out.
      seed: of scikit-learn's HistGradientBoostingClassifier.

    Returns:
      None where training rows have one label alone.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import f1_score
    from threadpoolctl import threadpool_limits

    place = [column.name for column in columns].index(label)
    others = [i for i in range(len(columns)) if i != place]
    (x, y), (test_x, test_y) = (_split(rows, place, others) for rows in (train, test))
    if len(np.unique(y)) < 2 or not len(test_y):
        return None
    categorical = [
        columns[i].is_choice and columns[i].num_choices <= _MOST_CATEGORIES for i in others
    ]
    model = HistGradientBoostingClassifier(categorical_features=categorical, random_state=seed)
    # Its threads wait for each other thousands of times: on a busy machine that takes minutes.
    with threadpool_limits(1):
        predicted = model.fit(x, y).predict(test_x)
    return float(f1_score(test_y, predicted, average="macro"))


def _split(rows, place, others):
    """(the other columns with NaN for unknown cells, labels) of the rows that have a label."""
    x = rows.x.astype(np.float64)
    if rows.mask is not None:
        has_label = rows.mask[:, place]
        x = np.where(rows.mask, x, np.nan)[has_label]
    return x[:, others], np.rint(x[:, place]).astype(int)
