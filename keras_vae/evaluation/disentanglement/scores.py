"""All scores of disentanglement at once."""

import numpy as np

from keras_vae.evaluation.disentanglement import information, intervention, prediction

_ACTIVE = 0.01  # variance of a latent that counts, as in `active_units`


def disentanglement(codes: np.ndarray, factors: np.ndarray, seed: int = 0) -> dict[str, float]:
    """Scores of how far each factor has a latent of its own, 1 being best.

    Args:
      codes: [N, D], the code of each example, in units of a prior of scale about 1: a latent of
        variance below 0.01 is not active, and counts as one that doesn't vary.
      factors: whole numbers [N, F], what made each example. Scores are of the factors that vary.
      seed: of all draws.

    Returns:
      `mig`, `modularity`, `sap`, `dci_disentanglement`, `dci_completeness`, `dci_informativeness`,
      `factor_vae_score`, `beta_vae_score`: floats from 0 to 1. By chance, those of prediction and
      intervention are above 0: `beta_vae_score` and `factor_vae_score` about 1 / F.

    Raises:
      ValueError: shapes that differ, or fewer than two factors that vary.
    """
    codes, factors = np.asarray(codes, np.float32), np.asarray(factors)
    if codes.ndim != 2 or factors.ndim != 2 or len(codes) != len(factors):
        raise ValueError(
            f"codes and factors must be [N, D] and [N, F], got {list(codes.shape)} and "
            f"{list(factors.shape)}."
        )
    factors = factors[:, np.ptp(factors, axis=0) > 0]
    if factors.shape[1] < 2:
        raise ValueError(
            f"factors must hold at least two that vary, got {factors.shape[1]}. Give more examples."
        )
    codes = np.where(np.var(codes, axis=0) > _ACTIVE, codes, 0.0)
    # Whole numbers 0, 1, …, without gaps.
    factors = np.stack([np.unique(f, return_inverse=True)[1] for f in factors.T], axis=1)
    return (
        information.scores(codes, factors)
        | prediction.scores(codes, factors, seed)
        | intervention.scores(codes, factors, seed)
    )
