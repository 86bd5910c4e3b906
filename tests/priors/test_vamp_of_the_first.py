"""VampPrior as the prior of those latents that are drawn first, of a ladder and of a sequence."""

import numpy as np
import pytest
import scipy.special
import scipy.stats

import keras_vae
from keras_vae import posteriors, priors
from keras_vae._compat import tf
from tests import tiny

STRUCTURES = ["ladder", "sequence"]
LATENTS = 2  # The top layer of the ladder has so many, and so has each step.


def model(structure, **options):
    return tiny.randomize(tiny.vae(structure=structure, prior="vamp", **options), scale=0.3)


def of_the_first(vae):
    """The prior of the latents that are drawn first."""
    return vae.prior.top if hasattr(vae.prior, "top") else vae.prior.initial


def posterior_of_the_first(vae, x):
    """loc and scale [N, 2] of their q(z|x), from the moments of all latents' draws."""
    noise = np.zeros([2 * LATENTS + 1, len(x), vae.encoder.noise_shape[0]], np.float32)
    first = slice(-LATENTS, None) if hasattr(vae.prior, "top") else slice(LATENTS)
    noise[1 : LATENTS + 1, :, first] = np.eye(LATENTS)[:, np.newaxis]
    z = vae.terms(x, noise).z.numpy()[:, :, first]
    scale = np.stack([z[1 + d, :, d] - z[0, :, d] for d in range(LATENTS)], axis=-1)
    return z[0], scale


@pytest.mark.parametrize("structure", STRUCTURES)
def test_it_is_the_mixture_of_their_posteriors_at_known_inputs(structure):
    vae = model(structure)
    prior = of_the_first(vae)
    u = np.random.default_rng(1).uniform(0.1, 0.9, prior.raw_inputs.shape).astype(np.float32)
    prior.raw_inputs.assign(scipy.special.logit(u))
    loc, scale = posterior_of_the_first(vae, u)
    z = np.random.default_rng(2).normal(size=(5, 1, LATENTS)).astype(np.float32)
    each = scipy.stats.norm.logpdf(z, loc, scale).sum(-1)
    wanted = scipy.special.logsumexp(each, axis=-1) - np.log(3)
    np.testing.assert_allclose(prior.distribution().log_prob(z[:, 0]), wanted, rtol=1e-4)


@pytest.mark.parametrize("condition", ["none", "label"])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_it_trains_draws_and_survives_its_file(structure, condition, tmp_path):
    vae = model(structure, condition=condition)
    before = of_the_first(vae).raw_inputs.numpy()
    assert np.isfinite(tiny.train(vae, tiny.block(vae, 2, 4))["loss"])
    assert (of_the_first(vae).raw_inputs.numpy() != before).any(axis=(1, 2, 3)).all()
    vae.save(tmp_path / "model.keras")
    loaded = keras_vae.load(tmp_path / "model.keras")
    given = {} if condition == "none" else {"condition": 1}
    np.testing.assert_array_equal(loaded.sample(4, seed=0, **given), vae.sample(4, seed=0, **given))


@pytest.mark.parametrize("structure", STRUCTURES)
def test_frozen_draws_are_the_same_without_the_encoder(structure):
    vae = model(structure)
    noise = vae.prior.draw_noise([0, 0], 6)
    with vae.prior.frozen():
        frozen = tf.function(vae.prior.from_noise).get_concrete_function(noise)
    np.testing.assert_allclose(frozen(noise), vae.prior.from_noise(noise), rtol=1e-5, atol=1e-6)
    of_encoder = {w.ref() for w in vae.encoder.variables}
    assert frozen.variables
    assert not any(w.ref() in of_encoder for w in frozen.variables)


def test_a_flow_has_no_density_in_one_pass():
    vae = tiny.vae()
    with pytest.raises(ValueError, match="in one pass, which InverseAutoregressive has not"):
        keras_vae.VAE(
            keras_vae.Encoder(vae.encoder.network, posteriors.InverseAutoregressive(3, 2, 4)),
            vae.decoder,
            priors.VampPrior(3, 2),
        )
