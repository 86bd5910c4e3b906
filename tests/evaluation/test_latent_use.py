"""What the latents carry: models whose posteriors are known."""

import numpy as np
import pytest

from keras_vae.batches import Batch
from keras_vae.evaluation import active_units, posterior_against_prior
from tests import tiny


@pytest.fixture(scope="module")
def model():
    """Posterior means are x times 0.11, 0.09 and 0 (plus 5); all posteriors are wide."""
    matrix = np.diag([0.11, 0.09, 0.0])
    encoder = (matrix, np.array([0.0, 0.0, 5.0]), np.full(3, 2.0))
    return tiny.linear_normal(np.eye(3), np.zeros(3), 1.0, (3, 1, 1), encoder)


@pytest.fixture(scope="module")
def batches():
    """Values -1 in the first batch and 1 in the second: variance 1, and none within a batch."""
    ones = np.ones((4, 3, 1, 1), np.float32)
    return [Batch(-ones, None), Batch(ones, None)]


# The variances of the means are 0.0121, 0.0081 and 0.
@pytest.mark.parametrize(
    ("options", "active"), [({}, 1), ({"threshold": 0.008}, 2), ({"threshold": 0.013}, 0)]
)
def test_a_latent_is_active_if_the_variance_of_its_mean_is_above_the_threshold(
    model, batches, options, active
):
    """Over all examples, of the means alone: the posteriors' own variance doesn't count."""
    assert active_units(model, iter(batches), **options) == active


@pytest.mark.parametrize(("scale", "offset", "alike"), [(0.6, 0.0, True), (0.6, 1.0, False)])
def test_the_aggregated_posterior_is_held_against_the_prior(scale, offset, alike):
    """x ~ N(0, I) with posterior N(0.8 x + offset, 0.6^2): aggregated N(offset, 0.64 + 0.36)."""
    encoder = (0.8 * np.eye(2), np.full(2, offset), np.full(2, scale))
    model = tiny.linear_normal(np.eye(2), np.zeros(2), 1.0, (2, 1, 1), encoder)
    x = np.random.default_rng(3).normal(size=(300, 2, 1, 1)).astype(np.float32)
    found = posterior_against_prior(model, Batch(x, None))
    assert (found["p_value"] > 0.01) == alike


@pytest.mark.parametrize(
    "options", [{"recipe": "cvae"}, {"recipe": "cvae_image"}, {"prior": "vamp"}]
)
def test_every_kind_of_model_can_be(options):
    model = tiny.vae(**options)
    batch = Batch(tiny.images_for(model, 8), None, tiny.conditions_for(model, 8))
    assert 0 < posterior_against_prior(model, batch)["p_value"] <= 1
