"""Precision, recall, density and coverage: which points lie in whose neighbourhoods."""

import numpy as np

from keras_vae.evaluation.standard_errors import stderr


def neighbourhoods(made: np.ndarray, real: np.ndarray, k: int = 5) -> dict[str, float | None]:
    """How far made points and real ones cover each other.

    A point's neighbourhood is the ball that reaches to its k-th nearest neighbour of its own kind.

    Args:
      made, real: [N, D] and [M, D], with more than k points each.
      k: neighbours.

    Returns:
      dict: `precision`, the share of made points in a neighbourhood of a real one; `recall`, of
      real points in that of a made one; `density`, the mean number of real neighbourhoods that a
      made point is in, by k (1 on average where both are of one distribution, and above it where
      real points are dense); `coverage`, the share of real neighbourhoods that hold a made point;
      with `_stderr` behind, the standard error of each over its points, the others held fixed.

    References:
      Kynkaanniemi et al. 2019, Improved precision and recall metric (the first two); Naeem et al.
      2020, Reliable fidelity and diversity metrics (the others).
    """
    from sklearn.metrics import pairwise_distances

    if min(len(made), len(real)) <= k:
        raise ValueError(
            f"made and real must have more than k={k} points, got {len(made)} and {len(real)}."
        )
    distances = pairwise_distances(real, made)  # [M, N]
    # A point is the nearest to itself.
    radius_made, radius_real = (
        np.partition(pairwise_distances(points), k, axis=1)[:, k] for points in (made, real)
    )
    in_real = distances <= radius_real[:, np.newaxis]
    in_made = distances <= radius_made
    of_points = {
        "precision": in_real.any(axis=0),
        "recall": in_made.any(axis=1),
        "density": in_real.sum(axis=0) / k,
        "coverage": in_real.any(axis=1),
    }
    means = {name: float(np.mean(values)) for name, values in of_points.items()}
    return means | {f"{name}_stderr": stderr(values) for name, values in of_points.items()}
