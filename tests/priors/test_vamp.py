"""VampPrior: the mixture of the model's own posteriors at learned inputs."""

import numpy as np
import pytest
import scipy.special
import scipy.stats

import keras_vae
from keras_vae import Decoder, likelihoods, networks, priors
from keras_vae._compat import tf, tfd
from keras_vae.encoder import PriorEncoder
from tests import tiny

POSTERIORS = ["diagonal", "full_covariance", "low_rank"]


# u, [K, H, W, C].
INPUTS = np.random.default_rng(3).uniform(0.02, 0.98, (3, *tiny.EVENT_SHAPE)).astype(np.float32)


def model(**options):
    """One whose pseudo-inputs are INPUTS."""
    vae = tiny.randomize(tiny.vae(prior="vamp", **options), scale=0.5)
    vae.prior.raw_inputs.assign(scipy.special.logit(INPUTS))
    return vae


def components(vae):
    """q(z|u_k), batch [K], of an unconditional model."""
    return vae.encoder(INPUTS)


@pytest.mark.parametrize("posterior", POSTERIORS)
def test_it_is_the_mixture_written_out(posterior):
    vae = model(posterior=posterior)
    q = components(vae)
    loc = q.mean().numpy().astype(np.float64)
    covariance = (
        np.array([np.diag(v) for v in q.variance().numpy()])
        if posterior == "diagonal"
        else q.covariance().numpy()
    ).astype(np.float64)
    z = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    each = [
        scipy.stats.multivariate_normal(m, c).logpdf(z)
        for m, c in zip(loc, covariance, strict=True)
    ]
    wanted = scipy.special.logsumexp(each, axis=0) - np.log(3)
    log_prob = vae.prior.distribution().log_prob(z)
    np.testing.assert_allclose(log_prob, wanted, rtol=1e-4, atol=1e-4)
    by_tfp = tfd.MixtureSameFamily(tfd.Categorical(tf.zeros(3)), q.tensor_distribution)
    np.testing.assert_allclose(log_prob, by_tfp.log_prob(z), rtol=1e-4, atol=1e-4)
    mean = loc.mean(0)
    variance = (np.einsum("kdd->kd", covariance) + (loc - mean) ** 2).mean(0)
    for moment, wanted in zip(vae.prior.moments(), (mean, np.sqrt(variance)), strict=True):
        np.testing.assert_allclose(moment, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("posterior", POSTERIORS)
def test_draws_are_of_the_posterior_of_the_chosen_input(posterior):
    vae = model(posterior=posterior)
    assert vae.prior.noise_shape == (vae.encoder.noise_shape[0] + 2,)
    noise = vae.prior.draw_noise([0, 0], 6).numpy()
    z = vae.prior.from_noise(noise)
    uniform = np.exp(-0.5 * (noise[:, -2:] ** 2).sum(-1))
    k = np.floor(3 * uniform).astype(int)
    assert len(set(k)) > 1
    wanted = vae.encoder.infer(INPUTS[k], noise[np.newaxis, :, :-2])[1][0]
    np.testing.assert_allclose(z, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("condition", ["none", "label", "image_part"])
def test_pseudo_inputs_and_the_encoder_learn_from_the_prior(condition):
    vae = tiny.randomize(tiny.vae(prior="vamp", condition=condition), scale=0.1)
    x, c = tiny.images_for(vae, 4), tiny.conditions_for(vae, 4)
    if condition != "none":
        shape = (4,) if condition == "label" else (7, 5, 2)
        assert vae.prior.contexts.shape == (3, *shape)
    z = vae.terms(x, tiny.noise(vae, 1, 4), c).z
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(vae.prior.distribution().log_prob(z))
    own = [v for v in (vae.prior.raw_inputs, vae.prior.contexts) if v is not None]
    for v, g in zip(own, tape.gradient(total, own), strict=True):
        assert (np.abs(g.numpy()).reshape(3, -1).max(1) > 0).all(), v.name


def test_gradients_of_the_prior_reach_the_encoder():
    vae = model()
    z = tf.ones([1, 4, 3])
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(vae.prior.distribution().log_prob(z))
    variables = vae.encoder.trainable_variables
    for v, g in zip(variables, tape.gradient(total, variables), strict=True):
        assert (g.numpy() != 0).any(), v.name


def test_p_of_z_is_one_mixture_whatever_the_condition():
    vae = model(condition="label")
    z = tf.ones([2, 3])
    densities = [
        vae.prior.distribution(vae.condition(tf.constant([c, c]))).log_prob(z) for c in (0, 1)
    ]
    np.testing.assert_array_equal(*densities)


def test_pseudo_inputs_stay_in_the_range_of_the_examples():
    vae = tiny.vae(prior="vamp")
    vae.prior.raw_inputs.assign(10 * vae.prior.raw_inputs)
    u = vae.prior.pseudo_inputs.numpy()
    assert 0 <= u.min() < 0.1 < 0.9 < u.max() <= 1
    vae = tiny.vae(prior="vamp", likelihood="normal")
    np.testing.assert_array_equal(vae.prior.pseudo_inputs, vae.prior.raw_inputs)


def test_the_encoder_is_shared_and_counted_once(tmp_path):
    vae = model()
    assert vae.prior.trainable_variables == [vae.prior.raw_inputs]
    vae.save(tmp_path / "model.keras")
    loaded = keras_vae.load(tmp_path / "model.keras")
    z = tf.ones([1, 3])
    before = loaded.prior.distribution().log_prob(z)
    np.testing.assert_array_equal(before, vae.prior.distribution().log_prob(z))
    projection = loaded.encoder.projection
    projection.bias.assign_add(tf.ones_like(projection.bias))
    after = loaded.prior.distribution().log_prob(z)
    assert np.abs(after - before) > 1e-3
    by_hand = tfd.MixtureSameFamily(
        tfd.Categorical(tf.zeros(3)), components(loaded).tensor_distribution
    )
    np.testing.assert_allclose(after, by_hand.log_prob(z), rtol=1e-5)


def test_an_encoder_that_knows_nothing_gives_the_standard_normal():
    vae = tiny.vae(prior="vamp")
    for v in vae.encoder.projection.variables:
        v.assign(tf.zeros_like(v))
    reference = tiny.vae()
    reference.encoder.set_weights(vae.encoder.get_weights())
    reference.decoder.set_weights(vae.decoder.get_weights())
    x = tiny.images_for(vae, 4)
    terms, wanted = (m.terms(x, tiny.noise(m, 2, 4)) for m in (vae, reference))
    # The posteriors' scale is 1 + 1e-5.
    np.testing.assert_allclose(terms.log_prior, wanted.log_prior, rtol=1e-4)
    np.testing.assert_array_equal(terms.log_likelihood, wanted.log_likelihood)


def test_frozen_draws_are_the_same_without_the_encoder():
    vae = model()
    noise = vae.prior.draw_noise([0, 0], 6)
    wanted = vae.prior.from_noise(noise)
    with vae.prior.frozen():
        function = tf.function(vae.prior.from_noise).get_concrete_function(noise)
    np.testing.assert_allclose(function(noise), wanted, rtol=1e-6, atol=1e-6)
    assert function.variables == ()
    assert tf.function(vae.prior.from_noise).get_concrete_function(noise).variables != ()


def test_without_a_posterior_it_is_refused():
    with pytest.raises(ValueError, match=r"VampPrior is made of .* which PriorEncoder has not"):
        keras_vae.VAE(
            PriorEncoder(),
            Decoder(networks.linear(), likelihoods.Bernoulli((2, 2, 1))),
            priors.VampPrior(2, 3),
        )


def test_pseudo_inputs_that_replicas_share_begin_at_examples(two_replicas):
    with two_replicas.scope():
        vae = tiny.vae(prior="vamp", condition="label")
    x, contexts = tiny.images(2), np.eye(2, tiny.NUM_CLASSES, dtype=np.float32)
    rest = vae.prior.raw_inputs[2:].numpy()
    vae.prior.begin_at(x, contexts)
    for raw_inputs in two_replicas.experimental_local_results(vae.prior.raw_inputs):
        np.testing.assert_allclose(tf.sigmoid(raw_inputs[:2]), np.clip(x, 0.05, 0.95), rtol=1e-5)
        np.testing.assert_array_equal(raw_inputs[2:], rest)
    for each in two_replicas.experimental_local_results(vae.prior.contexts):
        np.testing.assert_array_equal(each[:2], contexts)
