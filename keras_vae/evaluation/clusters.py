"""How well components of a mixture prior match labels that training didn't see."""

import numpy as np


def cluster_accuracy(clusters, labels) -> float:
    """The share of examples in the right cluster, under the best one-to-one naming of clusters.

    Args:
      clusters, labels: whole numbers [N].

    References:
      Kuhn 1955, The Hungarian method for the assignment problem; Xie et al. 2016, Unsupervised deep
      embedding for clustering analysis, eq. 10.
    """
    from scipy.optimize import linear_sum_assignment

    clusters, labels = np.asarray(clusters), np.asarray(labels)
    counts = np.zeros((clusters.max() + 1, labels.max() + 1), int)
    np.add.at(counts, (clusters, labels), 1)
    return float(counts[linear_sum_assignment(counts, maximize=True)].sum() / len(labels))
