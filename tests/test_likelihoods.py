"""Likelihoods are normalised densities with the right mean, and safe at any network output."""

import itertools

import numpy as np
import pytest
import scipy.stats

from keras_vae import likelihoods
from keras_vae._compat import tf
from keras_vae.likelihoods import Support

# Every likelihood of a single pixel, and the levels it was made for.
ONE_PIXEL = {
    "bernoulli": likelihoods.Bernoulli((1,)),
    "continuous_bernoulli": likelihoods.ContinuousBernoulli((1,)),
    "normal": likelihoods.Normal((1,), scale=0.7),
    "normal_learned_scale": likelihoods.LearnedScaleNormal((1,)),
    "normal_per_pixel_scale": likelihoods.PerPixelScaleNormal((1,)),
    "discretized_logistic_2": likelihoods.DiscretizedLogistic((1,), levels=2),
    "discretized_logistic_17": likelihoods.DiscretizedLogistic((1,), levels=17),
    "discretized_logistic_256": likelihoods.DiscretizedLogistic((1,), levels=256),
    "categorical_5": likelihoods.Categorical((1,), levels=5),
    "categorical_256": likelihoods.Categorical((1,), levels=256),
}
DISCRETE = [n for n, p in ONE_PIXEL.items() if p.support in (Support.BINARY, Support.LEVELS)]
CONTINUOUS = [n for n in ONE_PIXEL if n not in DISCRETE]


def params(likelihood, n=40, spread=2.0):
    """[n, 1, params_per_value] random network outputs."""
    rng = np.random.default_rng(1)
    return (spread * rng.normal(size=(n, 1, likelihood.params_per_value))).astype(np.float32)


def support_of(likelihood):
    """All values [V, 1, 1] that a pixel may take."""
    levels = getattr(likelihood, "levels", 2)
    return (np.arange(levels) / (levels - 1)).astype(np.float32)[:, np.newaxis, np.newaxis]


@pytest.mark.parametrize("name", DISCRETE)
def test_discrete_likelihoods_sum_to_one_over_all_levels(name):
    likelihood = ONE_PIXEL[name]
    x = support_of(likelihood)
    total = np.exp(likelihood(params(likelihood)).log_prob(x).numpy().astype(np.float64)).sum(0)
    # Each of the V masses is a difference of numbers up to 1, rounded to 2^-23.
    np.testing.assert_allclose(total, 1.0, atol=len(x) * 2.0**-22)


@pytest.mark.parametrize("name", DISCRETE)
def test_mean_of_discrete_likelihoods_is_the_sum_over_levels(name):
    likelihood = ONE_PIXEL[name]
    x = support_of(likelihood)
    p = likelihood(params(likelihood))
    mass = np.exp(p.log_prob(x).numpy().astype(np.float64))[..., np.newaxis]
    np.testing.assert_allclose(p.mean(), (x * mass).sum(0), atol=len(x) * 2.0**-22)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_likelihoods_integrate_to_one_and_have_the_right_mean(name):
    likelihood = ONE_PIXEL[name]
    p = likelihood(params(likelihood, spread=1.0))
    ends = (0.0, 1.0) if likelihood.support is Support.UNIT else (-30.0, 30.0)
    # Gauss-Legendre on 600 panels of 4 points: exact to float32 for densities wider than 0.05.
    nodes, weights = np.polynomial.legendre.leggauss(4)
    edges = np.linspace(*ends, 601)
    middle, half = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    x = (middle[:, np.newaxis] + half[:, np.newaxis] * nodes).reshape(-1)
    weights = (half[:, np.newaxis] * weights).reshape(-1, 1)
    density = np.exp(p.log_prob(x.astype(np.float32)[:, None, None]).numpy().astype(np.float64))
    # log p is rounded at about 10 * 2^-23 relative, x at 30 * 2^-24.
    np.testing.assert_allclose((weights * density).sum(0), 1.0, atol=2e-5)
    mean = (weights * density * x[:, np.newaxis]).sum(0)[:, np.newaxis]
    np.testing.assert_allclose(p.mean(), mean, atol=1e-4)


def test_bernoulli_is_scipys():
    logits = params(ONE_PIXEL["bernoulli"])
    x = np.array([0.0, 1.0], np.float32)[:, None, None]
    wanted = scipy.stats.bernoulli(1 / (1 + np.exp(-logits[..., 0]))).logpmf(x)[..., 0]
    np.testing.assert_allclose(ONE_PIXEL["bernoulli"](logits).log_prob(x), wanted, rtol=1e-5)


