"""Blocks: batches with a leading axis of steps."""

import numpy as np
import pytest

from keras_vae._compat import tf
from keras_vae.batches import Batch, Block


def test_steps_of_a_block_are_its_batches():
    x = np.arange(24.0).reshape(3, 4, 2)
    noise = np.arange(30.0).reshape(3, 1, 2, 5)
    block = Block(tf.constant(x), tf.constant(noise))
    assert block.num_steps == 3
    for i in range(3):
        batch = block.step(i)
        assert isinstance(batch, Batch)
        np.testing.assert_array_equal(batch.x, x[i])
        np.testing.assert_array_equal(batch.noise, noise[i])
        assert batch.condition is None


def test_a_block_of_one_holds_its_batch():
    batch = Batch(tf.ones([4, 2]), tf.zeros([1, 4, 3]), tf.range(4))
    block = Block.of_one(batch)
    assert block.num_steps == 1
    for original, back in zip(batch, block.step(0), strict=True):
        np.testing.assert_array_equal(back, original)


@pytest.mark.parametrize("condition", [np.arange(4), None])
def test_rows_of_a_batch_are_its_examples_without_noise(condition):
    x = np.arange(8.0).reshape(4, 2)
    rows = Batch(x, np.zeros([1, 4, 3]), condition).rows(1, 3)
    np.testing.assert_array_equal(rows.x, x[1:3])
    assert rows.noise is None
    np.testing.assert_array_equal(rows.condition, None if condition is None else [1, 2])


def test_the_number_of_steps_may_be_unknown_to_the_graph():
    @tf.function(input_signature=[tf.TensorSpec([None, 2])])
    def num_steps(x):
        return Block(x, x).num_steps

    assert int(num_steps(tf.zeros([5, 2]))) == 5
