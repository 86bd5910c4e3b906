"""Importance sampling: its formulas, and memory bounded by chunks that change nothing."""

import math

import numpy as np
import pytest
import scipy.special
import scipy.stats

from keras_vae import VAE, seeds
from keras_vae._compat import tf
from keras_vae.encoder import PriorEncoder
from keras_vae.inference.importance import ImportanceSampler
from keras_vae.networks.bayesian import bayesian_layers
from tests import tiny


@pytest.fixture(scope="module")
def model():
    return tiny.randomize(tiny.vae())


@pytest.fixture(scope="module")
def x():
    return tiny.images(6)


def all_at_once(model, x, num_samples, chunk_size, seed):
    """Terms of all samples at once, at the noise that the chunks would draw."""
    sizes = [min(chunk_size, num_samples - start) for start in range(0, num_samples, chunk_size)]
    noise = [model.draw_noise(seeds.derive(seed, 0, i), n, len(x)) for i, n in enumerate(sizes)]
    return model.terms(x, np.concatenate(noise))


@pytest.mark.parametrize(("num_samples", "chunk_size"), [(20, 7), (20, 20), (21, 7), (1, 50)])
def test_chunks_equal_one_pass(model, x, num_samples, chunk_size):
    seed = seeds.derive(3)
    found = ImportanceSampler(model, chunk_size)(x, num_samples, seed)
    terms = all_at_once(model, x, num_samples, chunk_size, seeds.derive(seed, 0))
    log_w = terms.log_weight.numpy().astype(np.float64)  # [S, B]
    # log (1/k) sum w; Burda et al. 2016, eq. 8.
    log_mean = scipy.special.logsumexp(log_w, axis=0) - np.log(num_samples)
    np.testing.assert_allclose(found.log_likelihood, log_mean, rtol=1e-5)
    # (sum w)^2 / sum w^2.
    w = np.exp(log_w - log_w.max(0))
    ess = w.sum(0) ** 2 / (w**2).sum(0)
    # exp() of a difference of two logs near 2 * 30, each rounded at 2^-23.
    np.testing.assert_allclose(found.effective_sample_size, ess, rtol=1e-4)
    # Distortion and rate have draws of their own.
    terms = all_at_once(model, x, num_samples, chunk_size, seeds.derive(seed, 1))
    np.testing.assert_allclose(found.distortion, terms.distortion, rtol=1e-5)
    np.testing.assert_allclose(found.rate, terms.rate, rtol=1e-5)


def test_layers_of_maps_have_all_parts_of_the_same_draws(x):
    deep = tiny.vae(recipe="deep", likelihood="bernoulli", stages=("2x2", "1x1"))
    seed = seeds.derive(3)
    found = ImportanceSampler(deep, 4)(x, 6, seed)
    terms = all_at_once(deep, x, 6, 4, seeds.derive(seed, 0))
    log_mean = scipy.special.logsumexp(terms.log_weight, axis=0) - np.log(6)
    np.testing.assert_allclose(found.log_likelihood, log_mean, rtol=1e-5)
    np.testing.assert_allclose(found.distortion, terms.distortion, rtol=1e-5)
    np.testing.assert_allclose(found.kl, terms.kl_by_group, rtol=1e-4, atol=1e-6)


def test_the_effective_sample_size_is_between_one_and_k(model, x):
    ess = ImportanceSampler(model)(x, 50, seeds.derive(0)).effective_sample_size.numpy()
    assert (ess >= 1 - 1e-4).all()
    assert (ess <= 50 * (1 + 1e-4)).all()
    one = ImportanceSampler(model)(x, 1, seeds.derive(0)).effective_sample_size
    np.testing.assert_allclose(one, 1.0, rtol=1e-4)


def test_an_estimate_is_its_seeds(model, x):
    a, b = (model.log_likelihood(x, num_samples=10, seed=1).numpy() for _ in range(2))
    np.testing.assert_array_equal(a, b)
    assert (model.log_likelihood(x, num_samples=10, seed=2) != a).numpy().all()


def test_no_samples_are_refused(model, x):
    with pytest.raises(ValueError, match="num_samples must be at least 1, got 0"):
        model.log_likelihood(x, num_samples=0)


