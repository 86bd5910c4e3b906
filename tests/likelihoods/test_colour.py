"""Colours whose channels depend on each other, against sums over all colours in float64."""

import itertools

import numpy as np
import pytest
import scipy.special
import scipy.stats

from keras_vae import likelihoods
from keras_vae._compat import tf, tfk, tfkl
from keras_vae.batches import Batch
from keras_vae.building.parts import likelihood_of
from keras_vae.conditions import ImagePart
from keras_vae.config import Config
from keras_vae.decoder import Decoder
from keras_vae.distributions import of_known, one_pass
from tests import tiny

K = 2
N = 40_000


def one_pixel(levels, channels=3, num_components=K):
    return likelihoods.ColourMixture((1, 1, channels), levels, num_components)


def parameters(layer, *batch, seed=0, spread=1.5):
    rng = np.random.default_rng(seed)
    return (spread * rng.normal(size=(*batch, *layer.params_shape))).astype(np.float32)


def colours(levels, channels=3):
    """All of them as levels, [levels^C, C]."""
    return np.array(list(itertools.product(range(levels), repeat=channels)))


def masses(params, levels, channels=3, num_components=K):
    """The mass of each of `colours` by each component, [K, levels^C], and the K weights."""
    parts = np.float64(params).reshape(-1, num_components)
    weights = scipy.special.softmax(parts[0])
    loc, raw_scale = parts[1 : 1 + channels], parts[1 + channels : 1 + 2 * channels]
    coefficients = iter(np.tanh(parts[1 + 2 * channels :]))
    loc = loc / 4 + 0.5 + 0.1 * ((np.arange(num_components) + 0.5) / num_components - 0.5)
    softplus = np.logaddexp(0.0, raw_scale + np.log(np.expm1(0.1)))
    top = levels - 1
    scale = top * softplus + 0.1
    k = colours(levels, channels)[:, np.newaxis]  # [levels^C, 1, C]
    mass = 1.0
    for c in range(channels):
        moved = loc[c] + sum(next(coefficients) * (k[..., j] / top - 0.5) for j in range(c))
        upper = np.where(k[..., c] == top, np.inf, k[..., c] + 0.5)
        lower = np.where(k[..., c] == 0, -np.inf, k[..., c] - 0.5)
        cdf = scipy.stats.logistic(top * moved, scale[c]).cdf
        mass = mass * (cdf(upper) - cdf(lower))
    return mass.T, weights


