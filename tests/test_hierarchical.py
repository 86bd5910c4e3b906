"""Several stochastic layers: densities written out by hand, degenerate cases, generation."""

import itertools

import numpy as np
import pytest
import scipy.stats

from export import writer
from keras_vae import evaluation, objectives
from keras_vae._compat import tf, tfd, tfp
from keras_vae.batches import Batch, Block
from keras_vae.hierarchical import HierarchicalVAE
from keras_vae.priors import Prior
from tests import tiny

STRUCTURES = ["bottom_up", "ladder"]
SIZES = {"latent_dims": (3, 2), "hidden": (8, 6), "activation": "tanh"}
POSTERIORS = {
    "full_covariance": {"posterior": "full_covariance"},
    "low_rank": {"posterior": "low_rank", "posterior_rank": 1},
    "iaf": {"posterior": "iaf", "flow_layers": 2, "flow_hidden": 4},
}
B, S = 4, 6


def make(structure, **options) -> HierarchicalVAE:
    return tiny.randomize(tiny.vae(structure=structure, **(SIZES | options)), scale=0.15)


@pytest.fixture(scope="module", params=STRUCTURES)
def model(request):
    return make(request.param)


# What the model should compute, from its weights, in numpy ------------------------------------


def body(network, x):
    """Two tanh layers; around them, in a residual one, a linear map."""
    if hasattr(network, "gain"):
        around = np.asarray(x) @ network.shortcut.get_weights()[0]
        return around + network.gain.numpy() * body(network.body, x)
    first, first_bias, last, last_bias = network.get_weights()
    return np.tanh(np.tanh(x @ first + first_bias) @ last + last_bias)


def normal(projection, features):
    """(loc, scale) that a projection makes of features."""
    kernel, bias = projection.get_weights()
    loc, raw_scale = np.split(features @ kernel + bias, 2, axis=-1)
    return loc, np.log1p(np.exp(raw_scale + np.log(np.e - 1))) + 1e-5


def merged(p, estimate):
    """The normal in proportion to the product of two."""
    (loc_p, scale_p), (loc_x, scale_x) = p, estimate
    variance = 1 / (1 / scale_p**2 + 1 / scale_x**2)
    return variance * (loc_p / scale_p**2 + loc_x / scale_x**2), np.sqrt(variance)


def log_prob(z, loc, scale):
    return scipy.stats.norm.logpdf(z, loc, scale).sum(-1)


def kl_of(q, p):
    q, p = (tfd.Normal(*(np.float64(part) for part in normal)) for normal in (q, p))
    return tfd.kl_divergence(q, p).numpy().sum(-1)


def by_hand(model, x, noise):
    """z, log_likelihood, log_prior, log_posterior [S, B] and the KLs of each layer [B, 2]."""
    encoder, block = model.encoder, model.prior.blocks[0]
    noise_1, noise_2 = np.split(noise, [3], axis=-1)
    x = x.reshape(len(x), -1)

    def p_of_1(z_2):
        features = body(block.network, z_2)
        return features, normal(block.projection, features)

    up_1 = body(encoder.networks[0], x)
    q_1 = normal(encoder.projections[0], up_1)
    if model.has_analytic_kl:  # A ladder.
        q_2 = normal(encoder.projections[1], body(encoder.networks[1], up_1))
        z_2 = q_2[0] + q_2[1] * noise_2
        features, p_1 = p_of_1(z_2)
        q_1 = merged(p_1, q_1)
        z_1 = q_1[0] + q_1[1] * noise_1
        state = np.concatenate([z_1, features], -1)
    else:
        z_1 = q_1[0] + q_1[1] * noise_1
        q_2 = normal(encoder.projections[1], body(encoder.networks[1], z_1))
        z_2 = q_2[0] + q_2[1] * noise_2
        _, p_1 = p_of_1(z_2)
        state = z_1
    log_p = np.stack([log_prob(z_1, *p_1), log_prob(z_2, 0.0, 1.0)], -1)
    log_q = np.stack([log_prob(z_1, *q_1), log_prob(z_2, *q_2)], -1)
    if model.has_analytic_kl:
        kl_1 = kl_of(q_1, p_1).mean(0)
        kl_2 = kl_of(q_2, (0.0, 1.0))
        kl = np.stack([kl_1, kl_2], -1)
    else:
        kl = (log_q - log_p).mean(0)
    kernel, bias = model.decoder.projection.linear.get_weights()
    logits = body(model.decoder.network, state) @ kernel + bias
    log_likelihood = (x * logits - np.logaddexp(0, logits)).sum(-1)
    z = np.concatenate([z_1, z_2], -1)
    return z, log_likelihood, log_p.sum(-1), log_q.sum(-1), kl


