"""Likelihoods are normalised densities with the right mean, and safe at any network output."""

import itertools

import numpy as np
import pytest
import scipy.special
import scipy.stats

from keras_vae import likelihoods
from keras_vae._compat import tf
from keras_vae.building.parts import LIKELIHOODS
from keras_vae.distributions import one_pass
from keras_vae.likelihoods import Support
from tests import tiny

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
    "logistic_mixture_2": likelihoods.MixtureOfLogistics((1,), levels=2, num_components=3),
    "logistic_mixture_256": likelihoods.MixtureOfLogistics((1,), levels=256),
    "laplace": likelihoods.Laplace((1,)),
    "student_t": likelihoods.StudentT((1,)),
    "poisson": likelihoods.Poisson((1,)),
}
OF_ARRAYS = {name: LIKELIHOODS[name] for name in tiny.LIKELIHOODS_OF_ARRAYS}
ONE_PIXEL |= {
    name: member(tiny.config(likelihood=name).model, (1,))
    for name, member in OF_ARRAYS.items()
    if member.kind not in {type(p) for p in ONE_PIXEL.values()}
}
IN_THE_UNIT = (Support.BINARY, Support.UNIT, Support.LEVELS)
DISCRETE = [n for n, p in ONE_PIXEL.items() if p.support not in (Support.UNIT, Support.REAL)]
CONTINUOUS = [n for n in ONE_PIXEL if n not in DISCRETE]


def params(likelihood, n=40, spread=2.0):
    """[n, 1, params_per_value] random network outputs."""
    rng = np.random.default_rng(1)
    return (spread * rng.normal(size=(n, 1, likelihood.params_per_value))).astype(np.float32)


def support_of(likelihood):
    """All values [V, 1, 1] that a pixel may take; of counts, all that have mass worth the name."""
    if likelihood.support is Support.COUNTS:
        return np.arange(1000, dtype=np.float32)[:, np.newaxis, np.newaxis]
    levels = likelihood.levels or 2
    return (np.arange(levels) / (levels - 1)).astype(np.float32)[:, np.newaxis, np.newaxis]


def test_every_likelihood_has_a_pixel():
    assert {type(p) for p in ONE_PIXEL.values()} == {member.kind for member in OF_ARRAYS.values()}


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
    raw = params(likelihood, spread=1.0)
    p = likelihood(raw)
    # Gauss-Legendre on panels of 4 points: exact to float32 for densities wider than 0.05.
    nodes, weights = np.polynomial.legendre.leggauss(4)
    edges, loc = np.linspace(0.0, 1.0, 601), 0.0
    if likelihood.support is Support.REAL:  # Around loc, where a corner may be, and far out.
        right = np.concatenate(
            [np.linspace(0.0, 4.0, 301), 4.0 * np.exp(np.linspace(0.03, 9, 300))]
        )
        edges, loc = np.concatenate([-right[:0:-1], right]), raw[..., 0]
    middle, half = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    x = loc + (middle[:, np.newaxis] + half[:, np.newaxis] * nodes).reshape(-1, 1, 1)  # [X, n, 1]
    weights = (half[:, np.newaxis] * weights).reshape(-1, 1)
    density = np.exp(p.log_prob(x.astype(np.float32)).numpy().astype(np.float64))
    # log p is rounded at about 10 * 2^-23 relative, x at 30 * 2^-24.
    np.testing.assert_allclose((weights * density).sum(0), 1.0, atol=2e-5)
    mean = (weights * density * x[..., 0]).sum(0)[:, np.newaxis]
    np.testing.assert_allclose(p.mean(), mean, atol=1e-4)


def test_bernoulli_is_scipys():
    logits = params(ONE_PIXEL["bernoulli"])
    x = np.array([0.0, 1.0], np.float32)[:, None, None]
    wanted = scipy.stats.bernoulli(1 / (1 + np.exp(-logits[..., 0]))).logpmf(x)[..., 0]
    np.testing.assert_allclose(ONE_PIXEL["bernoulli"](logits).log_prob(x), wanted, rtol=1e-5)


@pytest.mark.parametrize("shape", [(28, 28, 1), (4, 3, 3), (13,)])
def test_bernoulli_of_many_values_is_exact_however_sure_it_is(shape):
    rng = np.random.default_rng(2)
    logits = (
        rng.choice([0.1, 5.0, 300.0], [6, 4, *shape]) * rng.normal(size=[6, 4, *shape])
    ).astype(np.float32)
    x = rng.integers(0, 2, [4, *shape]).astype(np.float32)
    params = tf.constant(logits[..., np.newaxis])
    with tf.GradientTape() as tape:
        tape.watch(params)
        log_prob = likelihoods.Bernoulli(shape)(params).log_prob(x)
    exact = logits.astype(np.float64)
    axes = tuple(range(2, 2 + len(shape)))
    wanted = -np.logaddexp(0.0, (1 - 2 * x) * exact).sum(axes)
    np.testing.assert_allclose(log_prob, wanted, rtol=1e-6)
    slope = x - scipy.special.expit(exact)
    np.testing.assert_allclose(tape.gradient(log_prob, params)[..., 0], slope, atol=1e-6)