@pytest.mark.parametrize("channels", [2, 3, 4])
@pytest.mark.parametrize("compiled", [False, True])
def test_log_mass_is_that_of_each_colour_and_sums_to_one(channels, compiled):
    levels = {2: 16, 3: 8, 4: 4}[channels]
    layer = one_pixel(levels, channels)
    params = parameters(layer)
    x = np.float32(colours(levels, channels)).reshape(-1, 1, 1, channels) / (levels - 1)
    if compiled:
        with one_pass():
            found = np.exp(np.float64(layer(params[np.newaxis]).log_prob(x)))
    else:
        found = np.exp(np.float64(layer(params[np.newaxis]).log_prob(x)))
    each, weights = masses(params, levels, channels)
    np.testing.assert_allclose(found, weights @ each, rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(found.sum(), 1.0, rtol=1e-6)


def test_without_coefficients_one_component_is_of_independent_channels():
    layer = likelihoods.ColourMixture((2, 3, 3), levels=256, num_components=1)
    params = parameters(layer, 5, spread=0.5)
    params[..., 7:] = 0.0
    channels = np.stack([params[..., 1:4] / 4, params[..., 4:7]], axis=-1)  # [5, 2, 3, C, 2]
    x = np.random.default_rng(0).integers(0, 256, (5, 2, 3, 3)).astype(np.float32) / 255
    independent = likelihoods.DiscretizedLogistic((2, 3, 3), levels=256)(channels)
    np.testing.assert_allclose(layer(params).log_prob(x), independent.log_prob(x), rtol=1e-5)
    np.testing.assert_allclose(layer(params).mean(), independent.mean(), atol=1e-5)


@pytest.mark.parametrize("far", [-50.0, 50.0])
def test_tails_are_exact_and_have_gradients(far):
    """Far below x, the mass of a level is exp(-(x - 1/2 - loc) / scale) (1 - exp(-1 / scale))."""
    layer = one_pixel(256, num_components=1)
    params = np.zeros((1, *layer.params_shape), np.float32)
    params[..., 1:4] = 4 * far
    level = np.float32([100.0, 37.0, 200.0])
    params = tf.constant(params)
    with tf.GradientTape() as tape:
        tape.watch(params)
        found = layer(params).log_prob(level.reshape(1, 1, 1, 3) / 255)
    loc, scale = 255 * (far + 0.5), 255 * 0.1 + 0.1
    distance = np.abs(level - loc) - 0.5
    wanted = np.sum(-distance / scale + np.log(-np.expm1(-1 / scale)))
    np.testing.assert_allclose(found, [wanted], rtol=1e-6)
    gradient = tape.gradient(found, params).numpy().ravel()
    assert np.isfinite(gradient).all()
    np.testing.assert_allclose(gradient[1:4], -np.sign(far) * 255 / 4 / scale, rtol=1e-4)


def test_extreme_parameters_are_finite():
    layer = likelihoods.ColourMixture((1, 1, 3), levels=256)
    x = np.float32([0.0, 128 / 255, 1.0]).reshape(1, 1, 1, 3)
    for value in (-1e4, 1e4):
        params = tf.fill([1, *layer.params_shape], value)
        with tf.GradientTape() as tape:
            tape.watch(params)
            p = layer(params)
            log_prob = p.log_prob(x)
        assert np.isfinite(log_prob).all()
        assert np.isfinite(tape.gradient(log_prob, params)).all()
        assert np.isfinite(p.mean()).all()
        assert np.isfinite(p.sample(seed=[0, 1])).all()


def uniform(i):
    return tf.constant(np.random.default_rng(i).uniform(size=(N, 1, 1, 3)), tf.float32)


@pytest.mark.parametrize("draw", ["from_uniform", "sample"])
def test_draws_have_the_colours_masses(draw):
    """A chi-square test of all 64 colours."""
    layer = one_pixel(4)
    params = parameters(layer, 1, spread=0.7)
    p = layer(params)
    x = p.from_uniform(uniform) if draw == "from_uniform" else p.sample(N, seed=[0, 1])
    level = np.round(3 * np.reshape(x, (N, 3))).astype(int)
    np.testing.assert_allclose(np.reshape(x, (N, 3)), level / 3, atol=1e-6)
    observed = np.bincount(level @ [16, 4, 1], minlength=64)
    each, weights = masses(params, 4)
    expected = N * (weights @ each)
    rare = expected < 5
    observed = np.append(observed[~rare], observed[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    assert scipy.stats.chisquare(observed, expected, sum_check=False).pvalue > 1e-4


def test_channels_of_a_draw_are_of_one_component():
    layer = one_pixel(256)
    params = np.zeros((1, 1, 1, 1, 10, K), np.float32)
    params[..., 0, :] = np.log([0.3, 0.7])
    params[..., 1:4, :] = [-2.0, 2.0]  # Black and white.
    params[..., 4:7, :] = -10.0
    x = layer(params.reshape(1, 1, 1, -1)).from_uniform(uniform).numpy().reshape(N, 3)
    white = x > 0.5
    assert (white.all(axis=1) | ~white.any(axis=1)).all()
    assert abs(white[:, 0].mean() - 0.7) < 5 * np.sqrt(0.21 / N)


def exact_moments(params, levels):
    """(weights [K], means and deviations [K, C] of the values) by the masses of all colours."""
    each, weights = masses(params, levels)
    x = colours(levels) / (levels - 1)
    mean = each @ x
    return weights, mean, np.sqrt(np.maximum(each @ np.square(x) - np.square(mean), 0.0))


@pytest.mark.parametrize("seed", range(8))
def test_the_mean_is_within_its_bound(seed):
    layer = one_pixel(8)
    params = parameters(layer, 1, seed=seed, spread=1.0)
    weights, means, deviations = exact_moments(params, 8)
    error = np.abs(layer(params).mean().numpy().ravel() - weights @ means)
    a10, a20, a21 = np.abs(np.tanh(np.float64(params).reshape(-1, K)[7:]))
    d0, d1, _ = deviations.T
    e1 = a10 * d0
    e2 = a20 * d0 + a21 * (d1 + e1)
    # Rounding of a narrow logistic isn't quite linear: 1e-2 of a level, where scales are 0.3.
    assert error[0] < 1e-6
    assert error[1] < weights @ e1 + 1e-3
    assert error[2] < weights @ e2 + 1e-3


def test_the_mean_is_exact_where_no_component_reaches_the_ends():
    layer = one_pixel(32)
    params = np.zeros((1, 1, 1, 1, 10, K), np.float32)
    params[..., 0, :] = np.log([0.3, 0.7])
    params[..., 1:4, :] = [[0.8, -0.8], [1.0, -1.2], [1.2, -0.6]]
    params[..., 4:7, :] = -2.0  # Scales of half a level.
    params[..., 7:, :] = [[0.3, -0.4], [0.2, 0.5], [-0.3, 0.4]]
    params = params.reshape(1, 1, 1, -1)
    weights, means, _ = exact_moments(params, 32)
    found = layer(params).mean().numpy().ravel()
    np.testing.assert_allclose(found, weights @ means, atol=2e-5)


EVENT = (4, 3, 3)
PIXELS = np.random.default_rng(1).integers(0, 2, (5, 4, 3, 1)).astype(bool)


def made():
    """(p(x|z), batch [2, 5]; x [5, *EVENT]; log-mass of each pixel [2, 5, 4, 3])."""
    layer = likelihoods.ColourMixture(EVENT, tiny.LEVELS)
    p = layer(parameters(layer, 2, 5))
    x = tiny.images(5, layer.support, EVENT)
    return p, x, p.distribution.log_prob(x).numpy()


def test_known_pixels_count_and_no_others():
    p, x, by_pixel = made()
    mask = np.broadcast_to(PIXELS, x.shape)
    known = of_known(p, mask)
    assert (known.batch_shape, known.event_shape) == ((2, 5), EVENT)
    wanted = np.where(PIXELS[..., 0], by_pixel, 0.0).sum((-2, -1))
    np.testing.assert_allclose(known.log_prob(x), wanted, rtol=1e-5)
    np.testing.assert_allclose(p.log_prob(x), by_pixel.sum((-2, -1)), rtol=1e-5)


def test_given_pixels_stay_and_the_others_have_the_mass():
    p, x, by_pixel = made()
    part = ImagePart(PIXELS[0, ..., 0], channels=3)
    completed = part.complete(p, x)
    given = np.broadcast_to(PIXELS[0], x.shape)
    wanted = np.where(PIXELS[0, ..., 0], 0.0, by_pixel).sum((-2, -1))
    np.testing.assert_allclose(completed.log_prob(x), wanted, rtol=1e-5)

    def halves(i):
        return tf.fill([2, 5, *EVENT], 0.5)

    free = p.from_uniform(halves).numpy()
    for found, hidden in (
        (completed.from_uniform(halves).numpy(), free),
        (completed.mean().numpy(), p.mean().numpy()),
    ):
        np.testing.assert_array_equal(found, np.where(given, x, hidden))
    drawn = completed.sample(seed=[0, 1]).numpy()
    np.testing.assert_array_equal(drawn[:, given], np.broadcast_to(x, drawn.shape)[:, given])


def tiny_colours(**options):
    return tiny.vae(likelihood="logistic_mixture", event_shape=EVENT, **options)


def test_pixels_known_in_part_are_refused():
    p, x, _ = made()
    mask = np.broadcast_to(PIXELS, x.shape).copy()
    mask[0, 0, 0] = [True, False, True]
    with pytest.raises(ValueError, match="mask must know all channels of a pixel or none"):
        of_known(p, mask)
    model = tiny_colours()
    with pytest.raises(ValueError, match="mask must know all channels"):
        model.log_likelihood(x, num_samples=2, mask=mask)
    with pytest.raises(ValueError, match="mask must know all channels"):
        model.complete(x, mask, num_steps=1)
    with pytest.raises(ValueError, match="mask must know all channels"):
        model.fit(tf.data.Dataset.from_tensors(Batch(x, mask=mask)), verbose=0)
    whole = np.broadcast_to(PIXELS, x.shape)
    assert np.isfinite(model.log_likelihood(x, num_samples=2, mask=whole)).all()
    completion = model.complete(x, whole, num_steps=2)
    np.testing.assert_array_equal(completion.numpy()[whole], x[whole])


@pytest.mark.parametrize("features", [(6,), (4, 6), (4, 3, 6)])
def test_a_decoders_parameters_are_those_of_pixels(features):
    layer = likelihoods.ColourMixture(EVENT, tiny.LEVELS, num_components=2)
    kernel = _projection_of(layer, features)
    assert kernel.shape[-1] == np.prod(layer.params_shape[len(features) - 1 :])


def _projection_of(layer, features):
    """The weights that make a layer's parameters of features of that shape, [N, *features]."""
    decoder = Decoder(tfkl.Reshape(features), layer)
    p = decoder(np.ones([7, np.prod(features)], np.float32))
    assert (p.batch_shape, p.event_shape) == ((7,), EVENT)
    return decoder.projection.linear.kernel


def test_features_of_another_shape_are_refused():
    decoder = Decoder(tfkl.Reshape([3, 4, 1]), likelihoods.ColourMixture(EVENT))
    with pytest.raises(ValueError, match=r"wanted one of \(4, 3, 'any'\).* x of shape \(4, 3, 3\)"):
        decoder(np.ones([7, 12], np.float32))


@pytest.mark.parametrize(
    ("event_shape", "options", "kind"),
    [
        ((4, 3, 1), {}, likelihoods.MixtureOfLogistics),
        ((4, 3, 2), {}, likelihoods.ColourMixture),
        ((4, 3, 4), {}, likelihoods.ColourMixture),
        ((4, 3, 5), {}, likelihoods.MixtureOfLogistics),
        ((4, 3), {}, likelihoods.MixtureOfLogistics),
        ((4, 3, 5), {"channel_dependence": "autoregressive"}, likelihoods.ColourMixture),
        ((4, 3, 3), {"channel_dependence": "none"}, likelihoods.MixtureOfLogistics),
        ((4, 3, 3), {"weights": "bayes"}, likelihoods.MixtureOfLogistics),
    ],
)
def test_the_shape_chooses_where_no_option_does(event_shape, options, kind):
    config = tiny.config(likelihood="logistic_mixture", event_shape=event_shape, **options)
    assert type(likelihood_of(config.check().model)) is kind


@pytest.mark.parametrize("likelihood", ["logistic_mixture", "bernoulli"])
def test_configs_from_before_have_independent_channels(likelihood):
    config = tiny.config(likelihood=likelihood, event_shape=EVENT)
    stored = config.to_dict()
    del stored["model"]["channel_dependence"]
    loaded = Config.from_dict(stored).check()
    assert loaded.model.channel_dependence == "none"
    assert type(likelihood_of(loaded.model)) is not likelihoods.ColourMixture


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"event_shape": (4, 3, 1)}, r"event_shape=4,3,1: a single channel has no channel"),
        ({"weights": "bayes"}, "weights=bayes: the last layer's weights are averaged"),
        ({"likelihood": "normal"}, "is an option of likelihood=logistic_mixture alone"),
    ],
)
def test_what_cant_be_is_refused(options, message):
    options = {"likelihood": "logistic_mixture", "event_shape": EVENT} | options
    with pytest.raises(ValueError, match=message):
        tiny.config(channel_dependence="autoregressive", **options).check()


