"""A mask of known values: bounds on what was observed, against closed forms."""

import re

import numpy as np
import pytest
import scipy.stats

from keras_vae import data, evaluation, objectives, seeds
from keras_vae._compat import tf
from keras_vae.batches import Batch, Block
from tests import tiny

B = 6
KINDS = {
    "one layer": {"likelihood": "continuous_bernoulli"},
    "Bernoulli": {},
    "labels": {"condition": "label", "likelihood": "poisson"},
    "bottom up": {"recipe": "hvae"},
    "ladder": {"recipe": "ladder", "sees_mask": True},
    "sequence": {"recipe": "sequence", "sees_mask": True},
    "VampPrior": {"prior": "vamp", "sees_mask": True},
    "autoencoder": {"posterior": "deterministic", "likelihood": "laplace"},
    "Bayesian weights": {"weights": "bayes"},
}


def made(kind):
    """(model, x, noise, condition)."""
    model = tiny.randomize(tiny.vae(**KINDS[kind]))
    x, condition = tiny.images_for(model, B), tiny.conditions_for(model, B)
    return model, x, tiny.noise(model, 3, B), condition


each = pytest.mark.parametrize("kind", KINDS)


@pytest.mark.parametrize(
    ("kind", "training"), [*((kind, False) for kind in KINDS), ("Bayesian weights", True)]
)
def test_a_mask_of_ones_changes_nothing(kind, training):
    model, x, noise, condition = made(kind)
    wanted = model.terms(x, noise, condition, draw_all=training)
    found = model.terms(x, noise, condition, draw_all=training, mask=np.ones(x.shape, bool))
    np.testing.assert_array_equal(found.log_likelihood, wanted.log_likelihood)
    if model.has_bound:
        np.testing.assert_array_equal(found.elbo_nats, wanted.elbo_nats)


@each
def test_where_nothing_is_known_the_bound_is_minus_the_rate(kind):
    model, x, noise, condition = made(kind)
    terms = model.terms(x, noise, condition, mask=np.zeros(x.shape, bool))
    np.testing.assert_array_equal(terms.log_likelihood, np.zeros([3, B]))
    if model.has_bound:
        np.testing.assert_array_equal(terms.elbo_nats, -terms.rate)


@each
def test_unknown_values_do_not_matter_and_may_be_nan(kind):
    model, x, noise, condition = made(kind)
    mask = np.random.default_rng(1).integers(0, 2, x.shape).astype(bool)

    def values_and_gradients(x):
        def loss():
            terms = model.terms(x, noise, condition, mask=mask)
            return tf.reduce_sum(terms.elbo_nats if model.has_bound else terms.distortion)

        value, gradients = tiny.gradients(model, loss)
        return [value, *gradients]

    found = values_and_gradients(np.where(mask, x, np.nan).astype(np.float32))
    for a, b in zip(found, values_and_gradients(x), strict=True):
        assert np.isfinite(a).all()
        np.testing.assert_array_equal(a, b)


def partly_observed(n=20, rough=0.0):
    """A linear model whose q(z|x) is exact given 8 of 12 values; x, their mask, log p of the 8.

    A q that is `rough` is off by so much.
    """
    rng = np.random.default_rng(0)
    known = np.arange(12) % 3 > 0
    weights, bias, scale = rng.normal(size=(12, 2)), rng.normal(size=12), 0.5
    # Orthogonal where known: then the posterior is diagonal.
    weights[known] = np.linalg.qr(rng.normal(size=(8, 2)))[0] * [1.5, 0.7]
    variance = 1.0 / ((weights[known] ** 2).sum(0) / scale**2 + 1.0)
    matrix = np.where(known[:, np.newaxis], weights * variance / scale**2, rng.normal(size=(12, 2)))
    offset = -bias[known] @ matrix[known] + rough * np.sqrt(variance)
    encoder = matrix, offset, (1.0 + rough) * np.sqrt(variance)
    model = tiny.linear_normal(weights, bias, scale, (4, 3, 1), encoder)
    covariance = (weights @ weights.T + scale**2 * np.eye(12))[np.ix_(known, known)]
    p = scipy.stats.multivariate_normal(bias[known], covariance)
    x = rng.normal(size=(n, 12)).astype(np.float32)
    mask = np.tile(known, (n, 1)).reshape(-1, 4, 3, 1)
    return model, x.reshape(-1, 4, 3, 1), mask, p.logpdf(x[:, known])


