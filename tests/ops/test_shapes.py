"""Samples, examples and contexts as dense networks take them."""

import numpy as np

from keras_vae._compat import tf, tfkl
from keras_vae.ops.shapes import over_samples, with_context

RNG = np.random.default_rng(0)


def test_a_network_is_applied_to_each_sample():
    x = RNG.normal(size=(3, 2, 5)).astype(np.float32)
    dense = tfkl.Dense(4)
    wanted = np.stack([dense(sample) for sample in x])
    np.testing.assert_allclose(over_samples(dense, x), wanted, rtol=1e-6)
    np.testing.assert_allclose(over_samples(dense, x[0]), wanted[0], rtol=1e-6)
    # Also where the network gives images, and sizes are not known beforehand.
    to_image = tf.function(
        lambda x: over_samples(lambda x: tf.reshape(x, [-1, 5, 1, 1]), x),
        input_signature=[tf.TensorSpec([None, None, 5])],
    )
    np.testing.assert_array_equal(to_image(x), x[..., np.newaxis, np.newaxis])


def test_all_samples_of_an_example_are_beside_its_context():
    x, context = RNG.normal(size=(3, 2, 5)), RNG.normal(size=(2, 2, 2))
    joined = with_context(x, context).numpy()
    np.testing.assert_array_equal(joined[..., :5], x)
    for sample in joined:
        np.testing.assert_array_equal(sample[:, 5:], context.reshape(2, 4))
    one = with_context(x, context[:1]).numpy()
    np.testing.assert_array_equal(one[..., 5:], np.broadcast_to(context[0].ravel(), (3, 2, 4)))
    assert with_context(x, None) is x
