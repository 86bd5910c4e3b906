"""AnnealedSampler: on linear models, of which log p(x) is known; on all kinds; what it refuses."""

import numpy as np
import pytest
import scipy.special
import scipy.stats

from keras_vae import VAE, Decoder, Encoder, likelihoods, networks, posteriors, priors, seeds
from keras_vae.evaluation import AnnealedSampler, exact_log_likelihood, sigmoidal, simulate
from keras_vae.inference import importance
from keras_vae.networks.bayesian import bayesian_layers
from tests import tiny

N = 40


@pytest.fixture(scope="module")
def linear():
    """(model, x [N, ...], exact log p(x) [N]): q is off by a deviation, and twice too wide."""
    return tiny.exact_linear(offset=1.0, widening=2.0, n=N)


def sampler(model, num_steps=30, **options):
    return AnnealedSampler(model, sigmoidal(num_steps), **options)


def error(found, num_samples=16):
    """(standard error, bias) of the mean estimate from below.

    Var(w) / E(w)^2 is S / ESS - 1; the log of a mean of S has that / S as variance, half as bias.
    """
    relative = 1.0 / found.effective_sample_size.numpy() - 1.0 / num_samples
    return np.sqrt(relative.sum()) / len(relative), relative.mean() / 2.0


# Estimates -------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", ["posterior", "prior"])
def test_it_meets_the_exact_likelihood(linear, start):
    model, x, exact = linear
    found = sampler(model, start=start)(x, seed=0)
    stderr, bias = error(found)
    assert stderr < 0.05
    assert abs(np.mean(found.log_likelihood - exact) + bias) < 2.0 * stderr + bias
    # The warm-up has found the step size of each example, here alike.
    rate = found.acceptance_rate.numpy()
    assert 0.6 < rate.mean() < 0.8
    assert rate.min() > 0.5


def test_weights_are_unbiased_however_few_the_temperatures(linear):
    """The mean of w is p(x) in expectation: the more chains, the nearer is its log."""
    model, x, exact = linear
    found = sampler(model, num_steps=3, num_chains=2000)(x, seed=0)
    stderr, bias = error(found, 2000)
    assert stderr < 0.01
    assert abs(np.mean(found.log_likelihood - exact)) < 2.0 * stderr + bias


def test_importance_sampling_and_both_bounds_bracket_the_exact_value(linear):
    model, _, _ = linear
    x, z = simulate(model, 300, seed=0)
    exact = exact_log_likelihood(model, x).numpy()
    lower, upper = sampler(model, num_steps=3, num_chains=2).bounds(x, z, seed=0)
    below, above = lower.log_likelihood - exact, upper.log_likelihood - exact
    assert below.numpy().mean() < -4.0 * below.numpy().std() / np.sqrt(300)
    assert above.numpy().mean() > 4.0 * above.numpy().std() / np.sqrt(300)
    # 1 / w is unbiased too: of all x and z, p(x) / w is 1 in expectation.
    inverse = np.exp(-above)
    assert abs(inverse.mean() - 1.0) < 4.0 * inverse.std() / np.sqrt(300)
    k = 2000
    by_importance = importance.ImportanceSampler(model)(x, k, seeds.derive(0))
    stderr, bias = error(by_importance, k)
    assert abs(np.mean(by_importance.log_likelihood - exact)) < 2.0 * stderr + bias
    assert lower.log_likelihood.numpy().mean() < by_importance.log_likelihood.numpy().mean()


def test_the_gap_closes_with_many_temperatures(linear):
    model, _, _ = linear
    gap = sampler(model, num_steps=60).bounds(*simulate(model, 100, seed=0), seed=0).gap.numpy()
    assert abs(gap.mean()) < 0.02 + 3.0 * gap.std() / np.sqrt(100)
    assert gap.std() < 0.3