def test_normals_are_scipys():
    raw = params(likelihoods.PerPixelScaleNormal((1,)))
    loc, x = raw[..., 0], np.linspace(-2, 2, 9, dtype=np.float32)[:, None, None]
    learned = likelihoods.LearnedScaleNormal((1,))
    learned(raw[..., :1])
    learned.raw_scale.assign(-0.3)
    softplus = lambda t: np.log1p(np.exp(t))  # noqa: E731
    at_start = np.log(np.expm1(0.5))  # A new network's scale is 0.5.
    for likelihood, parameters, scale in [
        (ONE_PIXEL["normal"], raw[..., :1], 0.7),
        (learned, raw[..., :1], softplus(-0.3) + 1e-3),
        (ONE_PIXEL["normal_per_pixel_scale"], raw, softplus(raw[..., 1] + at_start) + 1e-3),
    ]:
        wanted = scipy.stats.norm(loc, scale).logpdf(x)[..., 0]
        np.testing.assert_allclose(likelihood(parameters).log_prob(x), wanted, rtol=2e-4)
    fresh = likelihoods.LearnedScaleNormal((1,))
    fresh(raw[..., :1])
    np.testing.assert_allclose(fresh.scale, 0.5 + 1e-3, rtol=1e-6)


def test_continuous_bernoulli_is_the_papers():
    """log C(lambda) + x log lambda + (1 - x) log(1 - lambda), Loaiza-Ganem & Cunningham, eq. 9."""
    logits = params(ONE_PIXEL["continuous_bernoulli"]).astype(np.float64)
    x = np.linspace(0, 1, 11)[:, None, None]
    probs = 1 / (1 + np.exp(-logits[..., 0]))
    constant = np.log(2 * np.arctanh(1 - 2 * probs) / (1 - 2 * probs))
    wanted = (constant + x * np.log(probs) + (1 - x) * np.log1p(-probs))[..., 0]
    p = ONE_PIXEL["continuous_bernoulli"](logits.astype(np.float32))
    np.testing.assert_allclose(p.log_prob(x.astype(np.float32)), wanted, rtol=1e-4, atol=1e-5)


def test_discretized_logistic_is_a_difference_of_distribution_functions():
    """P(k) = F(k + 1/2) - F(k - 1/2) with F(-1/2) = 0 and F(V - 1/2) = 1; Kingma 2016, app. C."""
    likelihood = ONE_PIXEL["discretized_logistic_17"]
    raw = params(likelihood).astype(np.float64)
    loc = 16 * np.clip(raw[..., 0] + 0.5, -1, 2)
    scale = 16 * np.log1p(np.exp(raw[..., 1] + np.log(np.expm1(0.1)))) + 0.1
    k = np.arange(17.0)[:, None, None]
    logistic = scipy.stats.logistic(loc, scale)
    upper = np.where(k == 16, 1.0, logistic.cdf(k + 0.5))
    lower = np.where(k == 0, 0.0, logistic.cdf(k - 0.5))
    # Tails by the survival function, where 1 - cdf would cancel.
    mass = np.where(
        k > loc,
        np.where(k == 0, 1.0, logistic.sf(k - 0.5)) - np.where(k == 16, 0.0, logistic.sf(k + 0.5)),
        upper - lower,
    )
    log_prob = likelihood(raw.astype(np.float32)).log_prob(support_of(likelihood)).numpy()
    # Both functions are rounded at 2^-24 of themselves; the narrowest mass is 1/4 of one scale.
    np.testing.assert_allclose(log_prob, np.log(mass)[..., 0], rtol=1e-4, atol=1e-4)


def test_discretized_logistic_of_eight_bits_counts_bits():
    """A density that is flat over the 256 levels costs 8 bits, a sharp one at its level none."""
    likelihood = ONE_PIXEL["discretized_logistic_256"]
    sharp = likelihood(np.array([[128 / 255 - 0.5, -1e3]], np.float32))
    np.testing.assert_allclose(sharp.log_prob(np.float32([128 / 255])), np.log(np.tanh(2.5)), 1e-4)
    np.testing.assert_allclose(sharp.mean(), [128 / 255], rtol=1e-5)
    uniform = ONE_PIXEL["categorical_256"](np.zeros((1, 256), np.float32))
    bits = -uniform.log_prob(np.float32([200 / 255])) / np.log(2.0)
    np.testing.assert_allclose(bits, 8.0, rtol=1e-6)