@pytest.mark.parametrize("stop_posterior", [False, True])
def test_terms_are_those_written_out_by_hand(model, stop_posterior):
    x, noise = tiny.images(B), tiny.noise(model, S, B)
    terms = model.terms(x, noise, stop_posterior=stop_posterior)
    for found, wanted in zip(terms[:5], by_hand(model, x, noise.numpy()), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)
    assert [rate.z.shape for rate in terms.rates] == [(S, B, 3), (S, B, 2)]
    np.testing.assert_allclose(terms.rate, np.sum(terms.kl, axis=-1), rtol=1e-6)


@pytest.mark.parametrize("options", POSTERIORS.values(), ids=POSTERIORS)
def test_layers_of_other_posteriors_have_the_density_of_what_they_draw(options):
    """E_q[r(z) / q(z|x)] is 1 for a density r well within q's draws; and q's density at a z that
    comes from elsewhere is the same."""
    model = make("bottom_up", **options)
    x, noise = tiny.images(2), tiny.noise(model, 20_000, 2)
    terms = model.terms(x, noise)
    z = terms.z.numpy()
    log_r = log_prob(z, z.mean(0), 0.6 * z.std(0))
    ratio = np.exp(log_r - terms.log_posterior)
    stderr = ratio.std(0) / np.sqrt(len(ratio))
    assert np.all(stderr < 0.1)
    assert np.all(np.abs(ratio.mean(0) - 1) < 4 * stderr)
    some = terms.z[:3]
    found = model.encode(x).log_prob(some)
    np.testing.assert_allclose(found, terms.log_posterior[:3], rtol=1e-4, atol=1e-4)


# Degenerate cases -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("structure", "options"),
    [*((s, {}) for s in STRUCTURES), *(("bottom_up", q) for q in POSTERIORS.values())],
)
def test_one_layer_is_a_plain_vae(structure, options):
    layered = make(structure, latent_dims=(3,), hidden=(8,), **options)
    plain = tiny.vae(latent_dim=3, hidden=(8, 8), activation="tanh", **options)
    if structure == "ladder":
        # A residual body without its linear shortcut is a plain one.
        for network in layered.encoder.networks:
            network.gain.assign(tf.ones(8))
            network.shortcut.set_weights([np.zeros((35, 8))])
        [network] = (network.body for network in layered.encoder.networks)
    else:
        [network] = layered.encoder.networks
    plain.encoder.network.set_weights(network.get_weights())
    plain.encoder.projection.set_weights(layered.encoder.projections[0].get_weights())
    plain.encoder.posterior.set_weights(layered.encoder.posteriors[0].get_weights())
    plain.decoder.set_weights(layered.decoder.get_weights())
    x, noise = tiny.images(B), tiny.noise(plain, S, B)
    found, wanted = layered.terms(x, noise), plain.terms(x, noise)
    for name in ("z", "log_likelihood", "log_prior", "log_posterior", "rate", "elbo_nats"):
        np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), rtol=1e-5)
    np.testing.assert_allclose(layered.sample(3, seed=1), plain.sample(3, seed=1), rtol=1e-5)
    np.testing.assert_allclose(layered.code(x), plain.code(x), rtol=1e-5, atol=1e-6)


class Narrow(Prior):
    """p(z) = N(0.5, 2e-5^2): all but deterministic."""

    def distribution(self, context=None):
        return tfd.Independent(tfd.Normal(tf.fill([self.latent_dim], 0.5), 2e-5), 1)

    def from_noise(self, noise, temperature=1.0, context=None):
        return 0.5 + 2e-5 * temperature * noise


