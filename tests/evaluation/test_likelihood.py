"""likelihood: against the closed form of the linear model, p(x) = N(b, W W^T + s^2 I)."""

import math

import numpy as np
import pytest

from keras_vae.batches import Batch
from keras_vae.evaluation import likelihood, of_examples, summarize
from tests import tiny

D, N, K = 2, 20, 2000


def in_batches(x, size=8):
    """Batches of `size` examples, the last one shorter."""
    return [Batch(x[i : i + size], None) for i in range(0, len(x), size)]


@pytest.fixture(scope="module")
def exact():
    """All importance weights of an example are p(x): no sampling error in the likelihood."""
    return tiny.exact_linear(n=N)


@pytest.fixture(scope="module")
def loose():
    return tiny.exact_linear(offset=0.5, widening=1.5, n=N)


def sampling_error(result):
    """(standard error, bias) of nll_nats over seeds.

    Var(w) / E(w)^2 is k / ESS - 1, here the same for all x; log of a mean of w has that / k as
    variance and half of it as bias.
    """
    k = result["num_samples"]
    relative = (k / result["effective_sample_size"] - 1.0) / k
    return math.sqrt(relative / result["num_examples"]), relative / 2.0


@pytest.mark.parametrize("k", [K, 100_000])
def test_the_nll_is_the_exact_one_within_sampling_error(loose, k):
    model, x, log_p = loose
    found = likelihood(model, in_batches(x), k)
    error, bias = sampling_error(found)
    assert 0.0 < error < 0.01
    assert abs(found["nll_nats"] + log_p.mean()) < 2.0 * error + bias
    assert 1.0 < found["effective_sample_size"] < 0.9 * k
    # The weights' spread is the same for all x here, and so is the bias.
    assert found["nll_looseness_nats"] == pytest.approx(bias, rel=0.05)


def test_without_sampling_error_mean_and_standard_error_are_those_of_the_examples(exact):
    """Of examples, not of batches: the last batch is shorter."""
    model, x, log_p = exact
    found = likelihood(model, in_batches(x), 10)
    # 12 squares in float32, up to some ten nats: far below ddof=0 (2.5%) or means of batches.
    np.testing.assert_allclose(found["nll_nats"], -log_p.mean(), rtol=1e-4)
    stderr = np.std(log_p, ddof=1) / np.sqrt(N)
    np.testing.assert_allclose(found["nll_stderr"], stderr, rtol=1e-4)
    np.testing.assert_allclose(found["effective_sample_size"], 10, rtol=1e-3)
    np.testing.assert_allclose(found["nll_looseness_nats"], 0.0, atol=1e-4)
    assert (found["num_examples"], found["num_samples"], found["seed"]) == (N, 10, 0)


def test_the_elbo_and_its_parts_are_the_exact_ones_at_beta_one(loose):
    """ELBO = log p(x) - KL(q || posterior), whatever beta was in training."""
    model, x, log_p = loose
    model.beta.assign(7.0)
    found = likelihood(model, in_batches(x), K)
    model.beta.assign(1.0)
    parts = found["rate_nats"] + found["distortion_nats"]
    np.testing.assert_allclose(found["elbo_nats"], -parts, rtol=1e-6)
    # KL(q || p(z)) of normals.
    q = model.encode(x)
    loc, scale = q.mean().numpy(), q.stddev().numpy()
    rate = (0.5 * (loc**2 + scale**2 - 1.0) - np.log(scale)).sum(1).mean()
    np.testing.assert_allclose(found["rate_nats"], rate, rtol=1e-5)
    by_latent = (0.5 * (loc**2 + scale**2 - 1.0) - np.log(scale)).mean(0)
    np.testing.assert_allclose(found["rate_nats_by_latent"], by_latent, rtol=1e-5)
    # KL(q || posterior): the same in each of the D posteriors.
    gap = D * (0.5 * (1.5**2 + 0.5**2 - 1.0) - np.log(1.5))
    spread = model.terms(x, tiny.noise(model, 500, N)).log_likelihood.numpy().std(0).mean()
    assert abs(found["elbo_nats"] - (log_p.mean() - gap)) < 4.0 * spread / math.sqrt(N * K)


