"""What labels of a split can carry, and why some numbers would say nothing."""

from collections.abc import Sequence
from typing import Any

import numpy as np

_FEWEST = 5  # examples of each label, on average, and of all labels but the commonest


def too_few(labels: Sequence[int] | np.ndarray, what: str, of_each: bool = True) -> str | None:
    """Why telling these labels apart says nothing, if it doesn't.

    Args:
      labels: whole numbers [N].
      what: the examples are, as in "test examples".
      of_each: whether there must be some of each label, as where labels are learned.
    """
    values, counts = np.unique(labels, return_counts=True)
    num_examples, others = len(labels), len(labels) - max(counts, default=0)
    if num_examples < 2:
        return f"there are fewer than two {what}"
    if len(values) < 2:
        return f"all {num_examples} {what} are of one class"
    if others < _FEWEST:
        return f"of {num_examples} {what} only {others} are of other classes than the commonest"
    if of_each and num_examples < _FEWEST * len(values):
        return f"{num_examples} {what} are of {len(values)} classes, fewer than {_FEWEST} of each"
    return None


def left_out(what: str, why: str) -> str:
    """The sentence that takes the place of numbers that weren't measured."""
    return f"{what} aren't measured: {why}. Give more examples of each class."


def unseen(
    train_labels: Sequence[int] | np.ndarray,
    test_labels: Sequence[int] | np.ndarray,
    names: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Labels of test examples that no training example has, and how many examples these are.

    Args:
      train_labels, test_labels: whole numbers [N] and [M].
      names: of labels 0 .. K-1; None where they have none.

    Returns:
      dict: `unseen_labels`, list of names or else numbers, and `unseen_num_examples`. Empty if
      there are none.
    """
    is_unseen = ~np.isin(test_labels, train_labels)
    if not is_unseen.any():
        return {}
    found = np.unique(np.asarray(test_labels)[is_unseen]).tolist()
    return {
        "unseen_labels": [names[label] for label in found] if names else found,
        "unseen_num_examples": int(is_unseen.sum()),
    }