@pytest.mark.parametrize(
    "options", [{"posterior": "iaf"}, {"recipe": "bayes"}, {"recipe": "ladder"}]
)
def test_the_mean_weight_is_the_same_for_a_wider_proposal(options):
    model = tiny.randomize(tiny.vae(**options))
    x, k = tiny.images(6), 4000
    sampler = ImportanceSampler(model)
    narrow = sampler(x, k, seeds.derive(0))
    sampler.noise_scale.assign(1.1 * tf.ones_like(sampler.noise_scale))
    wide = sampler(x, k, seeds.derive(1))
    assert (wide.log_likelihood != narrow.log_likelihood).numpy().all()
    # Var(w) / E(w)^2 / k of each.
    variance = 1.0 / narrow.effective_sample_size + 1.0 / wide.effective_sample_size - 2.0 / k
    difference = wide.log_likelihood - narrow.log_likelihood
    assert (tf.abs(difference) < 4.0 * tf.sqrt(variance) + 1e-3).numpy().all()


def test_memory_is_bounded_over_examples_and_samples(monkeypatch, x):
    """As many examples and samples at a time as the widest tensor, the levels', leaves room; of
    samples first, which share what an example's encoding costs."""
    model = tiny.vae(likelihood="categorical")
    widest = math.prod(tiny.EVENT_SHAPE) * tiny.LEVELS
    sampler = ImportanceSampler(model, max_values=8 * widest)
    drawn = []
    draw_noise = model.draw_noise

    def note(seed, num_samples, batch_size):
        drawn.append((num_samples, batch_size))
        return draw_noise(seed, num_samples, batch_size)

    monkeypatch.setattr(model, "draw_noise", note)
    whole = sampler(x[:5], 3, seeds.derive(0)).log_likelihood
    # Each size has a graph for the weights, and one for distortion and rate.
    assert drawn == 2 * [(3, 2), (3, 1)]
    np.testing.assert_allclose(whole[:2], sampler(x[:2], 3, seeds.derive(0)).log_likelihood)
    drawn.clear()
    sampler(x[:5], 20, seeds.derive(0))
    assert set(drawn) == {(8, 1), (4, 1)}


def test_what_all_examples_share_takes_no_room_from_them():
    """500 pseudo-inputs are more values than an example's own tensors, but are there once."""
    plain, vamp = tiny.vae(), tiny.vae(prior="vamp", prior_components=30)
    alone = ImportanceSampler(plain)._max_pairs
    assert ImportanceSampler(vamp)._max_pairs == alone


def test_it_meets_the_likelihood_of_bayesian_weights():
    """x given z is normal where linear weights are; what is left is an integral over one z."""
    built = tiny.vae(weights="bayes", network="linear", likelihood="normal", latent_dim=1)
    model = VAE(PriorEncoder(), built.decoder, built.prior)
    (layer,) = bayesian_layers(tiny.randomize(model, scale=0.5))
    loc, raw_scale = layer.dense.get_weights()
    scale_of_weights = 0.3
    raw_scale = np.full_like(raw_scale, np.log(np.expm1(scale_of_weights)))
    layer.dense.set_weights([loc, raw_scale])
    n, k = 40, 20_000
    x = np.random.default_rng(0).normal(size=(n, *tiny.EVENT_SHAPE)).astype(np.float32)
    grid = np.linspace(-8.0, 8.0, 1001)
    mean, scale = (np.asarray(m) for m in layer.moments(grid[:, np.newaxis].astype(np.float32)))
    assert scale.min() > 0.29  # The bias is unsure too.
    of_x = scipy.stats.norm.logpdf(x.reshape(n, 1, -1), mean, np.sqrt(1.0 + scale**2)).sum(-1)
    step = np.log(grid[1] - grid[0])
    exact = scipy.special.logsumexp(of_x + scipy.stats.norm.logpdf(grid) + step, axis=1)
    found = ImportanceSampler(model)(x, k, seeds.derive(0))
    relative = 1.0 / found.effective_sample_size.numpy() - 1.0 / k
    error, bias = np.sqrt(relative.sum()) / n, relative.mean() / 2.0
    assert error < 0.1
    assert abs(np.mean(found.log_likelihood - exact)) < 3.0 * error + bias
