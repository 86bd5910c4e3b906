"""What every member of every axis must do, from one table of cases.

A coverage test fails when a registry has a member without a row. What takes long, under XLA, on two
replicas and in exported files, is marked `product`: `make conformance` runs it.
"""

import numpy as np
import pytest

from export import writer
from keras_vae._compat import tfk
from keras_vae.build import (
    CONDITIONS,
    DECODERS,
    LIKELIHOODS,
    NETWORKS,
    OBJECTIVES,
    OPTIMIZERS,
    POSTERIORS,
    PRIORS,
    STRUCTURES,
    WEIGHTS,
)
from keras_vae.recipes import RECIPES
from tests import tiny

# One row each: (axis, member): the options of a tiny model that uses it.
CASES = {
    ("network", "linear"): {},
    ("network", "mlp"): {},
    ("network", "gated_mlp"): {},
    ("network", "conv"): {},
    ("network", "gated_conv"): {"filters": (4,), "attention_heads": 2},
    ("network", "resnet"): {"filters": (4,)},
    ("network", "gru"): {},
    ("network", "transformer"): {},
    ("posterior", "diagonal"): {},
    ("posterior", "full_covariance"): {},
    ("posterior", "low_rank"): {},
    ("posterior", "iaf"): {
        "objective": "importance_weighted",
        "gradient": "dreg",
        "latent_samples": 2,
    },
    ("posterior", "deterministic"): {},
    ("posterior", "prior"): {"latent_samples": 5},
    ("prior", "standard_normal"): {},
    ("prior", "learned_normal"): {},
    ("prior", "mixture"): {"prior_covariance": "full"},
    ("prior", "vamp"): {},
    ("prior", "real_nvp"): {},
    ("prior", "maf"): {},
    ("prior", "conditional_normal"): {},
    ("prior", "none"): {"posterior": "deterministic"},
    ("likelihood", "bernoulli"): {},
    ("likelihood", "continuous_bernoulli"): {},
    ("likelihood", "normal"): {"likelihood_scale": 0.7},
    ("likelihood", "normal_learned_scale"): {},
    ("likelihood", "normal_per_pixel_scale"): {},
    ("likelihood", "discretized_logistic"): {},
    ("likelihood", "categorical"): {},
    ("likelihood", "logistic_mixture"): {"likelihood_components": 2, "latent_samples": 2},
    ("likelihood", "laplace"): {},
    ("likelihood", "student_t"): {},
    ("likelihood", "poisson"): {},
    ("objective", "sgvb"): {"kl": "sampled", "latent_samples": 2},
    ("objective", "free_bits"): {"free_bits": 0.05},
    ("objective", "importance_weighted"): {"latent_samples": 5, "gradient": "stl", "beta": 0.5},
    ("objective", "reconstruction"): {},
    ("network", "bars"): {},
    ("decoder", "independent"): {},
    ("decoder", "autoregressive"): {
        "likelihood": "categorical",
        "condition": "label",
        "weights": "map",
        "objective": "importance_weighted",
        "latent_samples": 2,
    },
    ("structure", "single"): {},
    ("structure", "bottom_up"): {"condition": "label", "prior": "mixture"},
    ("structure", "ladder"): {"condition": "label", "prior": "conditional_normal"},
    ("structure", "sequence"): {
        "condition": "label",
        "prior": "mixture",
        "inference": "filter",
        "objective": "importance_weighted",
        "gradient": "dreg",
        "latent_samples": 2,
    },
    ("condition", "none"): {},
    ("condition", "label"): {},
    ("condition", "image_part"): {"visible": "upper_left", "network": "conv", "filters": (4,)},
    ("weights", "point"): {},
    ("weights", "map"): {},
    ("weights", "bayes"): {},
    ("posterior", "categorical"): {"prior": "categorical", "prior_components": 3},
    ("prior", "categorical"): {"posterior": "categorical", "relaxation": "relaxed"},
    ("prior", "gaussian_mixture"): {"posterior": "deterministic"},
    ("recipe", "gmvae"): {},
    ("recipe", "ae"): {},
    ("recipe", "map"): {},
    ("recipe", "bayes"): {},
    ("recipe", "pca"): {},
    ("recipe", "vae"): {},
    ("recipe", "beta_vae"): {},
    ("recipe", "linear_vae"): {},
    ("recipe", "full_covariance"): {},
    ("recipe", "attention"): {"filters": (4,)},
    ("recipe", "iaf"): {},
    ("recipe", "monte_carlo"): {"latent_samples": 5},
    ("recipe", "iwae"): {"latent_samples": 5},
    ("recipe", "dreg"): {"latent_samples": 5},
    ("recipe", "cvae"): {},
    ("recipe", "cvae_image"): {},
    ("recipe", "vamp"): {},
    ("recipe", "hvae"): {},
    ("recipe", "iwae2"): {"latent_samples": 5},
    ("recipe", "ladder"): {},
    ("recipe", "sequence"): {"latent_samples": 2},
    ("recipe", "music"): {},
    ("recipe", "flow_prior"): {},
}
REGISTRIES = {
    "network": NETWORKS,
    "posterior": POSTERIORS,
    "prior": PRIORS,
    "likelihood": LIKELIHOODS,
    "objective": OBJECTIVES,
    "condition": CONDITIONS,
    "structure": STRUCTURES,
    "decoder": DECODERS,
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
    options = {"optimizer": "sgd", "learning_rate": 1e-3, axis: name} | CASES[case]
    if tiny.network_of(options) in ("mlp", "conv", "resnet", "transformer"):
        options["activation"] = "tanh"
    return tiny.randomize(tiny.vae(**(options | mode)), scale=0.1)


@pytest.fixture(scope="module", params=list(CASES), ids="-".join)
def trained(request):
    """(case, model trained on a block in a graph, weights before, block, logs)."""
    model = make(request.param)
    before = [v.numpy() for v in model.trainable_variables]
    block = tiny.block(model, 2, 4, num_samples=model.objective.num_samples)
    return request.param, model, before, block, tiny.train(model, block)


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


def test_an_eager_step_is_the_same(trained):
    case, _, _, block, _ = trained
    model = make(case, run_eagerly=True)
    assert_same_training(trained, model, tiny.train(model, block))


@pytest.mark.product
def test_a_step_under_xla_is_the_same(trained):
    case, _, _, block, _ = trained
    model = make(case, jit_compile=True)
    assert_same_training(trained, model, tiny.train(model, block))


@pytest.mark.product
def test_a_step_on_two_replicas_is_the_same(trained, two_replicas):
    case, _, _, block, _ = trained
    with two_replicas.scope():
        model = make(case)
    assert_same_training(trained, model, tiny.train(model, tiny.halves(block, two_replicas)))


def test_the_config_makes_a_model_that_computes_the_same(trained):
    """get_config -> JSON types -> from_config, then the weights copied."""
    _, model, _, block, _ = trained
    content = tfk.saving.serialize_keras_object(model)
    copy = tfk.saving.deserialize_keras_object(content)
    assert type(copy) is type(model)
    assert [v.shape for v in copy.weights] == [v.shape for v in model.weights]
    copy.set_weights(model.get_weights())
    batch = block.step(0)
    for a, b in zip(copy.terms(*batch), model.terms(*batch), strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            np.testing.assert_array_equal(a, b)


def test_public_verbs_give_images(trained):
    _, model, _, block, _ = trained
    x, _, condition = block.step(0)
    assert model.reconstruct(x, condition).shape == x.shape
    between = model.interpolate(x, x[::-1], steps=3, condition=condition)
    assert between.shape == (3, *x.shape)
    assert np.isfinite(model.reconstruct(x, condition)).all()
    if model.prior is not None:
        one = None if model.condition is None else model.condition.to_show(1, x)[0]
        samples = model.sample(3, seed=0, condition=one)
        assert np.isfinite(samples).all()
        assert samples.shape == (3, *x.shape[1:])
        assert np.isfinite(model.log_likelihood(x, num_samples=3, condition=condition)).all()


@pytest.mark.product
def test_the_exported_files_agree(trained, tmp_path):
    """The writer compares every output with the model's, and writes nothing that differs."""
    _, model, _, _, _ = trained
    writer.write(model, tmp_path / "export", batch_sizes=[2])
    assert (tmp_path / "export" / "generator.tflite").exists()


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_every_optimizer_takes_steps(name):
    model = tiny.vae(optimizer=name, clip_norm=1.0)
    before = [v.numpy() for v in model.trainable_variables]
    assert np.isfinite(tiny.train(model, tiny.block(model, 2, 4))["loss"])
    for v, b in zip(model.trainable_variables, before, strict=True):
        assert (v.numpy() != b).any(), v.name