def test_with_the_exact_posterior_the_bound_is_the_log_density_of_what_is_observed():
    model, x, mask, wanted = partly_observed()
    terms = model.terms(x, tiny.noise(model, 4, len(x)), mask=mask)
    np.testing.assert_allclose(terms.log_weight, np.tile(wanted, (4, 1)), atol=2e-4)
    # The rate is exact and the distortion is sampled.
    terms = model.terms(x, tiny.noise(model, 4000, len(x)), mask=mask)
    error = terms.log_likelihood.numpy().std(0) / np.sqrt(4000)
    assert np.all(np.abs(terms.elbo_nats - wanted) < 5 * error + 1e-4)


def test_importance_samples_of_what_is_observed_are_miwaes_bound():
    """Mattei & Frellsen 2019, eq. 4; here it is log p(x_observed) itself."""
    model, x, mask, wanted = partly_observed()
    objective = objectives.ImportanceWeighted(5)
    terms = model.terms(x, tiny.noise(model, 5, len(x)), mask=mask)
    np.testing.assert_allclose(objective.bound(terms), wanted, atol=2e-4)


def test_log_likelihood_is_that_of_what_is_observed():
    model, x, mask, wanted = partly_observed()
    with_nan = np.where(mask, x, np.float32(np.nan))
    np.testing.assert_allclose(model.log_likelihood(with_nan, 3, mask=mask), wanted, atol=2e-4)
    all_known = np.ones_like(mask)
    np.testing.assert_array_equal(
        model.log_likelihood(x, 3, mask=all_known), model.log_likelihood(x, 3)
    )


def test_where_nothing_is_known_the_bound_of_many_samples_is_0():
    model = tiny.randomize(tiny.vae(sees_mask=True))
    x = tiny.images(3)
    nothing = np.zeros(x.shape, bool)
    found, error = (t.numpy() for t in model.score_samples(x, 20_000, mask=nothing))
    assert np.all(np.abs(found) < 5 * error)
    rate = model.terms(x, tiny.noise(model, 1, 3), mask=nothing).rate.numpy()
    assert np.all(rate > 10 * error)  # So far below 0 is the bound of one sample.


def test_an_encoder_that_sees_masks_tells_unknown_from_0():
    model = tiny.randomize(tiny.vae(sees_mask=True))
    x = np.zeros((1, *model.event_shape), np.float32)
    mask = np.zeros(x.shape, bool)
    assert np.any(model.code(x) != model.code(x, mask=mask))
    np.testing.assert_array_equal(model.code(x), model.code(x, mask=~mask))
    np.testing.assert_array_equal(model.encode(x, mask=mask).mean(), model.code(x, mask=mask))
    wanted = model.decode(model.code(x, mask=mask)).mean()
    np.testing.assert_array_equal(model.reconstruct(x, mask=mask), wanted)


def test_the_error_of_a_score_is_the_spread_of_scores():
    model, x, mask, wanted = partly_observed(1, rough=0.5)
    x, mask = np.repeat(x, 400, axis=0), np.repeat(mask, 400, axis=0)
    found, error = (t.numpy() for t in model.score_samples(x, 100, mask=mask))
    # The spread of 400 is known to 4%, and the mean of log p is below log p by half its variance.
    np.testing.assert_allclose(np.sqrt(np.mean(error**2)), found.std(), rtol=0.2)
    bias = 0.5 * found.var()
    assert abs(found.mean() + bias - wanted) < 5 * found.std() / np.sqrt(400)