def test_two_layers_with_a_deterministic_top_are_one_with_a_learned_prior():
    two = make("bottom_up")
    two.prior.top = Narrow(2)
    # q(z_2|z_1) = p(z_2): scale is softplus(raw + log(e - 1)) + 1e-5.
    bias = [0.5, 0.5] + [np.log(np.expm1(1e-5)) - np.log(np.e - 1)] * 2
    two.encoder.projections[1].set_weights([np.zeros((6, 4)), np.array(bias)])
    one = tiny.vae(latent_dim=3, hidden=(8, 8), activation="tanh", prior="learned_normal")
    one.encoder.network.set_weights(two.encoder.networks[0].get_weights())
    one.encoder.projection.set_weights(two.encoder.projections[0].get_weights())
    one.decoder.set_weights(two.decoder.get_weights())
    block = two.prior.blocks[0]
    p, _, _ = block.descend(tf.fill([1, 2], 0.5), lambda p, state: p.mean())
    one.prior.loc.assign(p.mean()[0])
    one.prior.raw_scale.assign(tfp.math.softplus_inverse(p.stddev()[0]) - np.log(np.e - 1))
    x, noise = tiny.images(B), tiny.noise(two, S, B)
    found, wanted = two.terms(x, noise), one.terms(x, noise[..., :3])
    np.testing.assert_allclose(found.z[..., :3], wanted.z, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found.log_weight, wanted.log_weight, rtol=1e-5)
    np.testing.assert_allclose(found.kl[:, 1], np.zeros(B), atol=1e-4)


# Generating -----------------------------------------------------------------------------------


def test_the_prior_draws_from_its_density():
    """z_1, z_2 of one dimension each: the density sums to 1 and has the draws' moments."""
    prior = make("ladder", latent_dims=(1, 1), hidden=(8, 6)).prior
    axis = np.linspace(-8, 8, 401, dtype=np.float32)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
    mass = np.exp(prior.distribution().log_prob(grid)) * (axis[1] - axis[0]) ** 2
    np.testing.assert_allclose(mass.sum(), 1.0, rtol=1e-3)
    n = 20_000
    drawn = prior.from_noise(prior.draw_noise([0, 0], n)).numpy()
    sampled = prior.distribution().sample(n, seed=1).numpy()
    for function in (lambda z: z[:, 0], lambda z: z[:, 0] ** 2, lambda z: z[:, 0] * z[:, 1]):
        wanted = (mass * function(grid)).sum()
        for z in (drawn, sampled):
            values = function(z)
            assert abs(values.mean() - wanted) < 5 * values.std() / np.sqrt(n)
    # The moments are estimated from ten thousand draws.
    loc, scale = prior.moments()
    mean = mass @ grid
    variance, fourth = (mass @ (grid - mean) ** power for power in (2, 4))
    assert (np.abs(loc - mean) < 5 * np.sqrt(variance / 10_000)).all()
    error = np.sqrt((fourth - variance**2) / 10_000)
    assert (np.abs(np.square(scale) - variance) < 5 * error).all()


def test_the_posterior_scores_and_draws_all_layers(model):
    x, noise = tiny.images(B), tiny.noise(model, S, B)
    terms, q = model.terms(x, noise), model.encode(x)
    assert (q.batch_shape, q.event_shape) == ((B,), (5,))
    np.testing.assert_allclose(q.log_prob(terms.z), terms.log_posterior, rtol=1e-5)
    n = 4000
    entropy = -q.log_prob(q.sample(n, seed=0)).numpy()  # [n, B]
    other = -model.terms(x, tiny.noise(model, n, B)).log_posterior.numpy()
    error = np.sqrt((entropy.var(0) + other.var(0)) / n)
    assert (np.abs(entropy.mean(0) - other.mean(0)) < 5 * error).all()
    np.testing.assert_array_equal(
        model.code(x), model.terms(x, tf.zeros([1, B, model.latent_dim])).z[0]
    )