def test_it_is_the_seeds(linear):
    model, x, _ = linear
    sample = sampler(model, num_steps=3)
    a, b, other = (sample(x, seed).log_likelihood.numpy() for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert (a != other).all()
    for a, b in zip(simulate(model, 3, seed=1), simulate(model, 3, seed=1), strict=True):
        np.testing.assert_array_equal(a, b)


def test_batches_are_put_end_to_end(linear):
    """The last is shorter; each has draws of its own."""
    model, x, exact = linear
    sample = sampler(model, batch_size=10)
    found = sample(np.repeat(x[:1], 13, axis=0), seed=0)
    assert len(set(found.log_likelihood.numpy())) == 13
    stderr, bias = error(found)
    assert abs(np.mean(found.log_likelihood - exact[0])) < 3.0 * stderr + 2.0 * bias
    x, z = simulate(model, 13, seed=0, batch_size=10)
    assert len(np.unique(x, axis=0)) == len(np.unique(z, axis=0)) == 13
    assert sample.bounds(x, z, seed=0).gap.shape == (13,)


def test_what_the_model_draws_is_of_its_z(linear):
    model, _, _ = linear
    x, z = simulate(model, 500, seed=0)
    residual = (x - model.decode(z).mean()).numpy()
    for values, scale in ((z.numpy(), 1.0), (residual, 0.5)):
        assert abs(values.mean()) < 4.0 * scale / np.sqrt(values.size)
        np.testing.assert_allclose(values.std(), scale, rtol=4.0 / np.sqrt(2.0 * values.size))


# All kinds of models ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"prior": "mixture", "condition": "label"},
        {"prior": "conditional_normal"},
        {"condition": "image_part", "visible": "left_half"},
        {"recipe": "hvae"},
        {"recipe": "ladder"},
        {"recipe": "sequence", "latent_samples": 2},
        {"recipe": "monte_carlo", "latent_samples": 2},
        {"recipe": "gmvae"},
        {"recipe": "gmvae", "condition": "label"},
    ],
    ids=lambda options: "-".join(map(str, options.values())),
)
def test_importance_sampling_agrees(options):
    # Far from q(z|x), as of larger weights, either would miss what weighs most and not know it.
    model = tiny.randomize(tiny.vae(**options), scale=0.03)
    n, k = 10, 2000
    x, condition = tiny.images_for(model, n), tiny.conditions_for(model, n)
    by_importance = importance.ImportanceSampler(model)(x, k, seeds.derive(0), condition)
    found = sampler(model, num_steps=20)(x, 0, condition)
    difference = np.mean(found.log_likelihood - by_importance.log_likelihood)
    (stderr, bias), (k_stderr, k_bias) = error(found), error(by_importance, k)
    assert stderr < 0.15
    assert abs(difference) < 3.0 * np.hypot(stderr, k_stderr) + bias + k_bias


def test_it_meets_the_integral_over_the_latent_of_a_bayesian_linear_model():
    options = {"weights": "bayes", "network": "linear", "likelihood": "normal", "latent_dim": 1}
    model = tiny.randomize(tiny.vae(**options), scale=0.3)
    (layer,) = bayesian_layers(model)
    loc, raw_scale = layer.dense.get_weights()
    layer.dense.set_weights([loc, np.full_like(raw_scale, np.log(np.expm1(0.3)))])
    x, z = simulate(model, 40, seed=0)
    grid = np.linspace(-8.0, 8.0, 2001, dtype=np.float32)
    log_joint = scipy.stats.norm.logpdf(grid)[:, np.newaxis] + np.stack(
        [model.decode(grid[:, np.newaxis]).log_prob(row) for row in x], axis=1
    )
    exact = scipy.special.logsumexp(log_joint, axis=0) + np.log(grid[1] - grid[0])
    bounds = sampler(model, num_steps=50, start="prior").bounds(x, z, seed=0)
    below, above = (b.log_likelihood.numpy() - exact for b in (bounds.lower, bounds.upper))
    # Chains that walk back begin at the same z: the error of their mean is that over examples.
    two_errors = 2.0 * np.array([below.std(), above.std()]) / np.sqrt(40)
    assert two_errors.max() < 0.1
    assert abs(below.mean()) < two_errors[0] + error(bounds.lower)[1]
    assert -two_errors[1] < above.mean() < two_errors[1] + 0.1


