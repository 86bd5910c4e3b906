"""Whether two sets of points come from one distribution."""

import numpy as np

from keras_vae._compat import TensorLike


def two_sample_test(
    a: TensorLike, b: TensorLike, num_permutations: int = 500, seed: int = 0
) -> dict[str, float]:
    """The kernel two-sample test, its null distribution by permutation.

    The kernel is Gaussian, as wide as the median distance between points.

    Args:
      a, b: points [N, D] and [M, D].
      num_permutations: of the labels "a" and "b".
      seed: of the permutations.

    Returns:
      dict: `mmd`, the maximum mean discrepancy (0 where all points are alike), and `p_value`, how
      often labels at random give one as large.

    References:
      Gretton et al. 2012, A kernel two-sample test, eq. 5 and section 5.
    """
    from sklearn.metrics import pairwise_distances

    squares = pairwise_distances(np.concatenate([a, b]), metric="sqeuclidean")
    kernel = np.exp(-squares / np.median(squares[np.triu_indices_from(squares, 1)]))
    weights = np.concatenate([np.full(len(a), 1 / len(a)), np.full(len(b), -1 / len(b))])
    rng = np.random.default_rng(seed)
    shuffled = rng.permuted(np.tile(weights, (num_permutations, 1)), axis=1)
    shuffled = np.concatenate([weights[np.newaxis], shuffled])
    found, *by_chance = np.einsum("pi,pi->p", shuffled @ kernel, shuffled)
    return {
        "mmd": float(np.sqrt(max(found, 0.0))),
        "p_value": float((1 + np.sum(by_chance >= found)) / (1 + num_permutations)),
    }
