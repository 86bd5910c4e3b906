"""Scores from groups of examples that agree in one factor: those of beta-VAE and FactorVAE.

Groups are drawn from the examples at hand. A classifier is told of a group how its codes vary, and
says which factor it is that agrees; its accuracy on other groups is the score.
"""

import numpy as np

_GROUPS = 1000  # for each factor, of training; as many of test
_SIZE = 64  # examples (or pairs) in a group, as in Locatello et al. 2019


def scores(codes: np.ndarray, factors: np.ndarray, seed: int) -> dict[str, float]:
    """`factor_vae_score` and `beta_vae_score` of codes [N, D] and factors [N, F]."""
    rng = np.random.default_rng(seed)
    return {
        "factor_vae_score": factor_vae_score(codes, factors, rng),
        "beta_vae_score": beta_vae_score(codes, factors, rng),
    }


def factor_vae_score(codes: np.ndarray, factors: np.ndarray, rng: np.random.Generator) -> float:
    """The score of Kim & Mnih 2018, section 3.

    All examples of a group have one value of its factor. The latent that varies least in it,
    relative to all examples, votes for the factor that it stood for most often in training.
    """
    scale = np.std(codes, axis=0)
    votes = np.zeros((2, codes.shape[1], factors.shape[1]))
    for k, factor in enumerate(factors.T):
        one = rng.integers(len(codes), size=(2 * _GROUPS, 1))
        group = codes[_partners(factor, np.repeat(one, _SIZE, axis=1), rng)]
        relative = np.where(scale > 0, np.std(group, axis=1) / np.maximum(scale, 1e-12), np.inf)
        for part, least in enumerate(np.split(np.argmin(relative, axis=1), 2)):
            votes[part, :, k] = np.bincount(least, minlength=codes.shape[1])
    train, test = votes
    return float(test[np.arange(len(test)), train.argmax(axis=1)].sum() / test.sum())


def beta_vae_score(codes: np.ndarray, factors: np.ndarray, rng: np.random.Generator) -> float:
    """The score of Higgins et al. 2017, section 3.

    A group is of pairs, the two examples of each having one value of its factor. From the mean
    distance of the two in each latent, logistic regression says which factor it is.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    distances = []
    for factor in factors.T:
        one = rng.integers(len(codes), size=(2 * _GROUPS, _SIZE))
        other = _partners(factor, one, rng)
        distances.append(np.abs(codes[one] - codes[other]).mean(axis=1))
    train, test = np.split(np.stack(distances), 2, axis=1)  # [F, groups, D]
    named = np.repeat(np.arange(len(train)), _GROUPS)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    classifier.fit(train.reshape(len(named), -1), named)
    return float(classifier.score(test.reshape(len(named), -1), named))


def _partners(factor, rows, rng):
    """For each of `rows`, a row drawn from those with the same value of `factor` [N]."""
    counts = np.bincount(factor)
    by_value = np.argsort(factor, kind="stable")
    first = np.cumsum(counts) - counts
    value = factor[rows]
    return by_value[first[value] + rng.integers(counts[value])]
