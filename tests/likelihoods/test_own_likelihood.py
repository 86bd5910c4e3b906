"""A likelihood of a user's own, which needs no other code: it trains, is saved and exported."""

import numpy as np
import pytest
import scipy.special
import scipy.stats

import keras_vae
from export import random_numpy, saved_model, tflite, writer
from export.random_numpy import Stream
from keras_vae import likelihoods, networks, posteriors, priors
from keras_vae._compat import tf, tfd, tfk
from keras_vae.likelihoods import Support
from keras_vae.ops.positive import positive
from tests import tiny

EVENT_SHAPE = (4, 3, 1)


@tfk.saving.register_keras_serializable("tests")
class Kumaraswamy(likelihoods.Likelihood):
    """a b x^(a - 1) (1 - x^a)^(b - 1) for x in (0, 1), a and b from the network."""

    support = Support.UNIT
    params_per_value = 2

    def per_value(self, params):
        a, b = tf.unstack(positive(params, 1.0, 0.1), axis=-1)
        return tfd.Kumaraswamy(a, b)


@tfk.saving.register_keras_serializable("tests")
class NegativeBinomial(likelihoods.Likelihood):
    """Counts, of which TFP has no quantile function; nor is there a draw."""

    support = Support.COUNTS

    def per_value(self, params):
        return tfd.NegativeBinomial(3.0, logits=params[..., 0])


def model_of(likelihood):
    tfk.utils.set_random_seed(0)
    model = keras_vae.VAE(
        keras_vae.Encoder(networks.mlp((6,)), posteriors.DiagonalNormal(2)),
        keras_vae.Decoder(networks.mlp((6,)), likelihood),
        priors.StandardNormal(2),
    )
    model.compile(jit_compile=False)
    return tiny.randomize(model)


@pytest.fixture(scope="module")
def trained():
    """A model whose decoder's weights have moved."""
    x = np.random.default_rng(0).beta(2.0, 5.0, size=(64, *EVENT_SHAPE)).astype(np.float32)
    model = model_of(Kumaraswamy(EVENT_SHAPE))
    before = [w.copy() for w in model.decoder.get_weights()]
    model.fit(x, epochs=2, batch_size=32, verbose=0)
    assert all((a != b).any() for a, b in zip(before, model.decoder.get_weights(), strict=True))
    return model, x


def parameters(model, z):
    """a and b of p(x|z) in float64, from z [N, D]."""
    raw = np.float64(model.decoder.projection(model.decoder.network(z)))
    return np.moveaxis(np.log1p(np.exp(raw + np.log(np.expm1(1.0)))) + 0.1, -1, 0)


def test_its_draws_have_its_distribution():
    n = 20_000
    p = Kumaraswamy((1,))(tf.constant([[[0.3, 1.0]]]))
    u = random_numpy.uniform(np.array([[1, 2]], np.int32), Stream.PIXEL, n)
    x = p.from_uniform(lambda i: tf.constant(u.reshape(n, 1))).numpy()[:, 0]
    a, b = np.log1p(np.exp(np.array([0.3, 1.0]) + np.log(np.expm1(1.0)))) + 0.1
    assert scipy.stats.kstest(x, lambda v: 1.0 - (1.0 - v**a) ** b).pvalue > 1e-4


def test_it_is_saved(trained, tmp_path):
    model, x = trained
    model.save(tmp_path / "model.keras")
    loaded = keras_vae.load(tmp_path / "model.keras")
    noise = tiny.noise(model, 2, len(x))
    found, wanted = (m.terms(x, noise).log_likelihood for m in (loaded, model))
    np.testing.assert_array_equal(found, wanted)
    a, b = parameters(model, loaded.terms(x, noise).z[0])
    density = a * b * x ** (a - 1) * (1 - np.float64(x) ** a) ** (b - 1)
    np.testing.assert_allclose(wanted[0], np.log(density).sum((1, 2, 3)), rtol=1e-4, atol=1e-3)


def test_it_is_exported(trained, tmp_path):
    """Both files draw the closed quantile function at the generator's numbers."""
    model, _ = trained
    report = writer.write(model, tmp_path / "export", batch_sizes=[2])
    assert not report["refused"]
    seed = np.array([[1, 2], [-3, 4]], np.int32)
    z = random_numpy.normal(seed, Stream.LATENT, 2)
    u = random_numpy.uniform(seed, Stream.PIXEL, 12).reshape(2, *EVENT_SHAPE)
    a, b = parameters(model, z)
    wanted = (1.0 - (1.0 - np.float64(u)) ** (1 / b)) ** (1 / a)
    lite = tflite.load_signatures(tmp_path / "export" / "generator.tflite")
    for runtime in (lite, saved_model.load_signatures(tmp_path / "export" / "saved_model")):
        found = runtime["sample_2"](seed=seed)
        np.testing.assert_allclose(found["z"], z, atol=1e-6)
        np.testing.assert_allclose(found["sample"], wanted, rtol=1e-4, atol=1e-5)
        mean = b * scipy.special.beta(1 + 1 / a, b)
        np.testing.assert_allclose(found["image"], mean, rtol=1e-4)


def test_one_that_no_one_can_draw_is_refused_before_anything_is_written(tmp_path):
    model = model_of(NegativeBinomial(EVENT_SHAPE))
    with pytest.raises(ValueError, match=r"Write NegativeBinomial\.draw\(p, uniforms\)") as error:
        writer.write(model, tmp_path / "export")
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_an_end_of_the_support_without_a_finite_density_is_no_value_of_x():
    """That of Kumaraswamy(a > 1, b) is 0 at 0, of which images are full."""
    likelihood, x = Kumaraswamy((2, 2, 1)), np.full((3, 2, 2, 1), 0.5, np.float32)
    likelihood.check_values(x)
    x[1, 0, 0] = 0.0
    with pytest.raises(ValueError, match="x has the value 0, where the log-density of Kumaraswamy"):
        likelihood.check_values(x)
    with pytest.raises(ValueError, match="x has the value 0, where the log-density of Kumaraswamy"):
        model_of(likelihood).fit(x, verbose=0)
