"""Estimators of one bound agree: the same value and gradient, exactly or in expectation."""

import numpy as np
import pytest
import scipy.special
import scipy.stats

from keras_vae import objectives
from keras_vae._compat import tf
from keras_vae.batches import Batch
from keras_vae.terms import Terms
from tests import tiny

BATCH_SIZE = 8


@pytest.fixture(scope="module", params=["diagonal", "full_covariance", "low_rank"])
def model(request):
    return tiny.randomize(tiny.vae(posterior=request.param, activation="tanh"))


def training_loss(model, objective, x, noise):
    """What train_step minimises, at the beta that the model holds."""
    model.compile(objective=objective)
    terms = model(Batch(x, noise))
    return tf.reduce_mean(tiny.loss_of(objective, terms, model.beta)) + tf.add_n(
        [0.0, *model.losses]
    )


@pytest.mark.parametrize("num_samples", [1, 5])
def test_both_routes_of_the_kl_give_the_same_value_and_gradient(model, num_samples):
    """KL from model.losses against KL from Terms: estimators A and B of Kingma & Welling 2014."""
    x, noise = tiny.images(BATCH_SIZE), tiny.noise(model, num_samples, BATCH_SIZE)
    from_terms = {
        "sampled": lambda: -tf.reduce_mean(model.terms(x, noise).log_weight),
        "analytic": lambda: -tf.reduce_mean(model.terms(x, noise).elbo_nats),
    }
    for kl, function in from_terms.items():
        value, grads = tiny.gradients(
            model, lambda kl=kl: training_loss(model, objectives.SGVB(kl), x, noise)
        )
        wanted, wanted_grads = tiny.gradients(model, function)
        np.testing.assert_allclose(value, wanted, rtol=1e-5)
        for g, w in zip(grads, wanted_grads, strict=True):
            # Sums of BATCH_SIZE * 35 terms, each rounded at 2^-24.
            np.testing.assert_allclose(g, w, rtol=1e-4, atol=1e-5 * np.abs(w).max())


