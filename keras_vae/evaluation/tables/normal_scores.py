"""Rivals of models of tables whose columns depend on each other: normals of normal scores.

A cell's normal score is z = Phi^-1(F(x)), by the distribution F of its column alone. A density q of
z makes one of rows, p(x) = q(z) prod_i p_i(x_i) / phi(z_i). A cell that has a probability, as a
category, has many z, from Phi^-1(P(less)) to Phi^-1(P(no more)): its row has the mean of that over
these z, taken over some draws, which is on average a lower bound on log p(x).

With q a normal this is the Gaussian copula. Categories count in the order of their places.
"""

from collections.abc import Sequence

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import logsumexp, ndtri

from keras_vae.columns import Column
from keras_vae.evaluation.tables.independent_columns import Cells, independent_columns

_ENDS = 1e-6  # what F(x) has from 0 and 1 at least
_NUM_DRAWS = 30
_SIZES = (2, 5, 10, 20)  # of mixtures, of which the best by held-out rows is taken
_LEAST_ROWS, _MOST_ROWS = 100, 10_000
_LEAST_VARIANCE = 1e-3


class Normals:
    """A mixture of K normals of the scores of D columns.

    Args:
      weights, means, covariances: [K], [K, D], [K, D, D].
    """

    def __init__(self, weights: np.ndarray, means: np.ndarray, covariances: np.ndarray):
        self._weights, self._means, self._covariances = weights, means, covariances

    def log_gain(self, z: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """log q(z) - log phi(z) of known scores, [S, M].

        Args:
          z: [S, M, D].
          mask: bool [M, D].
        """
        found = np.zeros(z.shape[:2])
        patterns, rows = np.unique(mask, axis=0, return_inverse=True)
        for i, pattern in enumerate(patterns):
            if pattern.any():
                of_pattern = rows.ravel() == i
                found[:, of_pattern] = self._of_known(z[:, of_pattern][..., pattern], pattern)
        return found

    def _of_known(self, z, known):
        parts = []
        for weight, mean, covariance in zip(
            self._weights, self._means, self._covariances, strict=True
        ):
            root = np.linalg.cholesky(covariance[np.ix_(known, known)])
            y = solve_triangular(root, (z - mean[known]).reshape(-1, known.sum()).T, lower=True)
            log_det = np.log(np.diag(root)).sum()
            parts.append(np.log(weight) - 0.5 * (y**2).sum(axis=0) - log_det)
        log_q = logsumexp(parts, axis=0).reshape(z.shape[:2])
        return log_q + 0.5 * (z**2).sum(axis=-1)


def rivals_of_rows(
    columns: Sequence[Column],
    train: np.ndarray,
    train_mask: np.ndarray | None,
    test: np.ndarray,
    test_mask: np.ndarray | None,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """log p of test rows in nats, [M], by the name of the rival; a bound on average.

    Args:
      columns: D columns.
      train, test: x, [N, D] and [M, D].
      train_mask, test_mask: which cells are known; None for all.
      seed: of all draws.

    Returns:
      "Gaussian copula", and "mixture of normals" of scikit-learn, where some hundred training rows
      have all cells.
    """
    rng = np.random.default_rng(seed)
    of_train = independent_columns(columns, train, train_mask, train, train_mask)
    of_test = independent_columns(columns, train, train_mask, test, test_mask)
    known, of_tested = (
        np.ones(x.shape, bool) if mask is None else np.asarray(mask)
        for x, mask in ((train, train_mask), (test, test_mask))
    )
    z = _scores(of_train, rng, 1)[0]
    fitted = {"Gaussian copula": _copula(z, known)}
    whole = z[known.all(axis=1)]
    if len(whole) >= max(_LEAST_ROWS, 5 * len(columns)):
        fitted["mixture of normals"] = _mixture(whole, seed)
    tested, alone = _scores(of_test, rng, _NUM_DRAWS), of_test.log_prob.sum(axis=1)
    return {
        name: alone + logsumexp(q.log_gain(tested, of_tested), axis=0) - np.log(_NUM_DRAWS)
        for name, q in fitted.items()
    }


def _scores(cells: Cells, rng, num_draws):
    """Normal scores [S, M, D], drawn within the cells that have a probability."""
    spread = rng.uniform(size=(num_draws, *cells.low.shape)) * (cells.high - cells.low)
    return ndtri(np.clip(cells.low + spread, _ENDS, 1.0 - _ENDS))


def _copula(z, known):
    """The normal of the scores' correlations, each by the rows that have both cells."""
    z = z * known
    both = np.maximum(known.T.astype(float) @ known, 1.0)
    squares = z.T @ z / both
    scale = np.sqrt(np.maximum(np.diag(squares), _LEAST_VARIANCE))
    values, vectors = np.linalg.eigh(squares / np.outer(scale, scale))
    nearest = (vectors * np.maximum(values, _LEAST_VARIANCE)) @ vectors.T
    scale = np.sqrt(np.diag(nearest))
    return Normals(np.ones(1), np.zeros((1, len(z.T))), (nearest / np.outer(scale, scale))[None])


def _mixture(z, seed):
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    def fitted(size, rows):
        with threadpool_limits(1):  # On a busy machine, threads that wait for each other take long.
            return GaussianMixture(size, reg_covar=_LEAST_VARIANCE, random_state=seed).fit(rows)

    z = z[:_MOST_ROWS]
    held_out = len(z) // 5
    sizes = [size for size in _SIZES if 10 * size <= len(z) - held_out]
    best = max(sizes, key=lambda size: fitted(size, z[held_out:]).score(z[:held_out]))
    found = fitted(best, z)
    return Normals(found.weights_, found.means_, found.covariances_)
