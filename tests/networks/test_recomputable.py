"""Gradient checkpointing: the same step, its inside computed anew."""

import numpy as np
import pytest

from keras_vae._compat import tf, tfk
from keras_vae.batches import Batch
from tests import tiny


def weights_after_a_step(options, checkpointing):
    model = tiny.vae(network="resnet", gradient_checkpointing=checkpointing, **options)
    model.compile(tfk.optimizers.SGD(0.1), gradient_checkpointing=checkpointing)
    noise = tf.random.stateless_normal([1, 4, model.noise_size], [3, 4])
    step = tf.function(model.train_step)
    step(Batch(tiny.images(4), noise))
    ops = [
        op.type
        for op in step.get_concrete_function(Batch(tiny.images(4), noise)).graph.get_operations()
    ]
    return model.get_weights(), ops.count("Conv2D")


@pytest.mark.parametrize(
    "options", [{"filters": (4,)}, {"structure": "ladder"}], ids=["resnet", "ladder"]
)
def test_a_step_with_and_without_checkpointing_is_the_same(options):
    (kept, num_kept), (anew, num_anew) = (weights_after_a_step(options, c) for c in (False, True))
    for a, b in zip(kept, anew, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)
    assert num_anew > num_kept  # The insides are computed twice.


def test_a_model_without_residual_blocks_has_nothing_to_compute_anew():
    with pytest.raises(ValueError, match="gradient_checkpointing is of networks with residual"):
        tiny.vae().compile(gradient_checkpointing=True)
    with pytest.raises(ValueError, match="gradient_checkpointing with network=mlp: only residual"):
        tiny.config(gradient_checkpointing=True)
