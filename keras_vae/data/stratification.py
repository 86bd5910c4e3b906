"""Held-out examples label by label."""

import numpy as np


def stratify(order: np.ndarray, labels: np.ndarray, n: int) -> np.ndarray:
    """The order in which the first n have the labels in proportion, and the rest has each label.

    Args:
      order: int [N], all rows in random order.
      labels: int [N], of the rows.
      n: how many are held out.

    Returns:
      int [N]: the n that are held out, then the others, both in the order given.
    """
    _, first, drawn, counts = np.unique(
        labels[order], return_index=True, return_inverse=True, return_counts=True
    )
    shares = _shares(counts, n, ties=first)
    # The rank of each row among those of its label.
    by_label = np.argsort(drawn, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[by_label] = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    held = rank < shares[drawn]
    return np.concatenate([order[held], order[~held]])


def _shares(counts, n, ties):
    """How many of each label are held out: n in all, in proportion to `counts` [K].

    The largest remainders get what is left over; equal ones go by the lowest of `ties` [K]. One
    example of each label is not held out, as long as there are others to take.
    """
    total = counts.sum()
    shares, remainders = np.divmod(n * counts, total)
    for most in (counts - 1, counts):
        while (left := n - shares.sum()) > 0 and (shares < most).any():
            may = np.flatnonzero(shares < most)
            chosen = may[np.lexsort((ties[may], -remainders[may]))][:left]
            shares[chosen] += 1
            remainders[chosen] -= total
    return shares
