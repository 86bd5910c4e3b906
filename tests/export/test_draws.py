"""Draws of pixels: distributed as TFP's density says, for every likelihood."""

import types

import numpy as np
import pytest
import scipy.stats

from export import draws, random_numpy
from export.random_numpy import Stream
from keras_vae import conditions
from keras_vae._compat import tf, tfd
from keras_vae.building.parts import LIKELIHOODS
from keras_vae.likelihoods import Support

N = 20_000
SEED = np.stack([np.arange(N), -np.arange(N)], axis=1).astype(np.int32)


def uniform(shape):
    """stream -> [N, *shape], the generator's numbers of N images."""
    size = int(np.prod(shape))
    return lambda stream: tf.constant(random_numpy.uniform(SEED, stream, size).reshape(N, *shape))


def layer_of(name, shape, levels=9):
    options = types.SimpleNamespace(likelihood_scale=0.5, levels=levels, likelihood_components=3)
    return LIKELIHOODS[name](options, shape)


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


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_draws_have_the_likelihoods_distribution(name):
    layer = layer_of(name, (2, 3, 1))
    rng = np.random.default_rng(0)
    params = rng.normal(size=(1, 2, 3, 1, layer.params_per_value)).astype(np.float32)
    p = layer(tf.constant(params))
    x = draws.draw(p, uniform((2, 3, 1))).numpy()
    assert x.shape == (N, 2, 3, 1)
    for i in range(2):
        for j in range(3):
            single = layer.per_value(tf.constant(params[0, i, j, 0]))
            assert_distributed_as(x[:, i, j, 0], single, layer.support)
    # Pixels are independent.
    assert abs(np.corrcoef(x[:, 0, 0, 0], x[:, 1, 2, 0])[0, 1]) < 5 / np.sqrt(N)


def test_levels_far_off_and_certain_are_drawn_too():
    layer = layer_of("discretized_logistic", (1, 1, 1), levels=256)
    for loc, wanted in ((50.0, 1.0), (-50.0, 0.0)):
        p = layer(tf.constant([loc, -50.0], shape=(1, 1, 1, 1, 2)))
        assert (draws.draw(p, uniform((1, 1, 1))).numpy() == wanted).all()


@pytest.mark.parametrize("logit", [-80.0, -0.02, -1e-6, 0.0, 0.009, 0.5, 80.0])
def test_the_continuous_bernoulli_at_extreme_logits(logit):
    p = tfd.Independent(tfd.ContinuousBernoulli(logits=[[logit]]), 1)
    x = draws.draw(p, uniform((1,))).numpy()
    assert ((x >= 0) & (x <= 1)).all()
    mean = 0.5 if logit == 0 else -1.0 / np.expm1(-logit) - 1.0 / logit
    assert abs(x.mean() - mean) < 5 * x.std() / np.sqrt(N)


def test_one_component_is_chosen_for_a_whole_image():
    """A mixture of images, as Bayesian weights give: pixels of one draw are of one component."""
    means = np.array([0.0, 1.0], np.float32)[:, np.newaxis, np.newaxis, np.newaxis]
    images = tfd.Independent(
        tfd.Normal(tf.constant(means * np.ones((1, 2, 2, 1, 1), "f4")), 0.01), 3
    )
    p = tfd.MixtureSameFamily(tfd.Categorical(logits=np.log([[0.3, 0.7]]).astype("f4")), images)
    x = draws.draw(p, uniform((2, 1, 1))).numpy().reshape(N, 2)
    np.testing.assert_array_equal(x[:, 0] > 0.5, x[:, 1] > 0.5)
    assert abs((x[:, 0] > 0.5).mean() - 0.7) < 5 * np.sqrt(0.21 / N)
    assert abs(np.corrcoef(*(x - np.round(x)).T)[0, 1]) < 5 / np.sqrt(N)


def test_given_values_stay():
    part = conditions.ImagePart([[1, 0]])
    p = tfd.Independent(tfd.Normal(tf.zeros([N, 1, 2, 1]), 1.0), 3)
    given = np.full((N, 1, 2, 1), 7.0, np.float32)
    x = draws.draw(part.complete(p, given), uniform((1, 2, 1))).numpy()
    assert (x[:, 0, 0] == 7.0).all()
    assert scipy.stats.kstest(x[:, 0, 1, 0], "norm").pvalue > 1e-4


def test_an_unknown_distribution_is_named():
    with pytest.raises(TypeError, match="draw from a Gumbel on a device"):
        draws.draw(tfd.Independent(tfd.Gumbel([[0.0]], 1.0), 1), uniform((1,)))


def test_streams_of_pixels_are_independent():
    u = [random_numpy.uniform(SEED[:1], stream, N)[0] for stream in Stream]
    assert np.abs(np.corrcoef(u) - np.eye(len(u))).max() < 5 / np.sqrt(N)
