"""Sequence models: chains of latents, against plain VAEs, numpy, tfd and the Kalman filter."""

import numpy as np
import pytest
import scipy.stats

import keras_vae
from keras_vae import likelihoods, networks, objectives, posteriors, priors, sequence
from keras_vae._compat import tf, tfd, tfk, tfkl
from keras_vae.batches import Batch
from tests import tiny

NUM_STEPS, WIDTH, LATENT_DIM = 4, 3, 2
EVENT_SHAPE = (NUM_STEPS, WIDTH, 1)


def raw_of(scale):
    """The number of which DiagonalNormal makes this scale."""
    return np.log(np.expm1(np.asarray(scale) - 1e-5)) - np.log(np.expm1(1.0))


def per_step(body, num_steps=NUM_STEPS, size=WIDTH):
    return networks.PerStep(body, num_steps, size)


def chain(num_steps=NUM_STEPS, condition=None, initial=None, likelihood=likelihoods.Bernoulli):
    """A small model with weights drawn anew."""
    tfk.utils.set_random_seed(0)
    event_shape = (num_steps, WIDTH, 1)
    gru = tfkl.Bidirectional(tfkl.RNN(tfkl.GRUCell(3), return_sequences=True))
    model = sequence.SequenceVAE(
        sequence.MarkovEncoder(
            tfk.Sequential([per_step(networks.mlp((5,)), num_steps), gru]),
            tfk.Sequential([tfkl.Dense(6, "tanh"), tfkl.Dense(2 * LATENT_DIM)]),
            LATENT_DIM,
            num_steps,
        ),
        keras_vae.Decoder(
            per_step(networks.mlp((5,)), num_steps, LATENT_DIM), likelihood(event_shape)
        ),
        sequence.MarkovPrior(
            initial or priors.StandardNormal(LATENT_DIM),
            sequence.GatedTransition(LATENT_DIM, 4, "tanh"),
            num_steps,
        ),
        condition,
    )
    return tiny.randomize(model)


@pytest.fixture(scope="module")
def model():
    return chain()


def x_and_noise(model, num_samples=3, batch_size=5):
    x = tiny.images(batch_size, event_shape=model.event_shape)
    return x, tiny.noise(model, num_samples, batch_size)


def test_z_is_drawn_step_by_step_from_the_one_before(model):
    x, noise = x_and_noise(model)
    z = model.terms(x, noise).z.numpy()
    h = model.encoder.network(x).numpy()
    before = np.zeros([3, 5, LATENT_DIM], np.float32)
    for t in range(NUM_STEPS):
        inputs = np.concatenate([before, np.broadcast_to(h[:, t], (3, 5, h.shape[-1]))], -1)
        params = model.encoder.combiner(inputs.reshape(15, -1)).numpy().reshape(3, 5, -1)
        loc, raw = np.split(params, 2, -1)
        columns = slice(t * LATENT_DIM, (t + 1) * LATENT_DIM)
        scale = np.log1p(np.exp(raw + np.log(np.e - 1.0)))
        before = loc + scale * noise.numpy()[..., columns]
        np.testing.assert_allclose(z[..., columns], before, atol=1e-4)