@pytest.mark.parametrize("name", ONE_PIXEL)
def test_densities_in_one_pass_are_the_same(name):
    likelihood = ONE_PIXEL[name]
    raw = params(likelihood)
    x = support_of(likelihood)

    @tf.function
    def log_prob(raw, x):
        with one_pass():
            return likelihood(raw).log_prob(x)

    graph = log_prob.get_concrete_function(raw, x).graph.as_graph_def()
    assert any(f.attr["_XlaMustCompile"].b for f in graph.library.function)
    np.testing.assert_allclose(log_prob(raw, x), likelihood(raw).log_prob(x), rtol=2e-5, atol=1e-5)


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


def test_laplace_and_student_t_are_scipys():
    raw = params(ONE_PIXEL["laplace"])
    loc, x = raw[..., 0].astype(np.float64), np.linspace(-8, 8, 41, dtype=np.float32)[:, None, None]
    scale = np.log1p(np.exp(raw[..., 1] + np.log(np.expm1(0.5)))) + 1e-3
    wanted = scipy.stats.laplace(0, scale).logpdf(0) - np.abs(x - loc) / scale
    np.testing.assert_allclose(ONE_PIXEL["laplace"](raw).log_prob(x), wanted[..., 0], rtol=1e-4)
    likelihood = likelihoods.StudentT((1,))
    likelihood(raw)
    np.testing.assert_allclose(likelihood.df, 5.0, rtol=1e-6)
    likelihood.raw_df.assign(-0.3)
    wanted = scipy.stats.t(2.0 + np.log1p(np.exp(-0.3)), loc, scale).logpdf(x)
    np.testing.assert_allclose(likelihood(raw).log_prob(x), wanted[..., 0], rtol=1e-4, atol=1e-5)


def test_student_t_of_many_degrees_of_freedom_is_the_normal():
    raw = params(ONE_PIXEL["student_t"])
    likelihood = likelihoods.StudentT((1,))
    likelihood(raw)
    likelihood.raw_df.assign(1e6)
    x = raw[..., 0] + np.linspace(-1, 1, 9, dtype=np.float32)[:, None, None]
    # The log densities differ by about (x / scale)^4 / (4 df), and lgamma(df) by rounding.
    normal = ONE_PIXEL["normal_per_pixel_scale"](raw).log_prob(x)
    np.testing.assert_allclose(likelihood(raw).log_prob(x), normal, rtol=0.01, atol=0.01)


def test_poisson_is_scipys():
    raw = params(ONE_PIXEL["poisson"])
    x = support_of(ONE_PIXEL["poisson"])[:200]
    wanted = scipy.stats.poisson(np.exp(raw[..., 0].astype(np.float64))).logpmf(x)[..., 0]
    np.testing.assert_allclose(ONE_PIXEL["poisson"](raw).log_prob(x), wanted, rtol=1e-5, atol=1e-4)


def test_a_rate_beyond_the_largest_is_led_back():
    raw = tf.constant([[[50.0]]])
    with tf.GradientTape() as tape:
        tape.watch(raw)
        p = ONE_PIXEL["poisson"](raw)
        log_prob = p.log_prob(np.float32([7.0]))
    np.testing.assert_allclose(p.mean(), [[np.exp(15.0)]], rtol=1e-5)
    np.testing.assert_allclose(tape.gradient(log_prob, raw), [[[7.0 - np.exp(15.0)]]], rtol=1e-5)


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
    mass = level_masses(raw[..., 0] + 0.5, raw[..., 1], 17)
    log_prob = likelihood(raw.astype(np.float32)).log_prob(support_of(likelihood)).numpy()
    np.testing.assert_allclose(log_prob, np.log(mass)[..., 0], rtol=1e-5, atol=1e-5)


def level_masses(loc, raw_scale, levels):
    """[levels, ...]: the masses of a rounded logistic, by scipy in float64; loc is in [0, 1]."""
    top = levels - 1
    scale = top * np.log1p(np.exp(raw_scale + np.log(np.expm1(0.1)))) + 0.1
    k = np.arange(float(levels)).reshape(-1, *[1] * loc.ndim)
    logistic = scipy.stats.logistic(top * loc, scale)
    upper = np.where(k == top, 1.0, logistic.cdf(k + 0.5))
    lower = np.where(k == 0, 0.0, logistic.cdf(k - 0.5))
    # Tails by the survival function, where 1 - cdf would cancel.
    return np.where(
        k > top * loc,
        np.where(k == 0, 1.0, logistic.sf(k - 0.5)) - np.where(k == top, 0.0, logistic.sf(k + 0.5)),
        upper - lower,
    )