@pytest.mark.parametrize("name", list(ONE_PIXEL))
def test_extreme_network_outputs_give_finite_values_and_gradients(name):
    likelihood = ONE_PIXEL[name]
    extremes = [s * v for v in (0.0, 1.0, 50.0, 88.0, 104.0, 1e2, 1e4, 1e6) for s in (1, -1)]
    k = likelihood.params_per_value
    rng = np.random.default_rng(0)
    rows = list(itertools.product(extremes, repeat=k)) if k < 3 else rng.choice(extremes, (300, k))
    raw = tf.constant(np.array(rows, np.float32)[:, np.newaxis])
    x = tf.constant(np.unique(np.linspace(0, 1, 3)).astype(np.float32)[:, None, None])
    if likelihood.support is Support.BINARY:
        x = x[::2]
    if likelihood.support is Support.LEVELS:
        x = tf.constant(support_of(likelihood)[[0, 1, -2, -1]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(raw)
        p = likelihood(raw)
        log_prob, mean = p.log_prob(x), p.mean()
        total = tf.reduce_sum(log_prob)
    assert np.isfinite(log_prob).all()
    assert np.isfinite(tape.gradient(total, raw)).all()
    assert np.isfinite(mean).all()
    assert np.isfinite(tape.gradient(mean, raw)).all()


@pytest.mark.parametrize("name", list(ONE_PIXEL))
def test_samples_lie_in_the_support_and_have_the_mean(name):
    likelihood = ONE_PIXEL[name]
    p = likelihood(params(likelihood, n=5, spread=1.0))
    n = 4000
    x = p.sample(n, seed=[0, 1]).numpy()
    if likelihood.support in (Support.BINARY, Support.LEVELS):
        levels = getattr(likelihood, "levels", 2)
        np.testing.assert_allclose(x * (levels - 1), np.round(x * (levels - 1)), atol=1e-4)
    if likelihood.support is not Support.REAL:
        assert 0 <= x.min() <= x.max() <= 1
    error = x.std(0) / np.sqrt(n)
    assert (np.abs(x.mean(0) - p.mean()) < 5 * error).all()


@pytest.mark.parametrize("name", list(ONE_PIXEL))
def test_pixels_are_independent_and_the_tensor_is_the_mean(name):
    one = ONE_PIXEL[name]
    options = {k: v for k, v in one.get_config().items() if k in ("scale", "levels")}
    image = type(one)((3, 2, 1), **options)
    raw = params(one, n=2 * 3 * 2).reshape(2, 3, 2, 1, one.params_per_value)
    p = image(raw)
    assert p.batch_shape == (2,)
    assert p.event_shape == (3, 2, 1)
    x = np.float32(support_of(one)[[0, -1]]).reshape(2, 1, 1, 1)
    x = np.broadcast_to(x, (2, 3, 2, 1))
    per_pixel = image.per_value(tf.constant(raw)).log_prob(x).numpy()
    np.testing.assert_allclose(p.log_prob(x), per_pixel.sum((1, 2, 3)), rtol=1e-5)
    np.testing.assert_array_equal(tf.convert_to_tensor(p), p.mean())


def test_impossible_options_are_refused():
    with pytest.raises(ValueError, match=r"scale must be above 0, got 0\.0"):
        likelihoods.Normal((1,), scale=0.0)
    for make in (likelihoods.DiscretizedLogistic, likelihoods.Categorical):
        with pytest.raises(ValueError, match="levels must be at least 2, got 1"):
            make((1,), levels=1)


@pytest.mark.parametrize(
    ("likelihood", "good", "bad"),
    [
        (likelihoods.Bernoulli((2,)), [0.0, 1.0], [0.0, 0.5]),
        (likelihoods.ContinuousBernoulli((2,)), [0.0, 0.5], [0.0, 1.5]),
        (likelihoods.Normal((2,)), [-7.0, 1e9], [0.0, float("nan")]),
        (likelihoods.DiscretizedLogistic((2,), 5), [0.25, 1.0], [0.3, 1.0]),
        (likelihoods.Categorical((2,), 5), [0.0, 0.75], [0.0, 1.25]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_check_values_refuses_what_has_no_mass(likelihood, good, bad):
    likelihood.check_values(good)
    with pytest.raises(ValueError, match="gives no mass"):
        likelihood.check_values(bad)
