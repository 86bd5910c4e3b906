"""Distances between two distributions, known by points of each."""

import numpy as np

from keras_vae.evaluation.standard_errors import stderr


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """The squared 2-Wasserstein distance of two normals with the points' means and covariances.

    |m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)). Too large on average, the more so the fewer
    points: compare only what was measured with as many. It is the FID if the points are features of
    Inception.

    Args:
      a, b: [N, D] and [M, D], with at least two points each.

    References:
      Dowson & Landau 1982, The Frechet distance between multivariate normal distributions;
      Heusel et al. 2017, GANs trained by a two time-scale update rule.
    """
    cov_a, cov_b = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (a, b))
    root = _square_root(cov_a)
    # The eigenvalues of C_a C_b are those of the symmetric R C_b R, with R R = C_a.
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(root @ cov_b @ root), 0.0, None)).sum()
    difference = np.mean(a, axis=0) - np.mean(b, axis=0)
    distance = difference @ difference + np.trace(cov_a) + np.trace(cov_b) - 2.0 * cross
    return float(max(distance, 0.0))  # Rounding may leave less than 0.


def _square_root(matrix):
    """The symmetric square root of a symmetric matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T


def kernel_distance(
    a: np.ndarray, b: np.ndarray, num_subsets: int = 10, seed: int = 0
) -> tuple[float, float | None]:
    """(the squared maximum mean discrepancy, its standard error), by a cubic kernel.

    It has no bias: its mean is 0 where both distributions are the same, and it may be below. The
    subsets share no points, so that their estimates are independent and their spread is the error.

    Args:
      a, b: [N, D] and [M, D], with at least two points for each subset.
      num_subsets: random subsets that both are divided into.
      seed: of the division.

    References:
      Binkowski et al. 2018, Demystifying MMD GANs, section 4 (the KID, if the points are features
      of Inception).
    """
    rng = np.random.default_rng(seed)
    parts = (np.array_split(rng.permutation(points), num_subsets) for points in (a, b))
    found = np.array([_discrepancy(*part) for part in zip(*parts, strict=True)])
    return float(found.mean()), stderr(found)


def _discrepancy(a, b):
    """The unbiased estimate of the squared discrepancy of points [N, D] and [M, D]."""

    def kernel(x, y):
        return (x @ y.T / x.shape[1] + 1.0) ** 3

    def among(x):
        """The mean over pairs of different points."""
        values = kernel(x, x)
        return (values.sum() - np.trace(values)) / (len(x) * (len(x) - 1))

    return among(a) + among(b) - 2.0 * kernel(a, b).mean()
