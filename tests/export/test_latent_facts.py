"""What each latent carries, by which pages sort their sliders."""

import numpy as np
import pytest

from export import latent_facts
from keras_vae.batches import Batch
from tests import tiny


def test_a_ladders_latents_have_their_share_of_each_layers_rate():
    model = tiny.randomize(tiny.vae(structure="ladder"))
    x = tiny.images(50)
    found = latent_facts.rates(model, Batch(x, None))
    assert found.shape == (model.latent_dim,)
    assert np.all(found >= 0)
    terms = model.terms(x, model.draw_noise([0, 0], 1, 50))
    of_layers = np.split(found, np.cumsum(model.latent_dims)[:-1])
    np.testing.assert_allclose(
        [part.sum() for part in of_layers], terms.kl_by_group.numpy().mean(axis=0), rtol=1e-4
    )


def test_facts_of_a_maps_latents_are_flat():
    """In the order in which exported files take z."""
    options = {"network": "conv", "latent_shape": (2, 2, 2), "prior": "learned_normal"}
    model = tiny.randomize(tiny.vae(**options))
    x = tiny.images(20)
    mean, deviation = latent_facts.moments(model, Batch(x, None))
    np.testing.assert_array_equal(mean, np.ravel(model.prior.loc))
    assert deviation.shape == (8,)
    q, (loc, scale) = model.encode(x), model.prior.moments()
    ratio = q.stddev() / scale
    kl = 0.5 * (ratio**2 + ((q.mean() - loc) / scale) ** 2 - 1.0) - np.log(ratio)
    rates = latent_facts.rates(model, Batch(x, None))
    np.testing.assert_allclose(rates, np.mean(kl, axis=0).ravel(), rtol=1e-3, atol=1e-5)
    model = tiny.randomize(
        tiny.vae(network="conv", posterior="deterministic", latent_shape=(2, 2, 2))
    )
    mean, deviation = latent_facts.moments(model, Batch(x, None))
    codes = np.reshape(model.code(x), (20, 8))
    np.testing.assert_allclose([mean, deviation], [codes.mean(0), codes.std(0)], rtol=1e-5)


@pytest.mark.parametrize("relaxation", ["straight_through", "relaxed"])
def test_clusters_are_the_normals_of_each_label(relaxation):
    model = tiny.randomize(tiny.vae(recipe="gmvae", prior_components=3, relaxation=relaxation))
    mean, deviation = latent_facts.clusters(model)
    label, loc = np.split(mean, [3], axis=1)
    np.testing.assert_allclose(
        np.exp(label) if relaxation == "relaxed" else label, np.eye(3), atol=1e-9
    )
    np.testing.assert_allclose(loc, model.prior.loc)
    np.testing.assert_allclose(deviation[:, :3], 0.0)
    p = model.prior.distribution().posterior_marginal(mean)
    np.testing.assert_array_equal(p.mode(), [0, 1, 2])
    assert latent_facts.clusters(tiny.vae()) is None


@pytest.mark.parametrize(
    "options", [{"structure": "bottom_up"}, {"posterior": "iaf"}, {"posterior": "full_covariance"}]
)
def test_without_a_closed_form_there_is_none(options):
    assert latent_facts.rates(tiny.vae(**options), Batch(tiny.images(4), None)) is None
