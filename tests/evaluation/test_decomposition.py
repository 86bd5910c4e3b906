"""The parts of the rate: against scipy's densities, and where they are known beforehand."""

import math

import numpy as np
import pytest
import scipy.special
import scipy.stats

from keras_vae.batches import Batch
from keras_vae.evaluation import decomposition
from tests import tiny

N = 40


def model(matrix, bias, scale):
    """A model of two latents whose posterior is N(x matrix + bias, diag(scale^2))."""
    return tiny.linear_normal(np.eye(2), np.zeros(2), 1.0, (2, 1, 1), (matrix, bias, scale))


def examples(scale=1.0):
    return (scale * np.random.default_rng(0).normal(size=(N, 2, 1, 1))).astype(np.float32)


def in_batches(x):
    return [Batch(x[i : i + 16], None) for i in range(0, len(x), 16)]


@pytest.fixture(scope="module")
def correlated():
    return model(np.array([[1.0, 0.5], [0.2, 0.8]]), np.array([0.5, 0.0]), np.full(2, 0.3))


def test_the_parts_are_those_of_the_mixture_written_out(correlated):
    """Means over 40 draws from each posterior with numpy, against one draw from each."""
    x = examples()
    found = decomposition(correlated, in_batches(x), seed=1)
    q = correlated.encode(x)
    loc, scale = q.mean().numpy(), q.stddev().numpy()
    rng = np.random.default_rng(7)
    z = (loc[:, None] + scale[:, None] * rng.normal(size=(N, 400, 2))).reshape(-1, 2)
    of_each = scipy.stats.norm.logpdf(z[:, None], loc, scale)  # [draws, N, 2]
    log_q = scipy.special.logsumexp(of_each.sum(-1), 1) - math.log(N)
    product = (scipy.special.logsumexp(of_each, 1) - math.log(N)).sum(-1)
    own = scipy.stats.norm.logpdf(z, np.repeat(loc, 400, 0), np.repeat(scale, 400, 0)).sum(-1)
    prior = scipy.stats.norm.logpdf(z).sum(-1)
    wanted = {
        "mutual_information_nats": own - log_q,
        "marginal_kl_nats": log_q - prior,
        "total_correlation_nats": log_q - product,
        "dimension_wise_kl_nats": product - prior,
    }
    assert set(found) == set(wanted)
    for name, values in wanted.items():
        stderr = values.std() / math.sqrt(N)
        assert abs(found[name] - values.mean()) < 4 * stderr, name


def test_the_parts_add_up_to_the_rate(correlated):
    found = decomposition(correlated, in_batches(examples()))
    marginal = found["total_correlation_nats"] + found["dimension_wise_kl_nats"]
    np.testing.assert_allclose(found["marginal_kl_nats"], marginal, rtol=1e-5)
    terms = correlated.terms(examples(), tiny.noise(correlated, 100, N))
    # What varies is log q(z|x) / p(z) of one draw for each example.
    spread = np.std(terms.log_posterior - terms.log_prior)
    parts = found["mutual_information_nats"] + found["marginal_kl_nats"]
    assert abs(parts - np.mean(terms.kl.numpy().sum(-1))) < 4 * spread / math.sqrt(N)


def test_examples_that_all_look_alike_have_no_information():
    same = model(np.zeros((2, 2)), np.array([0.5, 0.0]), np.full(2, 0.3))
    found = decomposition(same, in_batches(examples()))
    np.testing.assert_allclose(found["mutual_information_nats"], 0.0, atol=1e-5)
    np.testing.assert_allclose(found["total_correlation_nats"], 0.0, atol=1e-5)


def test_examples_that_can_be_told_apart_have_log_n():
    apart = model(np.eye(2), np.zeros(2), np.full(2, 0.1))
    found = decomposition(apart, in_batches(examples(scale=300.0)))
    np.testing.assert_allclose(found["mutual_information_nats"], math.log(N), rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "by_latent"),
    [({}, True), ({"posterior": "full_covariance"}, False), ({"prior": "mixture"}, False)],
)
def test_parts_by_latent_need_independent_ones(options, by_latent):
    vae = tiny.vae(**options)
    found = decomposition(vae, [Batch(tiny.images(8), None)])
    assert (found["total_correlation_nats"] is not None) == by_latent
    assert found["mutual_information_nats"] <= math.log(8) + 1e-4


@pytest.mark.parametrize(
    "options", [{"recipe": "ae"}, {"recipe": "hvae"}, {"recipe": "cvae"}, {"recipe": "iaf"}]
)
def test_models_without_such_parts_have_none(options):
    vae = tiny.vae(**options)
    assert decomposition(vae, [Batch(tiny.images(8), None)]) is None
