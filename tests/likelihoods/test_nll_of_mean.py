"""What the mean of p(x|z) alone says of -log p(x|z): all that depends on it."""

import numpy as np
import pytest
import scipy.special
import scipy.stats

from keras_vae import likelihoods
from keras_vae._compat import tf
from tests import tiny

RNG = np.random.default_rng(0)
# Likelihoods whose mean settles them.
TOLD = {"bernoulli", "poisson", "normal", "normal_learned_scale"}


@pytest.mark.parametrize("name", tiny.LIKELIHOODS_OF_ARRAYS)
def test_differences_are_those_of_the_log_densities(name):
    """At one x, of two means: what depends on x alone cancels. None where a mean isn't all."""
    layer = tiny.likelihood(name, (4, 3, 1))
    rng = np.random.default_rng(0)
    raw = rng.normal(size=(2, 6, 4, 3, 1, layer.params_per_value)).astype(np.float32)
    p = layer(tf.constant(raw))
    x = tiny.images(6, layer.support, (4, 3, 1), levels=9)
    found = [layer.nll_of_mean(x, mean) for mean in p.mean().numpy()]
    if name not in TOLD:
        assert found == [None, None]
        return
    wanted = -p.log_prob(x).numpy()
    assert found[0].shape == (6,)
    np.testing.assert_allclose(found[0] - found[1], wanted[0] - wanted[1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("likelihood", "x", "log_prob"),
    [
        (
            likelihoods.Normal((2, 2, 1), scale=0.5),
            RNG.normal(size=(5, 2, 2, 1)),
            lambda x, mean: scipy.stats.norm.logpdf(x, mean, 0.5),
        ),
        (
            likelihoods.Poisson((2, 2, 1)),
            RNG.poisson(3.0, (5, 2, 2, 1)),
            scipy.stats.poisson.logpmf,
        ),
    ],
)
def test_differences_are_scipys(likelihood, x, log_prob):
    before, after = RNG.uniform(0.1, 4.0, (2, *x.shape))
    found = likelihood.nll_of_mean(x, after) - likelihood.nll_of_mean(x, before)
    wanted = log_prob(x, before) - log_prob(x, after)
    np.testing.assert_allclose(found, wanted.sum(axis=(1, 2, 3)))


def test_what_is_left_out_is_known():
    rng = np.random.default_rng(1)
    raw = tf.constant(rng.normal(size=(5, 7, 1)), tf.float32)
    left_out = {
        "bernoulli": lambda x: 0.0,
        "poisson": lambda x: scipy.special.gammaln(x + 1.0).sum(-1),
        "normal": lambda x: 7 * np.log(0.5 * np.sqrt(2 * np.pi)),
    }
    for name, constant in left_out.items():
        layer = tiny.likelihood(name, (7,))
        p, x = layer(raw), tiny.images(5, layer.support, (7,))
        found = layer.nll_of_mean(x, p.mean().numpy()) + constant(x)
        np.testing.assert_allclose(found, -p.log_prob(x), rtol=1e-5, err_msg=name)


def test_means_that_were_rounded_to_the_ends_are_finite():
    x = np.array([[0.0, 1.0]])
    for layer in (likelihoods.Bernoulli((2,)), likelihoods.Poisson((2,))):
        assert np.isfinite(layer.nll_of_mean(x, np.array([[1.0, 0.0]]))).all()
