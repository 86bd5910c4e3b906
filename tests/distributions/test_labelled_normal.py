"""The joint of a label and a normal: densities, draws and KL against sums written out."""

import numpy as np
import pytest
import scipy.stats

from keras_vae._compat import tf, tfd
from keras_vae.distributions.labelled_normal import LabelledNormal, RelaxedLabelledNormal
from tests import tiny

K, D = 3, 2
RNG = np.random.default_rng(0)


def parameters(seed=0):
    rng = np.random.default_rng(seed)
    parts = rng.normal(size=K), rng.normal(size=(K, D)), rng.uniform(0.3, 1.5, size=(K, D))
    return [part.astype(np.float32) for part in parts]


def noise(n, seed=0):
    size = LabelledNormal.noise_size(K, D)
    return np.random.default_rng(seed).normal(size=(n, size)).astype(np.float32)


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum()


def test_log_prob_is_that_of_the_label_and_of_its_normal():
    logits, loc, scale = parameters()
    p = LabelledNormal(logits, loc, scale)
    z = RNG.normal(size=(K, D)).astype(np.float32)
    value = np.concatenate([np.eye(K, dtype=np.float32), z], axis=1)
    wanted = np.log(softmax(logits)) + scipy.stats.norm(loc, scale).logpdf(z).sum(1)
    np.testing.assert_allclose(p.log_prob(value), wanted, rtol=1e-5)


def test_draws_have_the_labels_probabilities_and_their_normals_moments():
    logits, loc, scale = parameters()
    n = 30_000
    label, z = np.split(LabelledNormal(logits, loc, scale).from_noise(noise(n)), [K], axis=1)
    np.testing.assert_allclose(label.sum(1), 1.0, rtol=1e-5)
    assert np.isclose(label.max(1), 1.0, atol=1e-6).all()
    probs = softmax(logits)
    assert (np.abs(label.mean(0) - probs) < 5 * np.sqrt(probs * (1 - probs) / n)).all()
    for k in range(K):
        of_k = z[label[:, k] > 0.5]
        assert (np.abs(of_k.mean(0) - loc[k]) < 5 * scale[k] / np.sqrt(len(of_k))).all()
        np.testing.assert_allclose(of_k.std(0), scale[k], rtol=5 / np.sqrt(2 * len(of_k)))


def test_zero_noise_is_the_likeliest_label_and_its_mean():
    logits, loc, scale = parameters()
    p = LabelledNormal(logits, loc, scale)
    k = logits.argmax()
    wanted = np.concatenate([np.eye(K)[k], loc[k]])
    np.testing.assert_allclose(p.from_noise(np.zeros(2 * K + D, np.float32)), wanted, atol=1e-6)


def test_temperature_scales_the_deviation_of_z_alone():
    p = LabelledNormal(*parameters())
    cold, warm = p.from_noise(noise(50), temperature=0.0), p.from_noise(noise(50))
    np.testing.assert_array_equal(cold[:, :K], warm[:, :K])
    _, loc, _ = parameters()
    np.testing.assert_allclose(cold[:, K:], cold[:, :K].numpy() @ loc, rtol=1e-5, atol=1e-6)


def test_kl_is_the_sum_over_labels_and_what_draws_say():
    q, p = LabelledNormal(*parameters(1)), LabelledNormal(*parameters(2))
    n = 100_000
    value = q.from_noise(noise(n))
    log_ratio = (q.log_prob(value) - p.log_prob(value)).numpy()
    kl = tfd.kl_divergence(q, p)
    assert abs(kl - log_ratio.mean()) < 5 * log_ratio.std() / np.sqrt(n)


def test_one_label_is_a_normal():
    loc, scale = np.zeros((1, D), np.float32), np.ones((1, D), np.float32)
    q = LabelledNormal(np.zeros(1, np.float32), loc + 0.3, scale * 0.5)
    p = LabelledNormal(np.zeros(1, np.float32), loc, scale)
    normals = [tfd.MultivariateNormalDiag(d.loc[0], d.scale[0]) for d in (q, p)]
    np.testing.assert_allclose(tfd.kl_divergence(q, p), tfd.kl_divergence(*normals), rtol=1e-5)


def test_the_relaxed_label_has_the_concrete_density():
    logits, loc, scale = parameters()
    p = RelaxedLabelledNormal(logits, loc, scale, relaxation=0.7)
    value = p.from_noise(noise(20))
    log_y, z = np.split(value, [K], axis=1)
    y = np.exp(log_y)
    np.testing.assert_allclose(y.sum(1), 1.0, rtol=1e-5)
    # Maddison et al. 2017, eq. 10 has the density of y; that of log y has the factor prod y more.
    concrete = tfd.RelaxedOneHotCategorical(0.7, logits=logits).log_prob(y) + log_y.sum(1)
    normal = scipy.stats.norm(y @ loc, y @ scale).logpdf(z).sum(1)
    np.testing.assert_allclose(p.log_prob(value), concrete + normal, rtol=1e-4, atol=1e-4)


def test_relaxed_densities_have_no_closed_kl():
    p = RelaxedLabelledNormal(*parameters())
    with pytest.raises(NotImplementedError):
        tfd.kl_divergence(p, p)


def test_gradients_reach_the_logits_through_the_drawn_label():
    logits, loc, scale = (tf.Variable(t) for t in parameters())
    with tf.GradientTape() as tape:
        value = LabelledNormal(logits, loc, scale).from_noise(noise(10))
        total = tf.reduce_sum(value[:, K:] ** 2)
    for gradient in tape.gradient(total, [logits, loc, scale]):
        assert np.isfinite(gradient).all()
        assert np.abs(gradient).max() > 0


@pytest.mark.parametrize("relaxation", ["straight_through", "relaxed"])
def test_a_model_with_a_label(relaxation):
    model = tiny.randomize(tiny.vae(recipe="gmvae", relaxation=relaxation))
    assert model.has_analytic_kl == (relaxation == "straight_through")
    x = tiny.images(6)
    terms = model.terms(x, tiny.noise(model, 400, 6))
    # Exact or not, the rate is what the draws say.
    log_ratio = (terms.log_posterior - terms.log_prior).numpy()
    error = 5 * log_ratio.std(0) / np.sqrt(400)
    assert (np.abs(log_ratio.mean(0) - terms.rate) < error + 1e-4).all()
    assert model.log_likelihood(x, 5).shape == (6,)
    assert model.clusters(x).shape == (6,)


def test_the_decoder_sees_no_label():
    model = tiny.randomize(tiny.vae(recipe="gmvae"))
    z = RNG.normal(size=(2, model.latent_dim)).astype(np.float32)
    other = z.copy()
    other[:, :10] = 0.0
    np.testing.assert_array_equal(model.decode(z).mean(), model.decode(other).mean())
    other[:, 10:] = 0.0
    assert np.abs(model.decode(z).mean() - model.decode(other).mean()).max() > 1e-3
