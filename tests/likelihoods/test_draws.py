"""Draws of pixels from uniform numbers: distributed as TFP's density says, for every likelihood."""

import numpy as np
import pytest
import scipy.stats

from export import random_numpy
from export.random_numpy import Stream
from keras_vae import conditions, likelihoods
from keras_vae._compat import tf, tfd
from keras_vae.distributions import CHOICE, Mixture, plain
from keras_vae.likelihoods import Support
from tests import tiny

N = 20_000
SEED = np.stack([np.arange(N), -np.arange(N)], axis=1).astype(np.int32)


STREAMS = {0: Stream.PIXEL, 1: Stream.PIXEL_2, CHOICE: Stream.CHOICE}


def uniform(shape):
    """i -> [N, *shape], the exported generator's numbers of N images."""
    size = int(np.prod(shape))
    return lambda i: tf.constant(random_numpy.uniform(SEED, STREAMS[i], size).reshape(N, *shape))


def assert_distributed_as(x, p, support):
    """x [N] against the scalar distribution p, by its mass function or its integrated density."""
    if support in (Support.BINARY, Support.LEVELS, Support.COUNTS):
        values, counts = np.unique(x, return_counts=True)
        mass = np.exp([float(p.log_prob(np.float32(v))) for v in values])
        common = N * mass >= 5
        observed = np.append(counts[common], N - counts[common].sum())
        expected = N * np.append(mass[common], 1.0 - mass[common].sum())
        kept = expected >= 5
        chi2 = np.sum((observed - expected)[kept] ** 2 / expected[kept])
        assert scipy.stats.chi2.sf(chi2, kept.sum() - 1) > 1e-4
    else:
        assert scipy.stats.kstest(x, lambda v: p.cdf(np.float32(v)).numpy()).pvalue > 1e-4


@pytest.mark.parametrize("name", tiny.LIKELIHOODS_OF_ARRAYS)
def test_draws_have_the_likelihoods_distribution(name):
    layer = tiny.likelihood(name, (2, 3, 1))
    rng = np.random.default_rng(0)
    params = rng.normal(size=(1, 2, 3, 1, layer.params_per_value)).astype(np.float32)
    p = layer(tf.constant(params))
    x = p.from_uniform(uniform((2, 3, 1))).numpy()
    assert x.shape == (N, 2, 3, 1)
    for i in range(2):
        for j in range(3):
            single = layer.per_value(tf.constant(params[0, i, j, 0]))
            assert_distributed_as(x[:, i, j, 0], single, layer.support)
    # Pixels are independent.
    assert abs(np.corrcoef(x[:, 0, 0, 0], x[:, 1, 2, 0])[0, 1]) < 5 / np.sqrt(N)


def test_levels_far_off_and_certain_are_drawn_too():
    layer = tiny.likelihood("discretized_logistic", (1, 1, 1), levels=256)
    for loc, wanted in ((50.0, 1.0), (-50.0, 0.0)):
        p = layer(tf.constant([loc, -50.0], shape=(1, 1, 1, 1, 2)))
        assert (p.from_uniform(uniform((1, 1, 1))).numpy() == wanted).all()


@pytest.mark.parametrize("logit", [-80.0, -0.02, -1e-6, 0.0, 0.009, 0.5, 80.0])
def test_the_continuous_bernoulli_at_extreme_logits(logit):
    p = likelihoods.ContinuousBernoulli((1,))(tf.constant([[[logit]]]))
    x = p.from_uniform(uniform((1,))).numpy()
    assert ((x >= 0) & (x <= 1)).all()
    mean = 0.5 if logit == 0 else -1.0 / np.expm1(-logit) - 1.0 / logit
    assert abs(x.mean() - mean) < 5 * x.std() / np.sqrt(N)


def two_images(shape):
    """0.3 N(0, 0.01^2) + 0.7 N(1, 0.01^2) of whole images."""
    means = np.array([0.0, 1.0]).reshape(1, 2, *[1] * len(shape), 1) * np.ones((*shape, 1))
    images = likelihoods.Normal(shape, 0.01)(tf.constant(means, tf.float32))
    return Mixture(tfd.Categorical(logits=np.log([[0.3, 0.7]]).astype("f4")), plain(images))


def test_one_component_is_chosen_for_a_whole_image():
    """A mixture of images, as Bayesian weights give: pixels of one draw are of one component."""
    p = two_images((2, 1, 1))
    x = p.from_uniform(uniform((2, 1, 1))).numpy().reshape(N, 2)
    np.testing.assert_array_equal(x[:, 0] > 0.5, x[:, 1] > 0.5)
    assert abs((x[:, 0] > 0.5).mean() - 0.7) < 5 * np.sqrt(0.21 / N)
    assert abs(np.corrcoef(*(x - np.round(x)).T)[0, 1]) < 5 / np.sqrt(N)


def test_given_values_stay():
    part = conditions.ImagePart([[1, 0]])
    p = likelihoods.Normal((1, 2, 1))(tf.zeros([N, 1, 2, 1, 1]))
    given = np.full((N, 1, 2, 1), 7.0, np.float32)
    x = part.complete(p, given).from_uniform(uniform((1, 2, 1))).numpy()
    assert (x[:, 0, 0] == 7.0).all()
    assert scipy.stats.kstest(x[:, 0, 1, 0], "norm").pvalue > 1e-4


def test_given_values_of_a_mixture_stay():
    part = conditions.ImagePart([[1, 0, 0]])
    given = np.full((N, 1, 3, 1), 7.0, np.float32)
    p = part.complete(two_images((1, 3, 1)), given)
    x = p.from_uniform(uniform((1, 3, 1))).numpy().reshape(N, 3)
    assert (x[:, 0] == 7.0).all()
    np.testing.assert_array_equal(x[:, 1] > 0.5, x[:, 2] > 0.5)
    assert abs((x[:, 1] > 0.5).mean() - 0.7) < 5 * np.sqrt(0.21 / N)
    # log p of the others alone: 0.3 N(0, 0.01^2) + 0.7 N(1, 0.01^2) at 1.01 and 1.
    x = np.array([3.0, 1.01, 1.0], np.float32).reshape(1, 1, 3, 1)
    wanted = np.log(0.7) + scipy.stats.norm(1.0, 0.01).logpdf([1.01, 1.0]).sum()
    np.testing.assert_allclose(p.log_prob(x)[0], wanted, rtol=1e-5)


def test_values_far_out_are_finite():
    """The generator's numbers reach the largest below 1 and 2^-25."""
    for name in tiny.LIKELIHOODS_OF_ARRAYS:
        layer = tiny.likelihood(name, (2,))
        p = layer(tf.zeros([1, 2, layer.params_per_value]))
        for u in (2.0**-25, 1.0 - 2.0**-24):
            assert np.isfinite(p.from_uniform(lambda i, u=u: tf.fill([1, 2], u))).all(), name


def test_streams_of_pixels_are_independent():
    u = [random_numpy.uniform(SEED[:1], stream, N)[0] for stream in Stream]
    assert np.abs(np.corrcoef(u) - np.eye(len(u))).max() < 5 / np.sqrt(N)