def test_of_examples_has_a_row_for_each_and_tells_how_far_it_is(exact):
    model, x, log_p = exact
    told = []
    rows = of_examples(model, in_batches(x), 10, progress=told.append)
    assert told == [1, 2, 3]
    np.testing.assert_allclose(rows["nll"], -log_p, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(rows["effective_sample_size"], np.full(N, 10.0), rtol=1e-3)
    np.testing.assert_allclose(rows["kl"].sum(1), rows["rate"], rtol=1e-5)
    assert summarize(model, rows, 10, 0) == likelihood(model, in_batches(x), 10)


def test_batch_sizes_change_it_by_no_more_than_sampling_error(loose):
    model, x, _ = loose
    results = [likelihood(model, in_batches(x, size), K) for size in (1, 8, N)]
    error, _ = sampling_error(results[0])
    nll = [r["nll_nats"] for r in results]
    assert np.ptp(nll) < 5.0 * math.sqrt(2.0) * error
    assert [r["num_examples"] for r in results] == [N, N, N]


def test_it_is_the_seeds(loose):
    model, x, _ = loose
    a, b, other = (likelihood(model, in_batches(x), 10, seed) for seed in (1, 1, 2))
    assert a == b
    assert a["nll_nats"] != other["nll_nats"]


@pytest.mark.parametrize("name", ["discretized_logistic", "bernoulli"])
def test_discrete_data_has_bits_per_dim(name):
    """Per value of the [7, 5, 1] images."""
    model = tiny.vae(likelihood=name)
    found = likelihood(model, in_batches(tiny.images_for(model, 6)), 3)
    np.testing.assert_allclose(found["bits_per_dim"], found["nll_nats"] / math.log(2) / 35)
    for end, sign in (("", -1), ("_stderr", 1)):
        nats = sign * found[f"elbo{end or '_nats'}"]
        np.testing.assert_allclose(found[f"elbo_bits_per_dim{end}"], nats / math.log(2) / 35)
        for part in ("distortion", "rate"):
            nats = found[f"{part}{end or '_nats'}"]
            np.testing.assert_allclose(found[f"{part}_bits_per_dim{end}"], nats / math.log(2) / 35)
    together = found["distortion_bits_per_dim"] + found["rate_bits_per_dim"]
    np.testing.assert_allclose(together, found["elbo_bits_per_dim"], rtol=1e-6)


def test_bits_per_dim_are_of_the_values_that_the_condition_does_not_give():
    """Of 7 x 5 pixels, 3 rows are given."""
    model = tiny.vae(condition="image_part", visible="top_half")
    found = likelihood(model, in_batches(tiny.images_for(model, 6)), 3)
    np.testing.assert_allclose(found["bits_per_dim"], found["nll_nats"] / math.log(2) / 20)


def test_densities_have_no_bits_per_dim(exact):
    model, x, _ = exact
    found = likelihood(model, in_batches(x), 2)
    assert found["bits_per_dim"] is found["elbo_bits_per_dim"] is None
    assert found["distortion_bits_per_dim"] is found["rate_bits_per_dim"] is None


def test_an_autoencoder_has_a_distortion_alone():
    model = tiny.vae(posterior="deterministic")
    x = tiny.images_for(model, 10)
    found = likelihood(model, in_batches(x))
    distortion = -model.decode(model.encode(x).mean()).log_prob(x).numpy()
    np.testing.assert_allclose(found.pop("distortion_nats"), distortion.mean(), rtol=1e-5)
    np.testing.assert_allclose(
        found.pop("distortion_stderr"), distortion.std(ddof=1) / np.sqrt(10), rtol=1e-4
    )
    assert (found.pop("num_examples"), found.pop("seed")) == (10, 0)
    names = """elbo_nats elbo_stderr rate_nats rate_stderr rate_nats_by_latent rate_nats_by_layer
            nll_nats nll_stderr nll_looseness_nats effective_sample_size weight_kl_nats bits_per_dim
            bits_per_dim_stderr elbo_bits_per_dim elbo_bits_per_dim_stderr num_samples"""
    assert found == dict.fromkeys(names.split())


def test_no_samples_are_refused(exact):
    model, x, _ = exact
    with pytest.raises(ValueError, match="num_samples must be at least 1, got 0"):
        likelihood(model, in_batches(x), num_samples=0)
