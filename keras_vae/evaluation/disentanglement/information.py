"""Scores from the mutual information of each latent and each factor: MIG and modularity."""

import numpy as np

_BINS = 20  # that the range of a latent is cut into, as in Locatello et al. 2019


def scores(codes: np.ndarray, factors: np.ndarray) -> dict[str, float]:
    """`mig` and `modularity` of codes [N, D] and factors [N, F]."""
    from sklearn.metrics import mutual_info_score

    information = np.array([[mutual_info_score(f, c) for f in factors.T] for c in _binned(codes).T])
    entropy = np.array([mutual_info_score(f, f) for f in factors.T])
    return {"mig": mig(information, entropy), "modularity": modularity(information)}


def mig(information: np.ndarray, entropy: np.ndarray) -> float:
    """The mutual information gap (Chen et al. 2018, section 4).

    How much more the latent that knows most of a factor knows of it than the next one, as a share
    of the factor's entropy; mean over factors.

    Args:
      information: [D, F], in nats.
      entropy: [F], of each factor.
    """
    next_best, best = np.sort(np.pad(information, ((1, 0), (0, 0))), axis=0)[-2:]
    return float(np.mean((best - next_best) / entropy))


def modularity(information: np.ndarray) -> float:
    """Whether a latent knows one factor only (Ridgeway & Mozer 2018, section 3).

    1 minus what a latent knows of all factors but its best, squared and relative to that; mean over
    the latents that know anything.

    Args:
      information: [D, F], in nats.
    """
    squares = information[information.max(axis=1) > 1e-9] ** 2
    if len(squares) == 0:
        return 0.0
    best = squares.max(axis=1)
    others = (squares.sum(axis=1) - best) / (squares.shape[1] - 1)
    return float(np.mean(1 - others / best))


def _binned(codes):
    """Whole numbers [N, D]: which of 20 bins of equal width each code is in."""
    edges = [np.histogram_bin_edges(c, _BINS)[1:-1] for c in codes.T]
    return np.stack([np.digitize(c, e) for c, e in zip(codes.T, edges, strict=True)], axis=1)
