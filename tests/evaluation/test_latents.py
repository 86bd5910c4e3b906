"""active_units: latents whose posterior mean varies over examples."""

import numpy as np
import pytest

from keras_vae.blocks import Batch
from keras_vae.evaluation import active_units
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
