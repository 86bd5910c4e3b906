"""What every member of every axis must do, from one table of cases.

A coverage test fails when a registry has a member without a row.
"""

import numpy as np
import pytest

import keras_vae
from keras_vae._compat import tf, tfk
from keras_vae.blocks import Block
from keras_vae.build import LIKELIHOODS, NETWORKS, OBJECTIVES, OPTIMIZERS, POSTERIORS, PRIORS, WEIGHTS
from keras_vae.recipes import RECIPES
from tests import tiny

# One row each: (axis, member): the options of a tiny model that uses it.
CASES = {
    ("network", "linear"): {},
    ("network", "mlp"): {},
    ("network", "conv"): {},
    ("network", "resnet"): {"filters": (4,)},
    ("posterior", "diagonal"): {},
    ("posterior", "full_covariance"): {},
    ("posterior", "deterministic"): {},
    ("prior", "standard_normal"): {},
    ("prior", "none"): {"posterior": "deterministic"},
    ("likelihood", "bernoulli"): {},
    ("likelihood", "continuous_bernoulli"): {},
    ("likelihood", "normal"): {"likelihood_scale": 0.7},
    ("likelihood", "normal_learned_scale"): {},
    ("likelihood", "normal_per_pixel_scale"): {},
    ("likelihood", "discretized_logistic"): {},
    ("likelihood", "categorical"): {},
    ("objective", "sgvb"): {"kl": "sampled", "latent_samples": 2},
    ("objective", "free_bits"): {"free_bits": 0.05},
    ("objective", "reconstruction"): {},
    ("weights", "point"): {},
    ("weights", "map"): {},
    ("weights", "bayes"): {},
    ("recipe", "ae"): {},
    ("recipe", "map"): {},
    ("recipe", "bayes"): {},
    ("recipe", "pca"): {},
    ("recipe", "vae"): {},
    ("recipe", "beta_vae"): {},
    ("recipe", "linear_vae"): {},
    ("recipe", "full_covariance"): {},
}
REGISTRIES = {
    "network": NETWORKS,
    "posterior": POSTERIORS,
    "prior": PRIORS,
    "likelihood": LIKELIHOODS,
    "objective": OBJECTIVES,
    "weights": WEIGHTS,
    "recipe": RECIPES,
}


def test_every_member_has_a_row():
    members = {(axis, name) for axis, names in REGISTRIES.items() for name in names}
    assert set(CASES) == members


def make(case, **mode):
    """A tiny model with the case's member, its weights drawn anew, compiled by `mode`."""
    axis, name = case
    # Small steps of plain gradient descent: what differs is not amplified.
    options = {"optimizer": "sgd", "learning_rate": 1e-3, "activation": "tanh", axis: name}
    return tiny.randomize(tiny.vae(**(options | CASES[case] | mode)), scale=0.1)


def train(model, block):
    logs = model.make_train_function()(iter([block]))
    return {name: float(value) for name, value in logs.items()}


def halves(block, strategy):
    """The block with each batch split over two replicas."""

    def rows(tensor, axis):
        parts = tf.split(tensor, 2, axis)
        return strategy.experimental_distribute_values_from_function(
            lambda context: parts[context.replica_id_in_sync_group]
        )

    return Block(rows(block.x, 1), rows(block.noise, 2))


@pytest.fixture(scope="module", params=list(CASES), ids="-".join)
def trained(request):
    """(case, model trained on a block in a graph, weights before, block, logs)."""
    model = make(request.param)
    before = [v.numpy() for v in model.trainable_variables]
    block = tiny.block(model, 2, 4, num_samples=model.objective.num_samples)
    return request.param, model, before, block, train(model, block)


def assert_same_training(trained, model, logs):
    _, wanted, before, _, wanted_logs = trained
    assert logs.keys() == wanted_logs.keys()
    for name in logs:
        np.testing.assert_allclose(logs[name], wanted_logs[name], rtol=1e-4)
    for a, b, start in zip(
        model.trainable_variables, wanted.trainable_variables, before, strict=True
    ):
        # Relative to the step itself: sums of some hundred terms in float32, in another order.
        step = np.abs(b.numpy() - start).max()
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-3 * step + 1e-7)


def test_a_step_in_a_graph_is_finite_and_moves_every_weight(trained):
    _, model, before, _, logs = trained
    assert np.isfinite(list(logs.values())).all()
    for v, b in zip(model.trainable_variables, before, strict=True):
        assert np.isfinite(v).all(), v.name
        assert (v.numpy() != b).any(), f"{v.name} has no gradient"


def test_a_step_under_xla_is_the_same(trained):
    case, _, _, block, _ = trained
    model = make(case, jit_compile=True)
    assert_same_training(trained, model, train(model, block))


def test_a_step_on_two_replicas_is_the_same(trained, two_replicas):
    case, _, _, block, _ = trained
    with two_replicas.scope():
        model = make(case)
    assert_same_training(trained, model, train(model, halves(block, two_replicas)))


def test_the_config_makes_a_model_that_computes_the_same(trained):
    """get_config -> JSON types -> from_config, then the weights copied."""
    _, model, _, block, _ = trained
    content = tfk.saving.serialize_keras_object(model)
    copy = tfk.saving.deserialize_keras_object(content)
    assert type(copy) is keras_vae.VAE
    assert [v.shape for v in copy.weights] == [v.shape for v in model.weights]
    copy.set_weights(model.get_weights())
    x, noise, _ = block.step(0)
    for a, b in zip(copy.terms(x, noise), model.terms(x, noise), strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            np.testing.assert_array_equal(a, b)


def test_public_verbs_give_images(trained):
    _, model, _, block, _ = trained
    x = block.x[0]
    assert model.reconstruct(x).shape == x.shape
    assert model.interpolate(x, x[::-1], steps=3).shape == (3, *x.shape)
    assert np.isfinite(model.reconstruct(x)).all()
    if model.prior is not None:
        assert np.isfinite(model.sample(3, seed=0)).all()
        assert model.sample(3, seed=0).shape == (3, *x.shape[1:])
        assert np.isfinite(model.log_likelihood(x, num_samples=3)).all()


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_every_optimizer_takes_steps(name):
    model = tiny.vae(optimizer=name, clip_norm=1.0)
    before = [v.numpy() for v in model.trainable_variables]
    assert np.isfinite(train(model, tiny.block(model, 2, 4))["loss"])
    for v, b in zip(model.trainable_variables, before, strict=True):
        assert (v.numpy() != b).any(), v.name
