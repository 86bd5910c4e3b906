"""p(x|z) of the values that are known, against the densities of the values one by one."""

import inspect

import numpy as np
import pytest

from keras_vae import likelihoods
from keras_vae._compat import tf, tfd
from keras_vae.distributions import Mixture, of_known, one_pass, plain
from keras_vae.likelihoods.levels import LevelsLikelihood
from tests import tiny

EVENT, S, B = (4, 3, 2), 3, 5
RNG = np.random.default_rng(0)
MASK = RNG.integers(0, 2, (B, *EVENT)).astype(bool)
MEMBERS = [getattr(likelihoods, name) for name in likelihoods.__all__]
LIKELIHOODS = [
    member(EVENT, **({"levels": tiny.LEVELS} if issubclass(member, LevelsLikelihood) else {}))
    for member in MEMBERS
    if issubclass(member, likelihoods.Likelihood)
    and not inspect.isabstract(member)
    # Of channels that depend on each other: see likelihoods/test_colour.py.
    and member not in (likelihoods.ColourMixture, likelihoods.Columns)  # See also tables/.
]
each = pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=lambda p: type(p).__name__)


def made(likelihood):
    """(p(x|z), batch [S, B]; x [B, *EVENT])."""
    params = RNG.normal(size=(S, B, *likelihood.params_shape)).astype(np.float32)
    return likelihood(params), tiny.images(B, likelihood.support, EVENT)


@each
def test_the_known_values_count_and_no_others(likelihood):
    p, x = made(likelihood)
    by_value = p.distribution.log_prob(x).numpy()
    found = of_known(p, MASK)
    assert (found.batch_shape, found.event_shape) == ((S, B), EVENT)
    wanted = np.where(MASK, by_value, 0.0).sum((-3, -2, -1))
    np.testing.assert_allclose(found.log_prob(x), wanted, rtol=1e-4, atol=1e-4)
    elsewhere = np.where(MASK, x, np.roll(x, 1, axis=0))
    np.testing.assert_array_equal(found.log_prob(x), found.log_prob(elsewhere))


@each
def test_all_known_is_the_distribution_itself_and_none_known_says_nothing(likelihood):
    p, x = made(likelihood)
    np.testing.assert_array_equal(of_known(p, np.ones_like(MASK)).log_prob(x), p.log_prob(x))
    np.testing.assert_array_equal(of_known(p, np.zeros_like(MASK)).log_prob(x), np.zeros((S, B)))
    assert of_known(p, None) is p


@each
def test_unknown_values_have_no_gradient(likelihood):
    params = tf.constant(RNG.normal(size=(S, B, *likelihood.params_shape)), tf.float32)
    x = tiny.images(B, likelihood.support, EVENT)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(params)
        p = likelihood(params)
        known, by_value = of_known(p, MASK).log_prob(x), p.distribution.log_prob(x)
    found = tape.gradient(known, params).numpy()
    wanted = np.where(MASK[..., np.newaxis], tape.gradient(by_value, params), 0.0)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    assert not found[:, ~MASK].any()


def test_what_is_compiled_in_one_pass_is_the_same():
    p, x = made(likelihoods.Bernoulli(EVENT))
    with one_pass():
        found = of_known(p, MASK).log_prob(x)
    np.testing.assert_allclose(found, of_known(p, MASK).log_prob(x), rtol=1e-5)


def test_means_over_weights_have_known_values_too():
    likelihood = likelihoods.Laplace(EVENT)
    params = RNG.normal(size=(B, *EVENT, 2, 2)).astype(np.float32)
    weights = np.log([0.3, 0.7]).astype(np.float32)
    p, x = likelihood.averaged(params, weights), tiny.images(B, likelihood.support, EVENT)
    each = likelihood.per_value(params).log_prob(x[..., np.newaxis])
    by_value = tf.reduce_logsumexp(each + weights, axis=-1).numpy()
    wanted = np.where(MASK, by_value, 0.0).sum((-3, -2, -1))
    np.testing.assert_allclose(of_known(p, MASK).log_prob(x), wanted, rtol=1e-4)


def test_values_that_depend_on_each_other_are_refused():
    components = likelihoods.Normal(EVENT)(tf.zeros([B, 2, *EVENT, 1]))
    p = Mixture(tfd.Categorical(logits=tf.zeros(2)), plain(components))
    with pytest.raises(ValueError, match=r"mask needs values .* of Mixture aren't"):
        of_known(p, MASK)