def test_annealing_and_regret_are_of_what_is_observed():
    """From the exact posterior each way is flat: no weight varies, and no other q is better."""
    model, x, mask, wanted = partly_observed(3)
    with_nan = np.where(mask, x, np.float32(np.nan))
    sampler = evaluation.AnnealedSampler(model, np.linspace(0, 1, 3), num_chains=2)
    found = sampler(with_nan, 0, mask=mask).log_likelihood
    np.testing.assert_allclose(found, wanted, atol=2e-3)
    regret = evaluation.LikelihoodRegret(model, num_steps=1)
    np.testing.assert_allclose(regret(x, mask=mask), np.zeros(3), atol=0.05)


def test_bits_are_of_known_values():
    model = tiny.randomize(tiny.vae(likelihood="discretized_logistic", sees_mask=True))
    x, mask = masked(12)
    mask[:4] = True
    batch = Batch(tf.constant(x), mask=tf.constant(mask))
    examples = evaluation.of_examples(model, [batch], 3)
    found = evaluation.summarize(model, examples, 3, 0)
    wanted = examples["nll"].sum() / mask.sum() / np.log(2)
    np.testing.assert_allclose(found["bits_per_dim"], wanted, rtol=1e-6)
    # The error of a ratio, by leaving out one example after the other.
    rest = ~np.eye(12, dtype=bool)
    known = mask.reshape(12, -1).sum(1)
    left = [examples["nll"][r].sum() / known[r].sum() / np.log(2) for r in rest]
    jackknife = np.sqrt(11 / 12 * np.sum((left - np.mean(left)) ** 2))
    np.testing.assert_allclose(found["bits_per_dim_stderr"], jackknife, rtol=0.15)


# Training and evaluation -------------------------------------------------------------------------


def batches(x, mask, size=8):
    pairs = tf.data.Dataset.from_tensor_slices((x, mask)).batch(size)
    return pairs.map(lambda x, mask: Batch(x, mask=mask))


def masked(n=16):
    x = tiny.images(n)
    return x, np.random.default_rng(2).integers(0, 2, x.shape).astype(bool)


