"""A ladder of convolutions, beside a plain loop written here."""

import itertools

import numpy as np
import pytest
import scipy.stats
import tensorflow_probability as tfp

import keras_vae
from keras_vae import networks
from keras_vae._compat import tf
from keras_vae.batches import Batch
from keras_vae.config.stages import default_stages, stages_of
from tests import tiny

tfd = tfp.distributions
B, S = 3, 2


def ladder(**options):
    return tiny.vae(structure="ladder", network="resnet", activation="elu", **options)


def scattered(model):
    """The model with random weights: new ones are zero in many places."""
    rng = np.random.default_rng(1)
    model.set_weights([0.3 * rng.normal(size=w.shape) for w in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def model():
    return scattered(ladder(likelihood="bernoulli"))


def elu(x):
    return np.where(x > 0, x, np.expm1(x))


def conv(layer, x, factor=1):
    """A convolution with SAME padding, by a loop over its kernel, of x [N, H, W, C]."""
    kernel, *bias = layer.get_weights()
    rows, columns = kernel.shape[:2]
    pads = [(0, 0), (rows // 2,) * 2, (columns // 2,) * 2, (0, 0)]
    padded = np.pad(x, pads)
    height, width = x.shape[1:3]
    y = sum(
        padded[:, i : i + height, j : j + width] @ kernel[i, j]
        for i, j in itertools.product(range(rows), range(columns))
    )
    return y + (bias[0] if bias else 0.0)


def dense(layer, x):
    kernel, bias = layer.get_weights()
    return x @ kernel + bias


def limited(layers, x):
    """(x as the first layer makes it, if that is a limit, the layers after the activation)."""
    if not isinstance(layers[0], networks.RootMeanSquareLimit):
        return x, layers[1:]
    return x / np.sqrt(1.0 + np.mean((x / 10.0) ** 2, -1, keepdims=True)), layers[2:]


def two_convolutions(body, x):
    x, (first, second) = limited(body.layers, x)
    return conv(second, elu(conv(first, elu(x))))


def residual(block, x):
    return x + two_convolutions(block.body, x)


def patches(x, factor):
    """[N, H, W, C] -> [N, ceil(H/f), ceil(W/f), f f C]."""
    n, height, width, channels = x.shape
    h, w = -(-height // factor), -(-width // factor)
    whole = np.zeros([n, h * factor, w * factor, channels])
    whole[:, :height, :width] = x
    whole = whole.reshape(n, h, factor, w, factor, channels).transpose(0, 1, 3, 2, 4, 5)
    return whole.reshape(n, h, w, -1)


def normal(params, narrowest=1e-5):
    return normal_of(params / np.sqrt(1.0 + (params / 20.0) ** 2), narrowest)


def normal_of(bounded, narrowest=1e-5):
    loc, raw = np.split(bounded, 2, -1)
    return loc, np.logaddexp(0, raw + np.log(np.expm1(1.0))) + narrowest


def by_hand(model, x, noise):
    """ELBO [B] and rates [B, 3] with one sample: stages 4x2 and 1x1 of images 7 x 5 x 1."""
    encoder, prior = model.encoder, model.prior
    _, first, to_features, block = encoder.networks[0].layers
    centred = 2 * x - 1
    features = residual(block, conv(to_features, patches(centred, first.factor)))  # [B, 4, 3, W]
    _, top_block = encoder.networks[2].layers
    top_features = residual(top_block, features.mean((1, 2), keepdims=True))
    shapes = model.prior.latent_shapes
    sizes = [np.prod(shape) for shape in shapes]
    eps = [
        e.reshape(B, *shape)
        for e, shape in zip(np.split(noise, np.cumsum(sizes)[:-1], -1), shapes, strict=True)
    ]
    q = normal(dense(encoder.projections[0], top_features))
    p = 0.0, 1.0
    z = q[0] + q[1] * eps[2]
    rates = [divergence(q, p)]
    state = z
    for layer in (1, 0):
        block = prior.blocks[layer]
        if block.entrance is not None:
            state = np.repeat(np.repeat(state, 4, 1), 3, 2)
            state = conv(block.joint, state) + block.place.numpy()
        made = two_convolutions(block.network, state)
        p = normal(made[..., :4], narrowest=1e-3)
        both = np.concatenate([state, features], -1)
        change = normal(two_convolutions(encoder.merges[layer], both))
        q = p[0] + p[1] * change[0], p[1] * change[1]
        rates.insert(0, divergence(q, p))
        z = q[0] + q[1] * eps[layer]
        state = residual(block.residual, state + made[..., 4:] + conv(block.from_z, z))
    state, (widen, from_patches, last, _) = limited(model.decoder.network.layers, state)
    y = conv(widen, elu(state))
    f = from_patches.factor
    n, h, w, c = y.shape
    y = y.reshape(n, h, w, f, f, c // f**2).transpose(0, 1, 3, 2, 4, 5)
    y = y.reshape(n, h * f, w * f, -1)[:, :7, :5]
    logits = conv(model.decoder.projection.linear, elu(residual(last, y)))
    log_likelihood = (x * logits - np.logaddexp(0, logits)).sum((1, 2, 3))
    rates = np.stack(rates, -1)
    return log_likelihood - rates.sum(-1), rates


def divergence(q, p):
    p = tfd.Normal(*(np.float64(part) for part in p))
    return tfd.kl_divergence(tfd.Normal(*q), p).numpy().sum((1, 2, 3))


@pytest.mark.parametrize("normalization", ["limited", "none"])
def test_the_bound_is_that_of_a_plain_loop(normalization):
    model = scattered(ladder(likelihood="bernoulli", normalization=normalization))
    x, noise = tiny.images(B), tiny.noise(model, 1, B)
    terms = model.terms(x, noise)
    elbo, rates = by_hand(model, np.float64(x), np.float64(noise[0]))
    np.testing.assert_allclose(terms.elbo_nats, elbo, rtol=1e-5)
    np.testing.assert_allclose(terms.kl_by_group, rates, rtol=1e-5)
    np.testing.assert_allclose(terms.rate, rates.sum(-1), rtol=1e-5)


@pytest.mark.parametrize("merge", ["network", "precision_weighted"])
def test_an_image_unlike_the_data_has_a_finite_rate_in_each_layer(merge):
    """Its z goes farther from p in each layer; one such image would spoil the mean over all."""
    stages = ("4x6", "1x1")
    wild = tiny.randomize(ladder(likelihood="bernoulli", stages=stages, merge=merge), scale=3.0)
    rates = wild.terms(tiny.images(B), tiny.noise(wild, S, B)).kl_by_group.numpy()
    # Of a change by 20 standard deviations, and by a scale of 21: 0.5 (20^2 + 21^2) a latent.
    most = {"network": 421.0, "precision_weighted": 0.5 * (40.0 / 1e-3) ** 2}[merge]
    latents = [np.prod(shape) for shape in wild.prior.latent_shapes]
    assert np.all(rates < most * np.array(latents))
    assert rates.max() > 100.0  # These weights are wild.


def test_flat_layers_are_not_bounded():
    """Their q is as far from p as the merge says, as in runs from before the bound."""
    flat = tiny.vae(recipe="ladder", merge="network")
    outer = flat.encoder.merges[0].layers[-1]
    outer.kernel.assign(tf.zeros_like(outer.kernel))
    outer.bias.assign(tf.fill(outer.bias.shape, 50.0))
    rate = flat.terms(tiny.images(B), tiny.noise(flat, 1, B)).rates[0]
    change = (rate.q.mean() - rate.p.mean()) / rate.p.stddev()
    np.testing.assert_allclose(change, np.full(change.shape, 50.0), rtol=1e-5)


def test_densities_are_those_of_each_layer(model):
    """log q and log p at z are sums over layers, whose distributions the rates have."""
    x, noise = tiny.images(B), tiny.noise(model, S, B)
    terms = model.terms(x, noise)
    for found, distributions in (
        (terms.log_posterior, [rate.q for rate in terms.rates]),
        (terms.log_prior, [rate.p for rate in terms.rates]),
    ):
        log_prob = sum(
            scipy.stats.norm.logpdf(
                np.float64(rate.z), np.float64(d.mean()), np.float64(d.stddev())
            ).sum((-3, -2, -1))
            for rate, d in zip(terms.rates, distributions, strict=True)
        )
        np.testing.assert_allclose(found, log_prob, rtol=1e-4)
    # Scored from outside, z has the same density.
    q, p = model.encode(x), model.prior_distribution()
    np.testing.assert_allclose(q.log_prob(terms.z), terms.log_posterior, rtol=1e-4)
    np.testing.assert_allclose(p.log_prob(terms.z), terms.log_prior, rtol=1e-4)


def test_images_of_given_noise_are_the_same_in_a_graph(model):
    noise = model.prior.draw_noise([1, 2], 4)
    eager = model.generate(noise)[1].mean()
    graph = tf.function(lambda noise: model.generate(noise)[1].mean())(noise)
    np.testing.assert_allclose(eager, graph, rtol=1e-5, atol=1e-6)


def test_images_of_given_noise_are_the_same_on_two_replicas(model, two_replicas):
    with two_replicas.scope():
        two = ladder(likelihood="bernoulli")
    two.set_weights(model.get_weights())
    noise = model.prior.draw_noise([1, 2], 4)
    rows = two_replicas.experimental_distribute_values_from_function(
        lambda context: tf.split(noise, 2)[context.replica_id_in_sync_group]
    )
    run = tf.function(lambda noise: two.generate(noise)[1].mean())
    found = two_replicas.experimental_local_results(two_replicas.run(run, args=(rows,)))
    wanted = model.generate(noise)[1].mean()
    np.testing.assert_allclose(tf.concat(found, 0), wanted, rtol=1e-5, atol=1e-6)


def test_layers_are_drawn_anew_and_have_temperatures_one_by_one(model):
    """z_1 of 24 values lies next to x, then z_2 of 24 and z_3 of 2."""
    noise, temperatures = model.prior.draw_noise([0, 2], 3), [0.5, 0.0, 2.0]
    z = model.prior_sample(model.prior.draw_noise([0, 1], 3)).numpy()
    kept = model.prior.redraw(z, 1, noise).z.numpy()
    np.testing.assert_array_equal(kept[:, 24:], z[:, 24:])
    p = model.prior.at(z).priors[0]
    wanted = p.mean() + p.stddev() * np.reshape(noise[:, :24], p.mean().shape)
    np.testing.assert_allclose(kept[:, :24], np.reshape(wanted, (3, 24)), rtol=1e-4, atol=1e-5)
    each = np.repeat(np.float32(temperatures), model.latent_dims)
    np.testing.assert_allclose(
        model.prior_sample(noise, temperatures), model.prior_sample(each * noise), rtol=1e-5
    )
    anew = model.vary(z, 3, temperatures, seed=1)
    np.testing.assert_allclose(anew, model.sample(3, temperatures, seed=1), atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "levels"),
    [((5, 9, 2), 3), ((32, 1, 3), 256), ((13, 4, 1), 2), ((6, 6, 5), 5)],
    ids=str,
)
def test_images_of_any_size_channels_and_levels(shape, levels):
    options = {"levels": levels, "likelihood": "logistic_mixture", "stages": None, "width": 4}
    model = ladder(event_shape=shape, **options)
    x = np.random.default_rng(0).integers(levels, size=(2, *shape)) / np.float32(levels - 1)
    terms = model(Batch(x, tiny.noise(model, 1, 2)))
    assert np.all(np.isfinite(terms.elbo_nats))
    _, p = model.generate(model.prior.draw_noise([0, 1], 2))
    drawn = (levels - 1) * p.sample(seed=[0, 1]).numpy()
    assert drawn.shape == p.mean().shape == (2, *shape)
    np.testing.assert_allclose(drawn, np.clip(np.round(drawn), 0, levels - 1), atol=1e-4)
    assert model.latent_shape == (sum(np.prod(s) for s in model.prior.latent_shapes),)


def test_a_precision_weighted_merge_is_the_product_of_normals():
    model = scattered(ladder(merge="precision_weighted"))
    assert not model.encoder.merges
    x, noise = tiny.images(B), tiny.noise(model, 1, B)
    *_, rate = model.terms(x, noise).rates[:1]
    found = model.encoder.look_up(tf.constant(x))
    loc, scale = normal_of(np.float64(found[0]))
    p_loc, p_scale = np.float64(rate.p.mean()), np.float64(rate.p.stddev())
    precision = scale**-2 + p_scale**-2
    np.testing.assert_allclose(
        rate.q.mean()[0], ((loc * scale**-2 + p_loc * p_scale**-2) / precision)[0], rtol=1e-4
    )
    np.testing.assert_allclose(rate.q.stddev()[0], precision[0] ** -0.5, rtol=1e-4)


def test_a_new_precision_weighted_model_leaves_each_layer_nearly_as_the_prior_has_it():
    """What x says has a scale of 3 in each layer below the top, p one of 1: q's is sqrt(0.9)."""
    model = ladder(merge="precision_weighted")
    *below, _ = model.terms(tiny.images(B), tiny.noise(model, 1, B)).rates
    for rate in below:
        np.testing.assert_allclose(np.mean(rate.q.stddev()), np.sqrt(0.9), rtol=0.05)


def test_the_prior_is_never_too_narrow_for_float32():
    model = ladder()
    for block in model.prior.blocks:
        network = block.network
        for weights in network.trainable_variables:
            weights.assign(tf.fill(weights.shape, -100.0))
    for rate in model.terms(tiny.images(B), tiny.noise(model, 1, B)).rates[:-1]:
        assert np.min(rate.p.stddev()) >= 1e-3


def test_a_saved_model_is_the_same(model, tmp_path):
    model.save(tmp_path / "m.keras")
    again = keras_vae.load(tmp_path / "m.keras")
    noise = model.prior.draw_noise([1, 2], 4)
    np.testing.assert_array_equal(model.generate(noise)[1].mean(), again.generate(noise)[1].mean())


@pytest.mark.parametrize(
    ("stages", "shape", "wanted"),
    [
        (("16x4", "8x3", "4x2", "1x1"), (32, 32), [(16, 16, 2), (8, 8, 2), (4, 4, 2), (1, 1, 4)]),
        (("32x1", "1x1"), (32, 20), [(32, 20, 1), (1, 1, 32)]),
        (("17x2", "9x1", "3x1"), (33, 20), [(17, 10, 2), (9, 5, 2), (3, 2, 3)]),
    ],
    ids=str,
)
def test_stages_are_of_the_image_divided_and_rounded_up(stages, shape, wanted):
    assert [(s.height, s.width, s.factor) for s in stages_of(stages, shape)] == wanted


def test_stored_runs_keep_the_layers_of_their_time():
    """Former versions stored null, which was four layers of the largest maps."""
    recipe = keras_vae.recipe("deep", event_shape=(64, 64, 3))
    stored = type(recipe).from_dict(recipe.replace(stages=None).to_dict())
    for config, number in ((recipe, 2), (stored, 4)):
        found = stages_of(config.model.stages, (64, 64, 3))
        assert [stage.num_layers for stage in found] == [number, 3, 3, 2, 1]
        found = stages_of(config.model.stages, (32, 20, 3))  # Maps of 16x10.
        assert [stage.num_layers for stage in found] == [4, 3, 2, 1]


@pytest.mark.parametrize("height", [1, 2, 5, 8, 12, 13, 28, 33, 64, 100, 256])
@pytest.mark.parametrize("width", [1, 7, 32, 65, 256])
def test_default_stages_end_at_one_place(height, width):
    stages = default_stages((height, width, 3))
    assert max(stages[0][:2]) <= 32
    assert max(stages[-2][:2]) <= 4
    assert stages[-1][:2] == (1, 1)
    # Heights name the factors, unless they are so small that other factors give the same.
    if height >= width or (height >= 12 and stages[-2].height > 1):
        texts = [f"{stage.height}x{stage.num_layers}" for stage in stages]
        assert stages_of(texts, (height, width, 3)) == stages
    turned = default_stages((width, height, 3))
    assert [(s.width, s.height, *s[2:]) for s in turned] == stages


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decoder": "autoregressive", "likelihood": "categorical"}, "takes flat latents only"),
        ({"posterior": "iaf"}, "both as diagonal normals. Use posterior=diagonal.$"),
        (
            {"prior": "real_nvp", "latent_channels": 1},
            "of 1 latent in the top layer: a flow .* Use",
        ),
        ({"network": "conv"}, "a ladder of maps has residual blocks. Use network=resnet"),
        (
            {"attention_heads": 2},
            "attention_heads=2 has no effect in structure=ladder with network=",
        ),
    ],
)
def test_what_can_not_be_is_refused_with_its_reason(options, message):
    with pytest.raises(ValueError, match=message):
        keras_vae.recipe("deep", **({"event_shape": (8, 8, 3)} | options))


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        (("16",), "as in 16x4,8x3,4x2,1x1; got '16'"),
        (("16x0", "1x1"), "got '16x0'"),
        (("15x4", "1x1"), "15x4 can't follow the image of height 32"),
        (("16x4", "7x1"), "7x1 can't follow the stage before it of height 16"),
        (("16x1",), "at least two layers"),
        (("16x99999999", "1x1"), "100000000 layers of latents, and at most 200"),
        (("16x1" + "0" * 20, "1x1"), "got '16x10"),
    ],
)
def test_stages_that_cannot_be(stages, message):
    with pytest.raises(ValueError, match=message):
        stages_of(stages, (32, 32, 3))


@pytest.mark.parametrize("recipe", ["deep", None])
@pytest.mark.parametrize(("stages", "message"), [(("16",), "got '16'"), (("16x1",), "two layers")])
def test_stages_are_read_before_any_data(recipe, stages, message):
    """What no image could have is an error of the options, whoever chooses the recipe."""
    with pytest.raises(ValueError, match=message):
        keras_vae.recipe(recipe, stages=stages)