def test_free_bits_without_free_bits_is_the_bound():
    model = tiny.randomize(tiny.vae())
    x, noise = tiny.images(BATCH_SIZE), tiny.noise(model, 1, BATCH_SIZE)
    losses = [
        tiny.gradients(model, lambda o=o: training_loss(model, o, x, noise))
        for o in (objectives.FreeBits(nats=0.0), objectives.SGVB("analytic"))
    ]
    np.testing.assert_allclose(losses[0][0], losses[1][0], rtol=1e-6)
    for a, b in zip(losses[0][1], losses[1][1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def draws_of_value_and_gradient(model, objective, x, num_draws, num_samples, beta=1.0):
    """[num_draws, 1 + encoder weights]: the loss and its gradient, each at a noise of its own."""
    model.compile(objective=objective)
    model.beta.assign(beta)
    variables = model.encoder.trainable_variables

    @tf.function
    def draw(noise):
        with tf.GradientTape() as tape:
            terms = model(Batch(x, noise))
            loss = tf.reduce_mean(tiny.loss_of(objective, terms, model.beta)) + tf.add_n(
                [0.0, *model.losses]
            )
        grads = tape.gradient(loss, variables)
        return tf.concat([[loss], *(tf.reshape(g, [-1]) for g in grads)], 0)

    return np.stack(
        [draw(tiny.noise(model, num_samples, len(x), seed=i)) for i in range(num_draws)]
    ).astype(np.float64)


def paired(a, b):
    """(standard error of the mean of a - b; that mean in units of the most that chance allows).

    a, b: [draws, coordinates]. Chance of a false alarm, over all coordinates: 1e-6.
    """
    difference = a - b
    error = difference.std(axis=0, ddof=1) / np.sqrt(len(a))
    bound = scipy.stats.t.isf(1e-6 / (2 * difference.shape[1]), len(a) - 1)
    return error, np.abs(difference.mean(axis=0)) / np.maximum(bound * error, 1e-12)


def test_sampled_and_analytic_kl_agree_in_expectation(model):
    """Paired at the same noise, their difference has mean zero in every coordinate."""
    num_draws = 300
    x = tiny.images(BATCH_SIZE)
    sampled, analytic = (
        draws_of_value_and_gradient(model, objectives.SGVB(kl), x, num_draws, num_samples=16)
        for kl in ("sampled", "analytic")
    )
    error, deviation = paired(sampled, analytic)
    assert (error > 0).all()
    assert (deviation < 1).all()
    # And the test could tell: the error is small beside the value and the gradient themselves.
    assert error[0] < 0.01 * abs(analytic[:, 0].mean())
    assert np.linalg.norm(error[1:]) < 0.05 * np.linalg.norm(analytic[:, 1:].mean(axis=0))


def test_more_samples_estimate_the_same_bound():
    """L samples are the mean of L single ones (Kingma & Welling 2014, eq. 8)."""
    model = tiny.randomize(tiny.vae())
    x, noise = tiny.images(BATCH_SIZE), tiny.noise(model, 5, BATCH_SIZE)
    objective = objectives.SGVB("sampled")
    one_by_one = [training_loss(model, objective, x, noise[s : s + 1]) for s in range(5)]
    np.testing.assert_allclose(
        training_loss(model, objective, x, noise), np.mean(one_by_one), rtol=1e-5
    )


# Importance weighting --------------------------------------------------------------------------

GRADIENTS = ["plain", "stl", "dreg"]


@pytest.fixture(scope="module")
def loose():
    """A linear model whose q(z|x) is too wide and beside the posterior; its x and log p(x)."""
    return tiny.exact_linear(offset=0.5, widening=1.5, n=10)


def test_one_importance_sample_is_the_sampled_bound(model):
    x, noise = tiny.images(BATCH_SIZE), tiny.noise(model, 1, BATCH_SIZE)
    (value, grads), (wanted, wanted_grads) = (
        tiny.gradients(model, lambda o=o: training_loss(model, o, x, noise))
        for o in (objectives.ImportanceWeighted(1), objectives.SGVB("sampled"))
    )
    np.testing.assert_allclose(value, wanted, rtol=1e-5)
    for a, b in zip(grads, wanted_grads, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * np.abs(b).max())


def test_of_one_importance_sample_dreg_is_sticking_the_landing(model):
    """The sample's weight is 1, which leaves the path through z (Tucker et al. 2019, eq. 8)."""
    x, noise = tiny.images(BATCH_SIZE), tiny.noise(model, 1, BATCH_SIZE)
    (value, grads), (wanted, wanted_grads) = (
        tiny.gradients(
            model,
            lambda g=g: training_loss(model, objectives.ImportanceWeighted(1, g), x, noise),
        )
        for g in ("dreg", "stl")
    )
    np.testing.assert_allclose(value, wanted, rtol=1e-6)
    for a, b in zip(grads, wanted_grads, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6 * np.abs(b).max())


def test_the_bound_tightens_with_k_and_stays_below_the_likelihood(loose):
    """Of the same 256 samples, in groups of k: by Jensen's inequality for any samples."""
    model, x, log_p = loose
    terms = model.terms(x, tiny.noise(model, 256, len(x)))
    bounds = []
    for k in 4 ** np.arange(5):
        groups = tf.reshape(terms.log_weight, [256 // k, k, len(x)])
        objective = objectives.ImportanceWeighted(int(k))
        zeros = tf.zeros([k, len(x)])
        of_group = [objective.bound(Terms(None, g, zeros, zeros)) for g in groups]
        bounds.append(np.mean(of_group, axis=0))
    bounds = np.array(bounds)  # [k, B]
    assert (np.diff(bounds, axis=0) > 0).all()
    np.testing.assert_allclose(bounds[0], np.mean(terms.log_weight, axis=0), rtol=1e-5)
    # Error of the log of a mean of weights.
    weight = np.exp(terms.log_weight.numpy() - log_p)
    error = weight.std(axis=0) / np.sqrt(256)
    assert (np.abs(bounds[-1] - log_p) < 5 * error).all()
    assert (log_p - bounds[0] > 10 * error).all()


@pytest.mark.parametrize("beta", [1.0, 0.5])
def test_estimators_differ_in_the_encoders_gradient_alone(model, beta):
    """Of equal value, and of equal gradient of the decoder."""
    x, noise = tiny.images(BATCH_SIZE), tiny.noise(model, 5, BATCH_SIZE)
    model.beta.assign(beta)
    found = {
        name: tiny.gradients(
            model,
            lambda n=name: training_loss(model, objectives.ImportanceWeighted(5, n), x, noise),
        )
        for name in GRADIENTS
    }
    model.beta.assign(1.0)
    of_encoder = len(model.encoder.trainable_variables)
    value, plain = found["plain"]
    for name in ("stl", "dreg"):
        np.testing.assert_allclose(found[name][0], value, rtol=1e-6)
        for a, b in zip(found[name][1][of_encoder:], plain[of_encoder:], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
        for a, b in zip(found[name][1][:of_encoder], plain[:of_encoder], strict=True):
            assert np.abs(a - b).max() > 1e-3 * np.abs(b).max()


def assert_same_in_expectation(model, x, gradient, k, beta=1.0, num_draws=400):
    """As the plain one, paired at the same noise; stl, biased at k > 1, shows that one can tell."""

    def draws(gradient):
        objective = objectives.ImportanceWeighted(k, gradient)
        found = draws_of_value_and_gradient(model, objective, x, num_draws, k, beta)
        return found[:, 1:]

    plain = draws("plain")
    error, deviation = paired(draws(gradient), plain)
    assert (deviation < 1).all()
    assert np.linalg.norm(error) < 0.05 * np.linalg.norm(plain.mean(axis=0))
    if k > 1:
        _, deviation = paired(draws("stl"), plain)
        assert deviation.max() > 2


@pytest.mark.parametrize(
    ("gradient", "k", "beta"), [("stl", 1, 1.0), ("dreg", 5, 1.0), ("dreg", 5, 0.5)]
)
def test_estimators_agree_in_expectation(loose, gradient, k, beta):
    model, x, _ = loose
    assert_same_in_expectation(model, np.repeat(x, 50, axis=0), gradient, k, beta)
    model.beta.assign(1.0)


@pytest.mark.parametrize(
    "options",
    [
        {"posterior": "full_covariance"},
        {"posterior": "low_rank"},
        {"posterior": "iaf"},
        {"prior": "vamp"},
        {"posterior": "categorical", "prior": "categorical", "relaxation": "relaxed"},
    ],
    ids=lambda options: "-".join(options.values()),
)
def test_dreg_is_the_plain_gradient_in_expectation(options):
    """Whatever the way from noise to z, and where p(z) is made of the encoder too."""
    model = tiny.randomize(tiny.vae(activation="tanh", **options))
    x = np.repeat(tiny.images(4), 25, axis=0)
    assert_same_in_expectation(model, x, "dreg", k=3, num_draws=200)


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize("gradient", ["stl", "dreg"])
def test_the_encoders_gradient_vanishes_at_the_exact_posterior(gradient, k):
    """At every noise, not only on average: all weights are p(x) (Roeder et al. 2017)."""
    model, x, log_p = tiny.exact_linear()
    noise = tiny.noise(model, k, len(x))

    def size(gradient):
        objective = objectives.ImportanceWeighted(k, gradient)
        value, grads = tiny.gradients(model, lambda: training_loss(model, objective, x, noise))
        np.testing.assert_allclose(value, -log_p.mean(), rtol=1e-4)
        grads = grads[: len(model.encoder.trainable_variables)]
        return np.sqrt(sum((g**2).sum() for g in grads))

    # The rest is rounding.
    assert size(gradient) < 1e-4 * size("plain")


STRUCTURES = [
    {},
    {"structure": "bottom_up", "latent_dims": (3, 2), "hidden": (8, 8)},
    {"structure": "ladder", "latent_dims": (3, 2), "hidden": (8, 8)},
    {"structure": "ladder", "latent_dims": (3, 2), "hidden": (8, 8), "prior": "maf"},
    {"structure": "sequence", "latent_dim": 2, "hidden": (8,), "prior": "real_nvp"},
]


@pytest.mark.parametrize("options", STRUCTURES)
def test_plain_monte_carlo_averages_the_likelihood_over_the_prior(options):
    """-log (1/k) sum_s p(x|z_s) with z_s ~ p(z), by numpy; and so without any encoder."""
    model = tiny.randomize(tiny.vae(recipe="monte_carlo", latent_samples=7, **options))
    assert model.encoder.trainable_variables == []
    x, noise = tiny.images(BATCH_SIZE), tiny.noise(model, 7, BATCH_SIZE)
    z = model.prior_sample(noise)
    if not options:
        np.testing.assert_array_equal(z, noise)
    p = model.decode(z).mean().numpy().astype(np.float64)
    log_p = (scipy.special.xlogy(x, p) + scipy.special.xlog1py(1 - x, -p)).sum((-3, -2, -1))
    wanted = scipy.special.logsumexp(log_p, axis=0) - np.log(7)
    terms = model.terms(x, noise)
    np.testing.assert_allclose(terms.z, z, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(model.objective(terms, 1.0), -wanted, rtol=1e-5)
    np.testing.assert_allclose(terms.rate, np.zeros(BATCH_SIZE), atol=1e-5)


@pytest.mark.parametrize("gradient", ["stl", "dreg"])
@pytest.mark.parametrize("options", [{"prior": "learned_normal"}, STRUCTURES[2]])
def test_a_prior_that_is_the_posterior_has_the_plain_gradient(gradient, options):
    """It is no encoder, and p(z) must keep its own."""
    model = tiny.randomize(tiny.vae(recipe="monte_carlo", **options))
    x, noise = tiny.images(BATCH_SIZE), tiny.noise(model, 5, BATCH_SIZE)
    (value, grads), (wanted, wanted_grads) = (
        tiny.gradients(
            model,
            lambda g=g: training_loss(model, objectives.ImportanceWeighted(5, g), x, noise),
        )
        for g in (gradient, "plain")
    )
    np.testing.assert_allclose(value, wanted, rtol=1e-6)
    for a, b in zip(grads, wanted_grads, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