def test_an_image_that_is_its_own_condition_need_not_be_given_twice():
    model = tiny.vae(condition="image_part", visible="left_half")
    x, sample = tiny.images_for(model, 3), sampler(model, num_steps=3)
    for a, b in zip(sample(x, 0), sample(x, 0, x), strict=True):
        np.testing.assert_array_equal(a, b)
    # The given half is not drawn.
    drawn, z = simulate(model, 3, seed=0, condition=x)
    left = slice(0, model.event_shape[1] // 2)
    np.testing.assert_array_equal(drawn[:, :, left], x[:, :, left])
    assert np.isfinite(sample.bounds(drawn, z, seed=0).gap).all()


def test_an_autoencoder_with_a_fitted_prior_is_annealed_from_there():
    """Its p(x) is that of plain Monte Carlo, the mean of p(x|z) over draws of the prior."""
    model = tiny.vae(posterior="deterministic", likelihood="normal", latent_dim=2)
    x = tiny.images_for(model, 10)
    model.fit_prior(priors.GaussianMixture(2, num_components=2), model.code(tiny.images(40)))
    z = model.prior_sample(model.prior.draw_noise([0, 0], 20_000))
    by_draws = [np.logaddexp.reduce(model.decode(z).log_prob(row)) - np.log(20_000) for row in x]
    found = sampler(model, start="prior")(x, seed=0)
    stderr, bias = error(found)
    assert stderr < 0.05
    assert abs(np.mean(found.log_likelihood - by_draws)) < 3.0 * stderr + bias + 0.02
    with pytest.raises(
        ValueError, match=r"needs a density .* use AnnealedSampler\(vae, start='prior'\)"
    ):
        AnnealedSampler(model)


# What it refuses -------------------------------------------------------------------------------


def test_models_without_a_continuous_density_are_refused():
    with pytest.raises(ValueError, match=r"needs p\(z\), which an autoencoder has not"):
        AnnealedSampler(tiny.vae(posterior="deterministic"))
    with pytest.raises(ValueError, match="a label among its latents that mixes"):
        AnnealedSampler(tiny.vae(recipe="gmvae", relaxation="relaxed"))
    seen = VAE(
        Encoder(networks.linear(), posteriors.CategoricalNormal(2, 3)),
        Decoder(networks.linear(), likelihoods.Bernoulli((2, 2, 1))),
        priors.LabelledMixture(2, 3),
    )
    with pytest.raises(ValueError, match=r"a label .* that its decoder sees: use log_likelihood"):
        AnnealedSampler(seen)


def test_a_label_is_summed_out_of_both_bounds():
    model = tiny.randomize(tiny.vae(recipe="gmvae"), scale=0.1)
    x, z = simulate(model, 20, seed=0)
    for start in ("posterior", "prior"):
        bounds = sampler(model, start=start).bounds(x, z, seed=0)
        (stderr, bias), (upper_stderr, upper_bias) = error(bounds.lower), error(bounds.upper)
        assert stderr < 0.15
        tolerance = 3.0 * np.hypot(stderr, upper_stderr) + bias + upper_bias
        assert abs(np.mean(bounds.gap)) < tolerance


@pytest.mark.parametrize(
    "temperatures",
    [[0.0, 1.0], [0.1, 0.5, 1.0], [0.0, 0.5, 0.9], [0.0, 0.5, 0.5, 1.0], [0.0, np.nan, 1.0], 0.5],
)
def test_temperatures_that_do_not_lead_from_0_to_1_are_refused(linear, temperatures):
    with pytest.raises(ValueError, match="temperatures must increase from 0 to 1"):
        AnnealedSampler(linear[0], temperatures)


@pytest.mark.parametrize("name", ["num_chains", "num_leapfrog_steps", "batch_size"])
def test_numbers_below_one_are_refused(linear, name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        AnnealedSampler(linear[0], **{name: 0})


def test_another_start_is_refused(linear):
    with pytest.raises(ValueError, match="start must be posterior or prior, got 'data'"):
        AnnealedSampler(linear[0], start="data")


def test_the_default_schedule_is_that_of_wu_et_al():
    t = sigmoidal(10)
    sigmoid = lambda x: 1.0 / (1.0 + np.exp(-x))  # noqa: E731
    wanted = [
        (sigmoid(4.0 * (2.0 * k / 10 - 1.0)) - sigmoid(-4.0)) / (sigmoid(4.0) - sigmoid(-4.0))
        for k in range(11)
    ]
    np.testing.assert_allclose(t, wanted, atol=1e-12)
    assert (t[0], t[-1]) == (0.0, 1.0)