def test_a_mixture_of_logistics_is_the_weighted_sum_of_its_components():
    likelihood = likelihoods.MixtureOfLogistics((1,), levels=17, num_components=3)
    raw = params(likelihood).astype(np.float64)
    logits, raw_loc, raw_scale = np.split(raw, 3, axis=-1)  # [n, 1, 3]
    mass = level_masses(raw_loc + np.array([1, 3, 5]) / 6, raw_scale, 17)  # [17, n, 1, 3]
    mixed = (scipy.special.softmax(logits, axis=-1) * mass).sum(-1)[..., 0]
    p = likelihood(raw.astype(np.float32))
    log_prob = p.log_prob(support_of(likelihood))
    np.testing.assert_allclose(log_prob, np.log(mixed), rtol=1e-5, atol=1e-5)
    mean = (np.arange(17.0)[:, np.newaxis] / 16 * mixed).sum(0)
    np.testing.assert_allclose(p.mean()[:, 0], mean, rtol=1e-5)


def test_a_mixture_of_one_logistic_is_the_discretized_logistic():
    mixture = likelihoods.MixtureOfLogistics((1,), levels=17, num_components=1)
    raw = params(mixture)
    one = ONE_PIXEL["discretized_logistic_17"](raw[..., 1:])  # Without the weight.
    x = support_of(mixture)
    np.testing.assert_allclose(mixture(raw).log_prob(x), one.log_prob(x), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(mixture(raw).mean(), one.mean(), rtol=1e-6)


@pytest.mark.parametrize("raw_loc", [-1e4, -10.0, 10.0, 1e4])
def test_a_location_far_off_the_levels_is_led_back(raw_loc):
    raw = tf.constant([[[raw_loc, 0.0]]])
    with tf.GradientTape() as tape:
        tape.watch(raw)
        log_prob = ONE_PIXEL["discretized_logistic_256"](raw).log_prob(np.float32([100 / 255]))
    gradient = tape.gradient(log_prob, raw).numpy()[0, 0, 0]
    # Far out, log p falls by 1 for each scale.
    np.testing.assert_allclose(gradient, -np.sign(raw_loc) * 255 / (255 * 0.1 + 0.1), rtol=1e-3)


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
    if likelihood.support in (Support.LEVELS, Support.COUNTS):
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
        levels = likelihood.levels or 2
        np.testing.assert_allclose(x * (levels - 1), np.round(x * (levels - 1)), atol=1e-4)
    if likelihood.support is Support.COUNTS:
        np.testing.assert_array_equal(x, np.round(x))
        assert x.min() >= 0
    if likelihood.support in IN_THE_UNIT:
        assert 0 <= x.min() <= x.max() <= 1
    error = x.std(0) / np.sqrt(n)
    assert (np.abs(x.mean(0) - p.mean()) < 5 * error).all()


@pytest.mark.parametrize("name", list(ONE_PIXEL))
def test_pixels_are_independent_and_the_tensor_is_the_mean(name):
    one = ONE_PIXEL[name]
    options = {
        k: v for k, v in one.get_config().items() if k in ("scale", "levels", "num_components")
    }
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
    quantised = (
        likelihoods.DiscretizedLogistic,
        likelihoods.MixtureOfLogistics,
        likelihoods.Categorical,
    )
    for make in quantised:
        with pytest.raises(ValueError, match="levels must be at least 2, got 1"):
            make((1,), levels=1)
    with pytest.raises(ValueError, match="num_components must be at least 1, got 0"):
        likelihoods.MixtureOfLogistics((1,), num_components=0)


@pytest.mark.parametrize(
    ("likelihood", "good", "bad"),
    [
        (likelihoods.Bernoulli((2,)), [0.0, 1.0], [0.0, 0.5]),
        (likelihoods.ContinuousBernoulli((2,)), [0.0, 0.5], [0.0, 1.5]),
        (likelihoods.Normal((2,)), [-7.0, 1e9], [0.0, float("nan")]),
        (likelihoods.DiscretizedLogistic((2,), 5), [0.25, 1.0], [0.3, 1.0]),
        (likelihoods.Categorical((2,), 5), [0.0, 0.75], [0.0, 1.25]),
        (likelihoods.MixtureOfLogistics((2,), 5), [0.0, 0.75], [0.0, 1.25]),
        (likelihoods.Laplace((2,)), [-7.0, 1e9], [0.0, float("inf")]),
        (likelihoods.StudentT((2,)), [-7.0, 1e9], [0.0, float("inf")]),
        (likelihoods.Poisson((2,)), [0.0, 1234.0], [0.0, 0.5]),
        (likelihoods.Poisson((2,)), [0.0, 7.0], [-1.0, 7.0]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_check_values_refuses_what_has_no_mass(likelihood, good, bad):
    likelihood.check_values(good)
    with pytest.raises(ValueError, match=r"gives no mass|must be finite, got 1 NaN or infinite"):
        likelihood.check_values(bad)
