"""RoundedLogistic: its mean beside the sum over all levels, and what it takes to compute it."""

import numpy as np
import pytest

from keras_vae._compat import tf
from keras_vae.likelihoods.logistic import RoundedLogistic, rounded_logistic


def of(scale, levels):
    """Rounded logistics of that scale, in levels, in and around the levels."""
    margin = 2.0 * max(scale, 1.0)
    loc = np.linspace(-margin, levels + margin, 5001)
    top = np.float32(levels - 1)
    return RoundedLogistic(tf.constant(loc / top, tf.float32), tf.fill([5001], scale / top), levels)


def exact_mean(p, levels):
    k = np.arange(levels)[:, np.newaxis]
    return np.sum(k * np.exp(p.log_prob(k)), axis=0)


@pytest.mark.parametrize("levels", [2, 3, 17])
@pytest.mark.parametrize("scale", [0.1, 0.3, 1.0, 8.0])
def test_the_mean_of_few_levels_is_exact(levels, scale):
    p = of(scale, levels)
    np.testing.assert_allclose(p.mean(), exact_mean(p, levels), atol=1e-5 * levels)


@pytest.mark.parametrize("levels", [18, 256])
@pytest.mark.parametrize(
    ("scale", "error"),
    [(0.1, 0.19), (0.3, 0.05), (0.5, 0.03), (2.0, 0.006), (20.0, 0.001), (100.0, 0.001)],
)
def test_the_mean_of_many_levels_is_within_its_error(levels, scale, error):
    p = of(scale, levels)
    assert np.abs(p.mean() - exact_mean(p, levels)).max() < error


def test_the_mean_has_no_loop_and_finite_gradients():
    """Wherever a network's outputs lie: a loop over levels is slow, and TFLite refuses some."""
    raw = tf.constant(np.random.default_rng(0).normal(scale=30.0, size=(200, 2)), tf.float32)

    @tf.function
    def mean(raw):
        return rounded_logistic(raw[:, 0], raw[:, 1], 256).mean_value()

    graph = mean.get_concrete_function(raw).graph.as_graph_def()
    assert not {"While", "StatelessWhile"} & {node.op for node in graph.node}
    with tf.GradientTape() as tape:
        tape.watch(raw)
        total = mean(raw)
    assert np.isfinite(tape.gradient(total, raw)).all()
    assert 0.0 <= total.numpy().min() <= total.numpy().max() <= 1.0


def test_draws_are_of_its_masses():
    p = of(0.7, 5)
    k = np.arange(5)[:, np.newaxis]
    found = np.mean(p.sample(4000, seed=1).numpy()[:, np.newaxis] == k, axis=0)
    wanted = np.exp(p.log_prob(k))
    assert np.abs(found - wanted).max() < 6.0 * 0.5 / np.sqrt(4000)