def test_what_it_generates_is_decoded_from_where_it_came_down(model):
    noise = model.prior.draw_noise([0, 1], 6)
    z, p = model.generate(noise, temperature=0.7)
    np.testing.assert_allclose(z, model.prior_sample(noise, 0.7), atol=1e-6)
    np.testing.assert_allclose(p.mean(), model.decode(z).mean(), atol=1e-6)


def test_varied_images_keep_the_layers_above(model):
    n = 5
    z = model.prior_sample(model.prior.draw_noise([0, 1], n)).numpy()
    noise = model.prior.draw_noise([0, 2], n)
    redrawn = model.prior.redraw(z, 1, noise).z.numpy()
    np.testing.assert_array_equal(redrawn[:, 3:], z[:, 3:])
    assert (redrawn[:, :3] != z[:, :3]).all()
    # z_1 is drawn from p(z_1|z_2) of the z_2 that is kept.
    p = model.prior.at(z).priors[0]
    np.testing.assert_allclose(
        redrawn[:, :3], p.mean() + p.stddev() * noise[:, :3], rtol=1e-5, atol=1e-6
    )
    np.testing.assert_array_equal(model.prior.redraw(z, 0, noise).z, z)
    np.testing.assert_array_equal(model.vary(z, 0), model.decode(z).mean())
    np.testing.assert_array_equal(model.vary(z, 2, seed=3), model.sample(n, seed=3))
    with pytest.raises(ValueError, match="num_layers must be from 0 to 2, got 3"):
        model.vary(z, 3)


def test_temperature_scales_each_layer(model):
    noise = model.prior.draw_noise([0, 0], 3)
    for temperature in (0.0, 0.5):
        np.testing.assert_allclose(
            model.prior_sample(noise, temperature),
            model.prior_sample(temperature * noise),
            rtol=1e-6,
        )
    each = np.float32([0.5, 0.5, 0.5, 0.0, 0.0])  # A temperature for each latent of both layers.
    np.testing.assert_allclose(
        model.prior_sample(noise, [0.5, 0]), model.prior_sample(each * noise), rtol=1e-6
    )


def test_each_layer_has_its_temperature(model):
    """Without noise above, the layer below is all that images differ in."""
    still = model.sample(3, temperature=[0, 0], seed=1).numpy()
    np.testing.assert_array_equal(still, model.sample(3, temperature=0.0, seed=1))
    below = model.sample(3, temperature=[1, 0], seed=1)
    z = model.prior_sample(np.zeros((3, model.latent_dim), np.float32))
    np.testing.assert_allclose(below, model.vary(z, 1, temperature=[1, 9], seed=1), atol=1e-6)
    assert np.ptp(below, axis=0).max() > 1e-3 > np.ptp(still, axis=0).max()
    for verb in (lambda t: model.sample(2, t), lambda t: model.vary(z, 1, t)):
        with pytest.raises(ValueError, match=r"one for each of 2 layers of latents, got .*\(3,\)"):
            verb([1, 1, 1])
        with pytest.raises(ValueError, match="temperature must be at least 0"):
            verb([1, -1])


def test_a_model_of_one_layer_has_one_temperature():
    with pytest.raises(ValueError, match=r"must be one number, got an array of shape \(1,\)"):
        tiny.vae().sample(2, temperature=[0.5])


# Training -------------------------------------------------------------------------------------


def training_loss(model, objective, x, noise):
    model.compile(objective=objective)
    terms = model(Batch(x, noise))
    return tf.reduce_mean(tiny.loss_of(objective, terms, model.beta)) + tf.add_n(
        [0.0, *model.losses]
    )


def test_both_routes_of_the_kl_give_the_same_value_and_gradient(model):
    x, noise = tiny.images(B), tiny.noise(model, S, B)
    routes = [(objectives.SGVB("auto"), lambda: -tf.reduce_mean(model.terms(x, noise).elbo_nats))]
    routes.append(
        (objectives.SGVB("sampled"), lambda: -tf.reduce_mean(model.terms(x, noise).log_weight))
    )
    for objective, wanted in routes:
        found = tiny.gradients(model, lambda o=objective: training_loss(model, o, x, noise))
        wanted = tiny.gradients(model, wanted)
        np.testing.assert_allclose(found[0], wanted[0], rtol=1e-5)
        for a, b in zip(found[1], wanted[1], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * np.abs(b).max())