@pytest.mark.parametrize("mode", [{"jit_compile": False}, {"jit_compile": True}], ids=str)
def test_fit_takes_batches_with_masks(mode):
    """As a step on the same values and noise does; NaN may stand for what isn't known."""
    (x, mask), models = masked(), [tiny.randomize(tiny.vae()) for _ in range(2)]
    for model in models:
        model.compile(tiny.sgd(0.01), **mode)
    fitted, wanted = models
    history = fitted.fit(batches(np.where(mask, x, np.float32(np.nan)), mask), verbose=0).history
    for i, rows in enumerate([slice(0, 8), slice(8, 16)]):
        noise = wanted.draw_noise(seeds.derive(wanted.seed, seeds.Site.LATENT, i), 1, 8)
        logs = tiny.train(wanted, Block.of_one(Batch(tf.constant(x[rows]), noise, mask=mask[rows])))
    for a, b in zip(fitted.trainable_variables, wanted.trainable_variables, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(history["loss"], [logs["loss"]], rtol=1e-5)


def test_evaluation_is_of_the_known_values():
    model, x, mask, wanted = partly_observed(400)
    model.compile(jit_compile=False)
    found = model.evaluate(batches(x, mask, 100), verbose=0, return_dict=True)
    terms = model.terms(x, tiny.noise(model, 100, len(x)), mask=mask)
    error = terms.log_likelihood.numpy().std(0).mean() / np.sqrt(len(x))
    assert abs(found["elbo_nats"] - wanted.mean()) < 5 * error


@pytest.mark.parametrize("door", ["a split", "an array"])
def test_training_never_sees_unknown_values(door):
    (x, mask), found = masked(24), []
    for values in (x, np.where(mask, x, 1 - x)):
        model = tiny.randomize(tiny.vae(sees_mask=True))
        if door == "a split":
            model.augment, model.binarization = ("flip", "crop"), "dynamic"
            split = data.InMemory(np.uint8(16 * values), levels=17, mask=mask)
            model.fit(split, batch_size=8, epochs=2, verbose=0)
        else:
            model.fit(values, mask=mask, batch_size=8, epochs=2, verbose=0)
        found.append(model.get_weights())
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_array_with_its_mask_is_measured_as_its_batches_are():
    model, (x, mask) = tiny.randomize(tiny.vae()), masked()
    with_nan = np.where(mask, x, np.float32(np.nan))
    wanted = model.evaluate(batches(x, mask), verbose=0)
    np.testing.assert_allclose(model.evaluate(with_nan, None, 8, 0, mask=mask), wanted)
    with pytest.raises(ValueError, match="mask is for an array of examples"):
        model.fit(batches(x, mask), mask=mask)
    with pytest.raises(ValueError, match="mask must be bool"):
        model.fit(x, mask=mask[:3])


def test_two_replicas_fit_masks_as_one(two_replicas):
    x, mask = masked()
    options = {"optimizer": "sgd", "learning_rate": 0.01}
    one = tiny.randomize(tiny.vae(**options))
    with two_replicas.scope():
        two = tiny.vae(**options)
    for a, b in zip(two.trainable_variables, one.trainable_variables, strict=True):
        a.assign(b)
    histories = [m.fit(batches(x, mask), verbose=0).history for m in (one, two)]
    for name, value in histories[0].items():
        np.testing.assert_allclose(histories[1][name], value, rtol=1e-4)
    for a, b in zip(two.trainable_variables, one.trainable_variables, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-5)


def test_predictions_are_made_of_what_is_known():
    model, (x, mask) = tiny.randomize(tiny.vae()), masked()
    found = model.predict(batches(x, mask), verbose=0)
    np.testing.assert_allclose(found, model.reconstruct(np.where(mask, x, 0)), rtol=1e-5)


# What is refused ---------------------------------------------------------------------------------


def test_masks_that_can_not_be_are_refused():
    model, (x, mask) = tiny.vae(), masked()
    with pytest.raises(ValueError, match=r"mask must be bool, of x's shape .*; got float32"):
        model.fit(batches(x, mask.astype(np.float32)), verbose=0)
    with pytest.raises(ValueError, match="mask must be bool, of x's shape"):
        model.fit(batches(x, mask[:, :3]), verbose=0)
    with_noise = batches(x, mask).map(lambda batch: batch._replace(noise=tf.zeros([1, 8, 3])))
    with pytest.raises(ValueError, match="Batch must come without noise and seed"):
        model.fit(with_noise, verbose=0)
    with pytest.raises(ValueError, match="gives no mass"):
        model.fit(batches(x + 0.5, mask), verbose=0)


def test_models_that_need_all_values_refuse_masks():
    x, mask = masked(4)
    completing = tiny.vae(condition="image_part")
    with pytest.raises(ValueError, match="mask: this model is given part of each example"):
        completing.terms(x, tiny.noise(completing, 1, 4), mask=mask)
    in_turn = tiny.vae(decoder="autoregressive", likelihood="categorical")
    x = tiny.images_for(in_turn, 4)
    with pytest.raises(ValueError, match=r"mask needs values .* of Stepwise aren't"):
        in_turn.terms(x, tiny.noise(in_turn, 1, 4), mask=mask)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"condition": "image_part"}, "mask: this model is given part of each example.*"),
        (
            {"decoder": "autoregressive", "likelihood": "categorical", "hidden": (4,)},
            r"mask: values of x come in turn \(decoder=autoregressive\).*",
        ),
    ],
    ids=["part of an image", "in turn"],
)
def test_masks_that_a_model_can_not_take_are_one_line(options, message):
    """Nothing is traced before, of which TensorFlow would make many lines."""
    model = tiny.vae(**options)
    x = tiny.images_for(model, B)
    mask = np.ones(x.shape, bool)
    masked = tf.data.Dataset.from_tensors(Batch(x, mask=mask))
    for question in (
        lambda: model.fit(masked, verbose=0),
        lambda: model.fit(x, validation_data=masked, verbose=0),
        lambda: model.evaluate(masked, verbose=0),
        lambda: model.log_likelihood(x, 2, mask=mask),
    ):
        with pytest.raises(ValueError, match=r"^mask: ") as refused:
            question()
        assert re.fullmatch(message, str(refused.value))
