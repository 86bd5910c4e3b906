"""How well components of a mixture prior match labels that training didn't see."""

from collections.abc import Iterable

import numpy as np
import scipy.special

from keras_vae._compat import TensorLike
from keras_vae.batches import Batch
from keras_vae.evaluation.label_counts import left_out, too_few
from keras_vae.evaluation.standard_errors import share_stderr
from keras_vae.vae import VAE


def cluster_scores(clusters: TensorLike, labels: TensorLike) -> dict[str, float | str]:
    """Three scores, each 1 if clusters are the labels by other names.

    Args:
      clusters, labels: whole numbers [N].

    Returns:
      dict: `cluster_accuracy`, with its standard error; `cluster_adjusted_rand_index` (Hubert &
      Arabie 1985), near 0 for clusters at random; `cluster_mutual_information`, as a share of the
      mean of both entropies (NMI; Strehl & Ghosh 2002). Where labels are too few, or hardly any but
      one, a sentence alone: `cluster_scores_left_out`.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    if why := too_few(labels, "test examples"):
        return {"cluster_scores_left_out": left_out("Scores of clusters", why)}
    accuracy = cluster_accuracy(clusters, labels)
    return {
        "cluster_accuracy": accuracy,
        "cluster_accuracy_stderr": share_stderr(accuracy, len(labels)),
        "cluster_adjusted_rand_index": float(adjusted_rand_score(labels, clusters)),
        "cluster_mutual_information": float(normalized_mutual_info_score(labels, clusters)),
    }


def label_information(vae: VAE, batches: Iterable[Batch]) -> float | None:
    """What a label among the latents tells of which example it is of: nats, at most log K.

    The mutual information of example and label under q(y|x), the label's part of what
    `decomposition` has of all latents. None for models without such a label, and of one example.
    """
    posterior = vae.encoder.posterior
    if posterior is None or not posterior.num_labels:
        return None
    logits = [vae.encode(b.x, b.condition, b.mask).logits for b in batches]
    q = scipy.special.softmax(np.concatenate(logits), axis=-1)  # [N, K]
    if len(q) < 2:
        return None
    entropy = scipy.special.entr(q).sum(axis=-1).mean()
    return float(scipy.special.entr(q.mean(axis=0)).sum() - entropy)


def cluster_accuracy(clusters: TensorLike, labels: TensorLike) -> float:
    """The share of examples in the right cluster, under the best one-to-one naming of clusters.

    Args:
      clusters, labels: whole numbers [N].

    References:
      Kuhn 1955, The Hungarian method for the assignment problem; Xie et al. 2016, Unsupervised deep
      embedding for clustering analysis, eq. 10.
    """
    from scipy.optimize import linear_sum_assignment
    from sklearn.metrics.cluster import contingency_matrix

    counts = contingency_matrix(labels, clusters)
    return float(counts[linear_sum_assignment(counts, maximize=True)].sum() / len(labels))