def test_the_exact_kl_of_a_ladder_is_the_sampled_one_in_expectation():
    model, x, n = make("ladder"), tiny.images(B), 5000
    assert model.has_analytic_kl
    terms = model.terms(x, tiny.noise(model, n, B))
    sampled = (terms.log_posterior - terms.log_prior).numpy()
    assert (np.abs(sampled.mean(0) - terms.rate) < 5 * sampled.std(0) / np.sqrt(n)).all()


def test_the_kl_of_bottom_up_inference_has_no_closed_form():
    model = make("bottom_up")
    assert not model.has_analytic_kl
    with pytest.raises(ValueError, match="no closed form"):
        model.compile(objective=objectives.SGVB("analytic"))


@pytest.mark.parametrize("structure", STRUCTURES)
def test_dreg_is_the_plain_gradient_in_expectation(structure):
    """Of every weight: in a ladder those of p(z_1|z_2) make z_1 too."""
    x, draws, k = tiny.images(2), 400, 3
    model = tiny.randomize(tiny.vae(structure=structure, **SIZES), scale=0.1)
    variables = model.trainable_variables

    def gradients(objective):
        model.compile(objective=objective)

        @tf.function
        def draw(noise):
            with tf.GradientTape() as tape:
                terms = model(Batch(x, noise))
                loss = tf.reduce_mean(tiny.loss_of(objective, terms, model.beta))
            grads = tape.gradient(loss, variables)
            return tf.concat([tf.reshape(g, [-1]) for g in grads], 0)

        return np.stack([draw(tiny.noise(model, k, 2, seed=i)) for i in range(draws)])

    plain, dreg = (gradients(objectives.ImportanceWeighted(k, g)) for g in ("plain", "dreg"))
    difference = (plain - dreg).astype(np.float64)
    error = difference.std(0, ddof=1) / np.sqrt(draws)
    moving = error > 1e-7  # The decoder's gradients are the same.
    # Chance of a false alarm, over all coordinates: 1e-6.
    bound = scipy.stats.t.isf(1e-6 / (2 * moving.sum()), draws - 1)
    assert (np.abs(difference.mean(0)) < bound * error + 1e-6).all()
    # And the test could tell: the error is small beside the gradient itself.
    assert np.linalg.norm(error[moving]) < 0.2 * np.linalg.norm(plain.mean(0)[moving])


def test_dreg_weighs_each_way_to_the_posterior_once(model):
    """Tucker et al. 2019, eq. 8, put together from z and the densities at z."""
    x, k, variables = tiny.images(B), 3, model.trainable_variables
    noise = tiny.noise(model, k, B)
    z = tf.constant(model.terms(x, noise).z)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(z)
        log_joint = model.decode(z).log_prob(x) + model.prior.distribution().log_prob(z)
        log_weight = log_joint - model.encode(x).log_prob(z)
        weight = tf.stop_gradient(tf.nn.softmax(log_weight, axis=0))
        at_fixed_z = -tf.reduce_sum(weight * log_joint) / B
    dz = tape.gradient(log_weight, z)
    direct = tape.gradient(at_fixed_z, variables, unconnected_gradients="zero")
    _, through_z = tiny.gradients(
        model,
        lambda: -tf.reduce_sum(weight[..., tf.newaxis] ** 2 * dz * model.terms(x, noise).z) / B,
    )
    objective = objectives.ImportanceWeighted(k, "dreg")
    _, found = tiny.gradients(model, lambda: training_loss(model, objective, x, noise))
    for a, b, c in zip(found, direct, through_z, strict=True):
        np.testing.assert_allclose(a, b + c, rtol=1e-3, atol=1e-4 * np.abs(b + c).max())


def test_the_bound_tightens_with_samples(model):
    x = tiny.images(64)
    bounds = [model.log_likelihood(x, num_samples=k).numpy() for k in (1, 10, 100)]
    for looser, tighter in itertools.pairwise(bounds):
        gain = tighter - looser
        assert gain.mean() > 3 * gain.std() / np.sqrt(len(gain))


