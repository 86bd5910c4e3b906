"""Bits per dimension are the ELBO in bits of one value."""

import math

import numpy as np
import pytest

from keras_vae import data
from keras_vae._compat import tf
from keras_vae.training import replicas
from tests import tiny

X = np.random.default_rng(0).integers(0, tiny.LEVELS, (40, *tiny.EVENT_SHAPE)).astype(np.uint8)
SPLIT = data.InMemory(X, levels=tiny.LEVELS)


@pytest.mark.parametrize(
    ("options", "num_values"),
    [({}, 35), ({"condition": "image_part", "visible_mask": (1, 1, 1, 0, 0) * 7}, 14)],
)
def test_training_and_validation_have_them(options, num_values):
    """Of the loss where it is the bound, in each epoch."""
    vae = tiny.vae(likelihood="categorical", **options)
    history = vae.fit(SPLIT, batch_size=8, epochs=2, validation_data=SPLIT, verbose=0).history
    for of in ("", "val_"):
        by_hand = np.array(history[of + "loss"]) / num_values / math.log(2)
        np.testing.assert_allclose(history[of + "bits_per_dim"], by_hand, rtol=1e-5)
    measured = vae.evaluate(SPLIT, batch_size=8, verbose=0, return_dict=True)
    by_hand = -measured["elbo_nats"] / num_values / math.log(2)
    np.testing.assert_allclose(measured["bits_per_dim"], by_hand, rtol=1e-6)


def test_they_are_of_the_bound_whatever_training_weighs():
    vae = tiny.vae(likelihood="categorical", beta=3.0)
    logs = tiny.train(vae, tiny.block(vae, 2, 8))
    np.testing.assert_allclose(logs["bits_per_dim"], -logs["elbo_nats"] / 35 / math.log(2), 1e-6)
    assert logs["loss"] > -logs["elbo_nats"]


@pytest.mark.parametrize(
    ("options", "defined"),
    [
        ({"likelihood": "poisson"}, True),
        ({"likelihood": "logistic_mixture"}, True),
        ({"likelihood": "categorical", "levels": 2}, False),
        ({"likelihood": "bernoulli"}, False),
        ({"likelihood": "normal"}, False),
        ({"likelihood": "categorical", "posterior": "deterministic"}, False),
    ],
    ids=str,
)
def test_they_are_of_discrete_values_that_are_more_than_two(options, defined):
    assert ("bits_per_dim" in tiny.vae(**options).metrics_names) == defined


def test_two_replicas_have_those_of_one(two_replicas):
    one = tiny.randomize(tiny.vae(likelihood="categorical"))
    with two_replicas.scope():
        two = tiny.vae(likelihood="categorical")
    for a, b in zip(two.trainable_variables, one.trainable_variables, strict=True):
        a.assign(b)
    block = tiny.block(one, 1, 8)
    logs = tiny.train(one, block)
    feed = replicas.distribute(tf.data.Dataset.from_tensors(block), two_replicas)
    found = two.make_train_function()(iter(feed))
    np.testing.assert_allclose(found["bits_per_dim"], logs["bits_per_dim"], rtol=1e-5)


def test_they_hold_no_numbers_of_their_own():
    """So a checkpoint holds what it held."""
    vae = tiny.vae(likelihood="categorical")
    assert [v.name for m in vae.metrics for v in m.variables] == ["total:0", "count:0"] * 4