def test_terms_are_the_densities_written_out(model):
    x, noise = x_and_noise(model)
    terms = model.terms(x, noise)
    z = tf.reshape(terms.z, [3, 5, NUM_STEPS, LATENT_DIM])
    normal = posteriors.DiagonalNormal(LATENT_DIM)

    log_prior = tfd.MultivariateNormalDiag(tf.zeros(LATENT_DIM)).log_prob(z[:, :, 0])
    log_posterior, kl = 0.0, []
    h = model.encoder.network(x)
    before = tf.zeros_like(z[:, :, 0])
    for t in range(NUM_STEPS):
        inputs = tf.concat([before, tf.broadcast_to(h[:, t], [3, 5, h.shape[-1]])], -1)
        q = normal.distribution(model.encoder.combiner(inputs))
        p = tfd.Independent(tfd.Normal(tf.zeros(LATENT_DIM), 1.0), 1)
        if t > 0:
            p = normal.distribution(model.prior.transition(before))
            log_prior += p.log_prob(z[:, :, t])
        log_posterior += q.log_prob(z[:, :, t])
        kl.append(tf.reduce_mean(tfd.kl_divergence(q, p), axis=0))
        before = z[:, :, t]
    np.testing.assert_allclose(terms.log_prior, log_prior, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(terms.log_posterior, log_posterior, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(terms.kl, tf.stack(kl, -1), rtol=1e-4, atol=1e-5)
    assert model.has_analytic_kl
    decoded = model.decode(terms.z).log_prob(x)
    np.testing.assert_allclose(terms.log_likelihood, decoded, rtol=1e-5)


def test_one_step_is_the_plain_vae():
    model = chain(num_steps=1)
    gru = tfkl.Bidirectional(tfkl.RNN(tfkl.GRUCell(3), return_sequences=True))
    hidden = tfkl.Dense(6, "tanh")
    plain = keras_vae.VAE(
        keras_vae.Encoder(
            tfk.Sequential([per_step(networks.mlp((5,)), 1), gru, hidden]),
            posteriors.DiagonalNormal(LATENT_DIM),
        ),
        keras_vae.Decoder(
            per_step(networks.mlp((5,)), 1, LATENT_DIM), likelihoods.Bernoulli((1, WIDTH, 1))
        ),
        priors.StandardNormal(LATENT_DIM),
    )
    for layer, source in zip(
        plain.encoder.network.layers[:2], model.encoder.network.layers, strict=True
    ):
        layer.set_weights(source.get_weights())
    kernel, bias = model.encoder.combiner.layers[0].get_weights()
    hidden.set_weights([kernel[LATENT_DIM:], bias])  # z_0 is 0.
    plain.encoder.projection.set_weights(model.encoder.combiner.layers[1].get_weights())
    plain.decoder.set_weights(model.decoder.get_weights())

    x, noise = x_and_noise(model)
    for stop_posterior in (False, True):
        got = model.terms(x, noise, stop_posterior=stop_posterior)
        wanted = plain.terms(x, noise, stop_posterior=stop_posterior)
        assert got.kl.shape == (5, 1)
        for name in ("z", "log_likelihood", "log_prior", "log_posterior", "rate", "elbo_nats"):
            np.testing.assert_allclose(getattr(got, name), getattr(wanted, name), atol=1e-5)
        assert sum(z.shape[-1] for _, _, z in got.rates) == LATENT_DIM
    np.testing.assert_allclose(model.code(x), plain.code(x), atol=1e-6)
    np.testing.assert_allclose(model.sample(4, seed=1), plain.sample(4, seed=1), atol=1e-6)
    np.testing.assert_allclose(
        model.encode(x).log_prob(got.z), plain.encode(x).log_prob(got.z), atol=1e-5
    )


@tfk.saving.register_keras_serializable("tests")
class ExactSmoother(tfkl.Layer):
    """x [B, T, D, 1] -> [B, T, 3 D]: mean at z_{t-1} = 0, gain and raw scale of q(z_t|z_{t-1}, x).

    The state space model z_t = a z_{t-1} + s e, x_t = c z_t + r e', z_1 ~ N(0, 1), in each of D
    dimensions: p(x_t .. x_T|z_t) is exp(-J_t z^2 / 2 + h_t z) but for a constant.
    """

    def __init__(self, a, s, c, r):
        super().__init__()
        eye = np.eye(NUM_STEPS)
        precision, linear = np.zeros(len(a)), np.zeros([NUM_STEPS, len(a)])  # J, h as rows of x.
        mean, gain, raw_scale = [], [], []
        for t in reversed(range(NUM_STEPS)):
            shrink = 1.0 / (1.0 + s**2 * precision)
            precision = c**2 / r**2 + a**2 * precision * shrink
            linear = eye[t][:, None] * c / r**2 + a * linear * shrink
            prior_precision = 1.0 / s**2 if t else np.ones_like(s)
            total = prior_precision + precision
            mean.insert(0, linear / total)
            gain.insert(0, a * prior_precision / total)
            raw_scale.insert(0, raw_of(total**-0.5))
        self.mean = tf.Variable(mean, dtype=tf.float32)  # [t, u, D], of x_u
        self.others = tf.Variable(np.concatenate([gain, raw_scale], -1), dtype=tf.float32)

    def call(self, x):
        mean = tf.einsum("tud,bud->btd", self.mean, x[..., 0])
        return tf.concat([mean, tf.broadcast_to(self.others, [len(x), *self.others.shape])], -1)


class Affine(tfkl.Layer):
    """z_{t-1} beside what `ExactSmoother` gives -> parameters of q(z_t|z_{t-1}, x)."""

    def call(self, inputs):
        z, mean, gain, raw_scale = tf.split(inputs, 4, axis=-1)
        return tf.concat([mean + gain * z, raw_scale], axis=-1)


@pytest.fixture(scope="module")
def linear_gaussian():
    """(model whose posterior is the exact smoother, the same as tfd's state space model)."""
    a, s = np.array([0.9, -0.5]), np.array([0.6, 0.8])
    c, r = np.array([1.5, -0.7]), 0.5
    event_shape = (NUM_STEPS, 2, 1)
    model = sequence.SequenceVAE(
        sequence.MarkovEncoder(ExactSmoother(a, s, c, r), Affine(), 2, NUM_STEPS),
        keras_vae.Decoder(per_step(networks.linear(), size=2), likelihoods.Normal(event_shape, r)),
        sequence.MarkovPrior(priors.StandardNormal(2), tfkl.Dense(4), NUM_STEPS),
    )
    model.prior.transition.set_weights(
        [np.concatenate([np.diag(a), np.zeros([2, 2])], 1), np.concatenate([[0, 0], raw_of(s)])]
    )
    model.decoder.projection.linear.set_weights([np.diag(c), np.zeros(2)])
    operator, diagonal = tf.linalg.LinearOperatorDiag, tfd.MultivariateNormalDiag
    kalman = tfd.LinearGaussianStateSpaceModel(
        NUM_STEPS,
        operator(tf.constant(a, tf.float32)),
        diagonal(tf.zeros(2), tf.constant(s, tf.float32)),
        operator(tf.constant(c, tf.float32)),
        diagonal(tf.zeros(2), tf.fill([2], np.float32(r))),
        diagonal(tf.zeros(2), tf.ones(2)),
    )
    return model, kalman


def test_the_bound_is_the_kalman_likelihood_where_q_is_the_exact_smoother(linear_gaussian):
    model, kalman = linear_gaussian
    x = tiny.images(6, likelihoods.Support.REAL, model.event_shape)
    wanted = kalman.log_prob(x[..., 0])
    terms = model.terms(x, tiny.noise(model, 3, 6))
    for each in terms.log_weight:  # At every z.
        np.testing.assert_allclose(each, wanted, atol=1e-4)
    # With the exact KL, what is left of chance goes with the number of samples.
    terms = model.terms(x, tiny.noise(model, 20_000, 6))
    np.testing.assert_allclose(terms.elbo_nats, wanted, atol=0.05)
    means, covariances = kalman.posterior_marginals(x[..., 0])
    np.testing.assert_allclose(
        model.code(x), tf.reshape(means, [6, -1]), atol=1e-4, err_msg="means given means"
    )
    scale = tf.sqrt(tf.linalg.diag_part(covariances))  # The same for all x.
    np.testing.assert_allclose(
        tf.math.reduce_std(terms.z, 0), tf.repeat(tf.reshape(scale, [1, -1]), 6, 0), rtol=0.03
    )


def loss_and_gradients(model, objective, x, noise, variables):
    """What training minimises and its gradients, at beta = 1."""
    with tf.GradientTape() as tape:
        terms = model.terms(x, noise, stop_posterior=objective.stop_posterior)
        loss = tf.reduce_mean(tiny.loss_of(objective, terms, 1.0))
    return loss, tape.gradient(loss, variables)


@pytest.mark.parametrize("gradient", ["stl", "dreg"])
def test_at_the_exact_posterior_path_gradients_vanish(linear_gaussian, gradient):
    model, _ = linear_gaussian
    x = tiny.images(6, likelihoods.Support.REAL, model.event_shape)
    noise = tiny.noise(model, 3, 6)
    variables = model.encoder.trainable_variables
    assert len(variables) == 2
    for name, vanishes in [("plain", False), (gradient, True)]:
        objective = objectives.ImportanceWeighted(3, name)
        _, grads = loss_and_gradients(model, objective, x, noise, variables)
        assert (max(np.abs(g).max() for g in grads) < 1e-5) == vanishes


def test_dreg_is_the_plain_gradient_in_expectation(model):
    """Through the earlier z that later ones depend on too: weighed once on each path."""
    num_draws, variables = 100, model.encoder.trainable_variables
    x = np.repeat(tiny.images(2, event_shape=model.event_shape), 50, axis=0)

    def draws(objective):
        @tf.function
        def draw(noise):
            loss, grads = loss_and_gradients(model, objective, x, noise, variables)
            return tf.concat([[loss], *(tf.reshape(g, [-1]) for g in grads)], 0)

        noises = [tiny.noise(model, 3, len(x), seed) for seed in range(num_draws)]
        return np.stack([draw(n) for n in noises]).astype(np.float64)

    plain, dreg = (draws(objectives.ImportanceWeighted(3, g)) for g in ("plain", "dreg"))
    np.testing.assert_allclose(plain[:, 0], dreg[:, 0], rtol=1e-5)
    difference = (plain - dreg)[:, 1:]
    error = difference.std(axis=0, ddof=1) / np.sqrt(num_draws)
    # Chance of a false alarm, over all coordinates: 1e-6.
    bound = scipy.stats.t.isf(1e-6 / (2 * difference.shape[1]), num_draws - 1)
    assert (np.abs(difference.mean(axis=0)) <= bound * error).all()
    assert np.linalg.norm(error) < 0.15 * np.linalg.norm(plain[:, 1:].mean(axis=0))


def test_the_prior_is_tfps_markov_chain(model):
    normal = posteriors.DiagonalNormal(LATENT_DIM)
    wanted = tfd.MarkovChain(
        tfd.MultivariateNormalDiag(tf.zeros(LATENT_DIM)),
        lambda _, z: normal.distribution(model.prior.transition(z)),
        NUM_STEPS,
    )
    p = model.prior.distribution()
    z = p.sample(7, seed=[1, 2])
    assert z.shape == (7, NUM_STEPS * LATENT_DIM)
    assert p.event_shape == z.shape[1:]
    assert p.batch_shape == []
    steps = tf.reshape(z, [7, NUM_STEPS, LATENT_DIM])
    np.testing.assert_allclose(p.log_prob(z), wanted.log_prob(steps), rtol=1e-5)
    n = 20_000
    mine = tf.reshape(p.sample(n, seed=[3, 4]), [n, NUM_STEPS, LATENT_DIM]).numpy()
    theirs = wanted.sample(n, seed=[5, 6]).numpy()
    # Five standard errors, for both sides are samples.
    error = np.sqrt((mine.var(0) + theirs.var(0)) / n)
    assert (np.abs(mine.mean(0) - theirs.mean(0)) < 5 * error).all()
    np.testing.assert_allclose(mine.std(0), theirs.std(0), rtol=0.05)
    loc, scale = model.prior.moments()
    np.testing.assert_allclose(loc, mine.mean(0).ravel(), atol=0.06 * scale.numpy().max())
    np.testing.assert_allclose(scale, mine.std(0).ravel(), rtol=0.05)


def test_temperature_scales_every_step(model):
    noise = model.prior.draw_noise([0, 0], 5)
    cold = model.prior.from_noise(noise, temperature=0.0)
    z, columns = np.zeros([5, LATENT_DIM], np.float32), []
    for _ in range(NUM_STEPS):
        columns.append(z)
        z = posteriors.DiagonalNormal(LATENT_DIM).distribution(model.prior.transition(z)).mean()
    np.testing.assert_allclose(cold, np.concatenate(columns, -1), atol=1e-6)
    np.testing.assert_allclose(
        model.prior.from_noise(noise, temperature=0.3),
        model.prior.from_noise(0.3 * noise),
        atol=1e-6,
    )


def test_a_new_transition_is_near_the_identity():
    transition = sequence.GatedTransition(3)
    z = np.eye(3, dtype=np.float32)
    loc, _ = np.split(transition(z).numpy(), 2, axis=-1)
    assert np.abs(loc - z).max() < 0.3
    assert np.diag(loc).min() > 0.7


@pytest.mark.parametrize("inference", ["filter", "smoother"])
def test_a_filter_sees_no_later_step(inference):
    vae = tiny.randomize(tiny.vae(recipe="sequence", inference=inference))
    x = tiny.images(2)
    later = x.copy()
    later[:, 4] = 1.0 - later[:, 4]
    changed = np.any(vae.code(x) != vae.code(later), axis=0).reshape(7, 2).any(axis=-1)
    first = 4 if inference == "filter" else 0
    np.testing.assert_array_equal(changed, np.arange(7) >= first)


def test_a_step_of_x_depends_on_its_own_latents_alone():
    vae = tiny.randomize(tiny.vae(recipe="sequence"))
    z = vae.code(tiny.images(1)).numpy()
    moved = z.copy()
    moved[:, 2 * 3 : 2 * 4] += 1.0
    changed = np.any(vae.decode(z).mean() != vae.decode(moved).mean(), axis=(0, 2, 3))
    np.testing.assert_array_equal(changed, np.arange(7) == 3)


@pytest.mark.parametrize(
    ("initial", "analytic"), [("learned_normal", True), ("mixture", False), ("real_nvp", False)]
)
def test_the_first_step_has_any_prior(initial, analytic):
    vae = tiny.randomize(tiny.vae(recipe="sequence", prior=initial), scale=0.1)
    assert vae.has_analytic_kl == analytic
    x, noise = tiny.images(3), tiny.noise(vae, 4000, 3)
    terms = vae.terms(x, noise)
    assert terms.kl.shape == (3, 7)
    sampled = terms.log_posterior - terms.log_prior
    error = np.std(sampled, axis=0) / np.sqrt(4000)
    assert (np.abs(terms.rate - np.mean(sampled, axis=0)) < 5 * error).all()
    first, later = vae.terms(x, noise[:2]).rates
    p = vae.prior.distribution()
    np.testing.assert_allclose(
        first.p.log_prob(first.z) + later.p.log_prob(later.z),
        p.log_prob(tf.concat([first.z, later.z], -1)),
        rtol=1e-5,
    )
    assert vae.sample(2, seed=0).shape == (2, *vae.event_shape)


def test_the_condition_reaches_transition_emission_and_posterior():
    vae = tiny.randomize(tiny.vae(recipe="sequence", condition="label"))
    x, noise = tiny.images(2), tiny.noise(vae, 1, 2)
    one, other = (vae.terms(x, noise, np.full(2, label)) for label in (0, 1))
    assert (np.abs(one.z - other.z).max(axis=-1) > 1e-3).all()
    z = one.z[0]
    for change in (
        vae.decode(z, [0, 0]).log_prob(x) - vae.decode(z, [1, 1]).log_prob(x),
        vae.prior.distribution(vae.condition(tf.constant([0, 1]))).log_prob(z)
        - vae.prior.distribution(vae.condition(tf.constant([1, 0]))).log_prob(z),
    ):
        assert (np.abs(change) > 1e-3).all()
    # Each row of a batch is given its own.
    mixed = vae.terms(x, noise, np.array([0, 1]))
    np.testing.assert_allclose(mixed.log_prior[0, 0], one.log_prior[0, 0], rtol=1e-5)
    np.testing.assert_allclose(mixed.log_posterior[0, 1], other.log_posterior[0, 1], rtol=1e-5)
    np.testing.assert_allclose(
        vae.encode(x, [0, 1]).log_prob(mixed.z), mixed.log_posterior, rtol=1e-4, atol=1e-4
    )


def test_the_exact_kl_is_added_to_the_losses_once():
    vae = tiny.randomize(tiny.vae(recipe="sequence"))
    x, noise = tiny.images(4), tiny.noise(vae, 3, 4)
    for kl in ("analytic", "sampled"):
        vae.compile(objective=objectives.SGVB(kl))
        terms = vae(Batch(x, noise))
        sampled = tf.reduce_mean(terms.log_posterior - terms.log_prior)
        wanted = tf.reduce_mean(terms.rate) if kl == "analytic" else sampled
        np.testing.assert_allclose(tf.add_n(vae.losses), wanted, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"network": "conv"}, "structure=sequence with network=conv"),
        ({"posterior": "full_covariance"}, "posterior=full_covariance: each step's posterior"),
        ({"weights": "bayes"}, "weights=bayes: all steps share"),
        ({"recipe": "vae", "inference": "filter"}, "inference=filter is an option of structure"),
        ({"hidden": ()}, "hidden must have at least one"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        keras_vae.recipe(**({"name": options.pop("recipe", "sequence")} | options))


@pytest.mark.parametrize("condition", ["label", "image_part"])
def test_a_conditional_model_is_computed_for_any_number_of_examples(condition):
    vae = tiny.randomize(tiny.vae(recipe="sequence", condition=condition))
    x = tiny.images(3)
    given = x if condition == "image_part" else np.arange(3, dtype=np.int32)
    specs = [tf.TensorSpec([None, *part.shape[1:]], part.dtype) for part in (x, given)]
    reconstruct = tf.function(vae.reconstruct, input_signature=specs)
    np.testing.assert_allclose(reconstruct(x, given), vae.reconstruct(x, given), rtol=1e-5)


@pytest.mark.parametrize("prior", ["standard_normal", "maf"])
def test_verbs_of_several_ranks_of_noise_follow_each_other(prior):
    """Building draws [S, B, N], sampling [n, N]: what one left behind, the other must not meet."""
    vae = tiny.vae(
        recipe="monte_carlo", structure="sequence", latent_dim=2, hidden=(8,), prior=prior
    )
    before = vae.sample(3, seed=0)
    assert before.shape == (3, *tiny.EVENT_SHAPE)
    assert vae.encode(tiny.images(2)).sample(5).shape == (5, 2, vae.latent_dim)
    np.testing.assert_array_equal(vae.sample(3, seed=0), before)


def test_no_verb_walks_through_time_in_python(monkeypatch):
    vae = tiny.vae(recipe="sequence")
    x = tiny.images(3)

    def verbs():
        return vae.code(x), vae.reconstruct(x), vae.sample(3)

    verbs()
    calls = []

    def counted(owner, name):
        method = getattr(owner, name)
        monkeypatch.setattr(
            owner, name, lambda *a, **more: calls.append(name) or method(*a, **more)
        )

    for owner, name in [(vae.encoder, "_next"), (vae.prior, "_next"), (tfkl.GRUCell, "call")]:
        counted(owner, name)
    verbs()
    assert not calls


def test_the_activation_is_that_of_all_networks():
    vae = tiny.vae(recipe="sequence", activation="tanh")
    assert vae.prior.transition.activation == "tanh"
