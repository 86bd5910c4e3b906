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
