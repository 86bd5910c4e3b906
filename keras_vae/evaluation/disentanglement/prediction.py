"""Scores from how well latents predict factors: SAP and DCI."""

import numpy as np

_TRAIN = 0.8  # share of the examples that DCI's forests learn from
_LEAF = 0.01  # least share of these in a leaf: finer splits are noise, and take any latent


def scores(codes: np.ndarray, factors: np.ndarray, seed: int) -> dict[str, float]:
    """`sap` and `dci_…` of codes [N, D] and factors [N, F]."""
    return {"sap": sap(predictability(codes, factors)), **dci(*importance(codes, factors, seed))}


def sap(accuracies: np.ndarray) -> float:
    """Separated attribute predictability (Kumar et al. 2018, section 3).

    How much better the latent that predicts a factor best does so than the next one; mean over
    factors.

    Args:
      accuracies: [D, F], of predicting a factor by a latent alone.
    """
    next_best, best = np.sort(np.pad(accuracies, ((1, 0), (0, 0))), axis=0)[-2:]
    return float(np.mean(best - next_best))


def predictability(codes: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """How well each latent alone predicts each factor by thresholds, [D, F].

    Accuracy, balanced over the factor's values; 0 for a latent that doesn't vary.
    """
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.tree import DecisionTreeClassifier

    def accuracy(code, factor):
        if np.ptp(code) == 0:
            return 0.0
        # A tree over one latent is a set of thresholds, here one between each two values.
        tree = DecisionTreeClassifier(
            max_leaf_nodes=factor.max() + 1, class_weight="balanced", random_state=0
        )
        code = code[:, np.newaxis]
        return balanced_accuracy_score(factor, tree.fit(code, factor).predict(code))

    return np.array([[accuracy(code, factor) for factor in factors.T] for code in codes.T])


def dci(importances: np.ndarray, accuracy: float) -> dict[str, float]:
    """Disentanglement, completeness and informativeness (Eastwood & Williams 2018, section 2).

    Args:
      importances: [D, F], of a latent for predicting a factor by all latents.
      accuracy: of these predictions.
    """
    return {
        "dci_disentanglement": _concentration(importances),
        "dci_completeness": _concentration(importances.T),
        "dci_informativeness": accuracy,
    }


def importance(codes: np.ndarray, factors: np.ndarray, seed: int) -> tuple[np.ndarray, float]:
    """Importances [D, F] and mean accuracy on held-out examples, by a forest for each factor."""
    from sklearn.ensemble import ExtraTreesClassifier

    order = np.random.default_rng(seed).permutation(len(codes))
    train, test = np.split(order, [int(_TRAIN * len(codes))])
    importances, accuracies = [], []
    for factor in factors.T:
        # Each branch looks at all latents: among a few, a factor's own is often not, and others
        # would seem to matter.
        forest = ExtraTreesClassifier(
            20, max_features=None, min_samples_leaf=_LEAF, random_state=seed
        ).fit(codes[train], factor[train])
        importances.append(forest.feature_importances_)
        accuracies.append(forest.score(codes[test], factor[test]))
    return np.stack(importances, axis=1), float(np.mean(accuracies))


def _concentration(importances) -> float:
    """1 - entropy of each row [A, B], to base B; mean over rows, weighted by their importance."""
    from scipy.special import entr

    totals = importances.sum(axis=1)
    if not totals.any():
        return 0.0
    shares = importances / np.maximum(totals, 1e-12)[:, np.newaxis]
    concentration = 1 - entr(shares).sum(axis=1) / np.log(max(importances.shape[1], 2))
    return float(np.average(concentration, weights=totals))