def test_objects_that_cant_be_are_refused():
    with pytest.raises(ValueError, match=r"at least 2 channels, got \(4, 3, 1\)"):
        likelihoods.ColourMixture((4, 3, 1))
    with pytest.raises(ValueError, match="num_components must be at least 1, got 0"):
        likelihoods.ColourMixture(EVENT, num_components=0)
    with pytest.raises(ValueError, match="can't be averaged over Bayesian weights"):
        likelihoods.ColourMixture(EVENT).averaged(tf.zeros([1]), [0.0])


@pytest.mark.parametrize("channels", [2, 3])
def test_masses_of_channels_in_turn_are_those_of_whole_colours(channels):
    levels = 4
    layer = one_pixel(levels, channels)
    params = parameters(layer, 1)
    of_components, weights = masses(params, levels, channels)
    joint = np.reshape(weights @ of_components, [levels] * channels)
    pixel = layer(params).distribution
    for k in colours(levels, channels):
        for c in range(channels):
            found = pixel.next_masses(tf.reshape(np.float32(k[:c] / 3), [1, 1, 1, c]))
            given = joint[tuple(k[:c])].reshape(levels, -1).sum(axis=1)
            np.testing.assert_allclose(tf.squeeze(found), given / given.sum(), rtol=2e-4, atol=1e-7)


def test_training_finds_that_channels_are_alike():
    """Grey pixels of 8 levels have log 8 nats; as independent channels, three times that."""
    layer = one_pixel(8, num_components=3)
    grey = np.float32(np.repeat(np.arange(8) / 7, 3).reshape(8, 1, 1, 3))
    params = tf.Variable(tf.zeros([1, *layer.params_shape]))
    optimizer = tfk.optimizers.Adam(0.1)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(layer(params).log_prob(grey))
        optimizer.apply_gradients([(tape.gradient(loss, params), params)])
        return loss

    for _ in range(300):
        loss = float(step())
    assert np.log(8) <= loss < 1.3 * np.log(8)