def test_twelve_layers_train():
    model = tiny.vae(
        structure="ladder",
        latent_dims=(2,) * 12,
        hidden=(8,) * 12,
        objective="free_bits",
        free_bits=0.05,
        learning_rate=3e-3,
    )
    x = np.repeat(tiny.images(2), 4, axis=0)  # Two images, which a model can learn.
    losses = []
    for seed in range(8):
        noise = tf.stack([model.draw_noise([seed, i], 1, 8) for i in range(10)])
        losses.append(tiny.train(model, Block(np.stack([x] * 10), noise))["loss"])
        model.reset_metrics()
    # A model without latents can only draw by chance the pixels in which the two differ.
    differing = np.sum((x.mean(axis=0) > 0) & (x.mean(axis=0) < 1))
    assert losses[-1] < 0.75 * differing * np.log(2)
    assert all(np.isfinite(v).all() for v in model.trainable_variables)
    _, grads = tiny.gradients(model, lambda: -tf.reduce_mean(model.terms(x, noise[0]).elbo_nats))
    for v, g in zip(model.trainable_variables, grads, strict=True):
        assert np.isfinite(g).all(), v.name
        assert (g != 0).any(), f"{v.name} has no gradient"


# Using ----------------------------------------------------------------------------------------


def test_it_exports(tmp_path):
    model = make("ladder")
    report = writer.write(model, tmp_path / "export", batch_sizes=[1])
    signatures = report["artefacts"]["saved_model"]["signatures"]
    assert list(signatures["encode"]["outputs"]) == ["code"]
    assert list(signatures["sample"]["outputs"]) == ["image", "sample", "z"]


def test_the_rate_of_each_layer_is_measured(model):
    x = tiny.images(10)
    batches = [Batch(x[:6], None), Batch(x[6:], None)]
    found = evaluation.likelihood(model, batches, num_samples=50)
    assert len(found["rate_nats_by_layer"]) == 2
    np.testing.assert_allclose(sum(found["rate_nats_by_layer"]), found["rate_nats"], rtol=1e-5)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_each_layer_sees_the_condition(structure):
    model = make(structure, condition="label")
    x, noise = tiny.images(1), tiny.noise(model, 1, 1)
    one, other = (model.terms(x, noise, np.array([c])).rates for c in (0, 1))
    for a, b in zip(one, other, strict=True):
        assert (a.q.mean() != b.q.mean()).numpy().all()
    z = model.prior.draw_noise([0, 0], 1)
    context = [model.condition(np.array([c])) for c in (0, 1)]
    a, b = (model.prior.at(z, c).priors[0].mean() for c in context)
    assert (a != b).numpy().all()


@pytest.mark.parametrize("structure", STRUCTURES)
def test_without_an_encoder_a_prior_given_the_condition_is_the_posterior(structure):
    options = {"condition": "label", "prior": "conditional_normal"}
    model = tiny.randomize(make(structure, recipe="monte_carlo", **options))
    x, given = tiny.images(3), tiny.conditions_for(model, 3)
    noise = tiny.noise(model, 4, 3)
    terms = model.terms(x, noise, given)
    np.testing.assert_array_equal(terms.z, model.prior_sample(noise, condition=given))
    np.testing.assert_allclose(terms.log_posterior, terms.log_prior, rtol=1e-6)
    one = tf.repeat(terms.z[:1, :1], 2, axis=1)
    assert np.ptp(model.prior_distribution(np.arange(2)).log_prob(one)) > 0.01


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"latent_dims": None}, "network=mlp needs latent_dims, .*, or network=resnet"),
        ({"hidden": (8,)}, "got hidden=8 and latent_dims=3,2"),
        ({"network": "conv", "hidden": (400,)}, "with network=conv: .* Use network=resnet"),
        ({"posterior": "full_covariance"}, "both as diagonal normals"),
        ({"latent_dim": 5}, "latent_dim=5 is an option of structure=single"),
    ],
)
def test_what_makes_no_sense_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        tiny.config(structure="ladder", **(SIZES | options))


def test_latent_dims_are_of_several_layers():
    with pytest.raises(ValueError, match="latent_dims=3,2 is an option of structure="):
        tiny.config(latent_dims=(3, 2))
