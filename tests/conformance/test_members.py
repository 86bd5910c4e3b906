"""What every member of every axis must do, from one table of cases.

Coverage tests fail when a registry has a member without a row, or an option is never used. What
takes long, under XLA, on two replicas and in exported files, is marked `product`: `make
conformance` runs it.
"""

import numpy as np
import pytest

import keras_vae
from export import random_numpy, saved_model, tflite, writer
from export.random_numpy import Stream
from keras_vae import config as configs
from keras_vae.build import build_fitted_prior
from keras_vae.config import AXES
from keras_vae.config.recipes import RECIPES
from keras_vae.likelihoods import Support
from tests import tiny
from tests.export.oracle import sampled

# Options of a mixture whose channels depend on each other.
COLOURS = {"event_shape": (7, 5, 3), "likelihood_components": 2}
# One row each: (axis, member): the options of a tiny model that uses it, and some more, so that no
# two rows say the same.
CASES = {
    ("network", "linear"): {},
    ("network", "mlp"): {"activation": "elu"},
    ("network", "gated_mlp"): {},
    ("network", "conv"): {},
    ("network", "gated_conv"): {"filters": (4,), "attention_heads": 2},
    ("network", "resnet"): {"filters": (4,)},
    ("network", "gru"): {},
    ("network", "transformer"): {},
    ("posterior", "diagonal"): {"kl": "analytic", "latent_samples": 2},
    ("posterior", "full_covariance"): {"kl": "sampled"},
    ("posterior", "low_rank"): {"posterior_rank": 1, "condition": "label"},
    ("posterior", "iaf"): {
        "objective": "importance_weighted",
        "gradient": "dreg",
        "latent_samples": 2,
        "condition": "label",
    },
    ("posterior", "deterministic"): {"prior": "real_nvp"},
    ("posterior", "prior"): {"latent_samples": 5, "structure": "ladder", "condition": "label"},
    ("prior", "standard_normal"): {"activation": "swish"},
    ("prior", "learned_normal"): {"condition": "label"},
    ("prior", "mixture"): {"prior_covariance": "full", "condition": "label"},
    ("prior", "vamp"): {"likelihood": "normal", "condition": "label"},
    ("prior", "real_nvp"): {"posterior": "full_covariance", "condition": "image_part"},
    ("prior", "maf"): {"condition": "image_part"},
    ("prior", "conditional_normal"): {},
    ("prior", "none"): {"posterior": "deterministic"},
    ("likelihood", "bernoulli"): {"beta_schedule": "cyclic", "beta_warmup_epochs": 1.0},
    ("likelihood", "continuous_bernoulli"): {"condition": "image_part"},
    ("likelihood", "normal"): {"likelihood_scale": 0.7},
    ("likelihood", "normal_learned_scale"): {"condition": "label"},
    ("likelihood", "normal_per_pixel_scale"): {"condition": "image_part"},
    ("likelihood", "discretized_logistic"): {"condition": "image_part"},
    ("likelihood", "categorical"): {"condition": "image_part"},
    ("likelihood", "logistic_mixture"): {
        "likelihood_components": 2,
        "channel_dependence": "autoregressive",
        "event_shape": (6, 4, 3),
        "latent_samples": 2,
        "condition": "image_part",
    },
    ("likelihood", "laplace"): {"condition": "label"},
    ("likelihood", "student_t"): {"condition": "image_part"},
    ("likelihood", "poisson"): {"condition": "label"},
    ("likelihood", "columns"): {"likelihood_components": 2, "condition": "label"},
    ("network", "columns"): {"sees_mask": True},
    ("recipe", "table"): {},
    ("objective", "sgvb"): {"kl": "sampled", "latent_samples": 2},
    ("objective", "free_bits"): {"free_bits": 0.05, "condition": "label"},
    ("objective", "importance_weighted"): {"latent_samples": 5, "gradient": "stl", "beta": 0.5},
    ("objective", "reconstruction"): {"condition": "label"},
    ("network", "bars"): {"modality": {"name": "music", "levels": tiny.LEVELS, "lowest_pitch": 60}},
    ("decoder", "independent"): {"activation": "gelu"},
    ("decoder", "autoregressive"): {
        "likelihood": "categorical",
        "condition": "label",
        "weights": "map",
        "objective": "importance_weighted",
        "latent_samples": 2,
    },
    ("structure", "single"): {"latent_dim": 1},
    ("structure", "bottom_up"): {
        "condition": "label",
        "prior": "mixture",
        "posterior": "iaf",
    },
    ("structure", "ladder"): {"condition": "label", "prior": "conditional_normal"},
    ("structure", "sequence"): {
        "condition": "label",
        "prior": "mixture",
        "inference": "filter",
        "objective": "importance_weighted",
        "gradient": "dreg",
        "latent_samples": 2,
    },
    ("condition", "none"): {"beta_schedule": "sigmoid", "beta_warmup_epochs": 1.0},
    ("condition", "label"): {"network": "conv", "class_names": ("cat", "dog", "yak", "cow")},
    ("condition", "image_part"): {
        "visible": "upper_left",
        "network": "conv",
        "filters": (4,),
        "likelihood": "logistic_mixture",
        "channel_dependence": "none",
        "event_shape": (6, 4, 3),
    },
    ("weights", "point"): {"hidden": (8, 6), "activation": "softplus"},
    ("weights", "map"): {"weight_scale": 0.5},
    ("weights", "bayes"): {"weight_scale": 0.5, "weight_temperature": 0.3, "condition": "label"},
    ("posterior", "categorical"): {
        "prior": "categorical",
        "prior_components": 3,
        "condition": "label",
    },
    ("prior", "categorical"): {
        "posterior": "categorical",
        "relaxation": "relaxed",
        "relaxation_temperature": 0.7,
    },
    ("prior", "gaussian_mixture"): {"posterior": "deterministic", "condition": "label"},
    ("recipe", "gmvae"): {},
    ("recipe", "ae"): {},
    ("recipe", "map"): {},
    ("recipe", "bayes"): {},
    ("recipe", "pca"): {},
    ("recipe", "vae"): {"activation": "relu"},
    ("recipe", "beta_vae"): {},
    ("recipe", "linear_vae"): {},
    ("recipe", "full_covariance"): {},
    ("recipe", "attention"): {"filters": (4,)},
    ("recipe", "iaf"): {},
    ("recipe", "monte_carlo"): {"latent_samples": 5},
    ("recipe", "iwae"): {"latent_samples": 5},
    ("recipe", "dreg"): {"latent_samples": 5},
    ("recipe", "cvae"): {},
    ("recipe", "cvae_image"): {"visible_mask": (1, 0, 0, 0, 1) * 7},
    ("recipe", "vamp"): {},
    ("recipe", "hvae"): {},
    ("recipe", "iwae2"): {"latent_samples": 5},
    ("recipe", "ladder"): {},
    ("recipe", "deep"): {"condition": "image_part"} | COLOURS,
    ("recipe", "sequence"): {"latent_samples": 2},
    ("recipe", "music"): {"condition": "image_part"},
    ("recipe", "flow_prior"): {},
}
# Recipes once more, of latents with a place.
MAPS = {
    "vae": {
        "network": "conv",
        "filters": (4,),
        "latent_shape": (4, 3, 2),
        "condition": "image_part",
    },
    "vamp": {"network": "gated_conv", "latent_shape": (2, 2, 2), "condition": "label"},
    "flow_prior": {
        "network": "resnet",
        "filters": (4,),
        "latent_shape": (4, 3, 1),
        "condition": "label",
    },
    "ae": {"network": "conv", "latent_shape": (2, 2, 2), "condition": "image_part"},
}
CASES |= {("maps", name): options for name, options in MAPS.items()}
# The recipe deep with other members: layers of maps, of sizes 4x3 and 1x1, or 2x2 at the top.
LADDERS = {
    "label": {
        "condition": "label",
        "prior": "mixture",
        "objective": "free_bits",
        "free_bits": 0.1,
        "merge": "network",
    },
    "vamp": {
        "stages": ("4x1", "2x1"),
        "normalization": "none",
        "merge": "precision_weighted",
        "prior": "vamp",
        "objective": "importance_weighted",
        "gradient": "dreg",
        "latent_samples": 2,
    },
    "black_and_white": {
        "likelihood": "bernoulli",
        "event_shape": tiny.EVENT_SHAPE,
        "prior": "real_nvp",
        "condition": "label",
        "ema_decay": 0.5,
    },
    "without_encoder": {"posterior": "prior", "latent_samples": 3, "condition": "image_part"},
}
CASES |= {("deep", name): options for name, options in LADDERS.items()}
IN_TRAINING = {"optimizer", "beta_schedule"}  # These are tested below, and in test_build.py.


def test_every_member_has_a_row():
    axes = {axis: names for axis, names in AXES.items() if axis not in IN_TRAINING}
    axes |= {"recipe": RECIPES, "maps": MAPS, "deep": LADDERS}
    assert set(CASES) == {(axis, name) for axis, names in axes.items() for name in names}


def options_of(case) -> dict:
    """Those of a row's tiny model."""
    axis, name = case
    # Small steps of plain gradient descent: what differs is not amplified.
    chosen = {"recipe" if axis == "maps" else axis: name}
    if axis == "deep":
        chosen = {"recipe": "deep"} | ({} if "likelihood" in CASES[case] else COLOURS)
    options = {"optimizer": "sgd", "learning_rate": 1e-3} | chosen | CASES[case]
    if tiny.network_of(options) in ("mlp", "conv", "resnet", "transformer"):
        options.setdefault("activation", "tanh")
    return options


@pytest.mark.parametrize("section", ["model", "objective"])
def test_every_option_is_used_in_a_row(section):
    """With each of its choices, or, where it has none, with another value than the default."""
    rows = [getattr(tiny.config(**options_of(case)), section) for case in CASES]
    for field in (f for s, f in configs.options() if s == section):
        found = [getattr(row, field.name) for row in rows]
        missing = [choice for choice in field.metadata["choices"] or () if choice not in found]
        assert not missing, f"{field.name}: no row with {missing}"
        others = [value for value in found if value != field.default]
        assert others, f"{field.name}: no row with another than the default"


def make(case, **mode):
    """A row's model, its weights drawn anew, compiled by `mode`."""
    return tiny.randomize(tiny.vae(**(options_of(case) | mode)), scale=0.1)


def fit_prior(case, model):
    """Gives an autoencoder its prior, as `trainers.train` does when training is done."""
    prior = build_fitted_prior(tiny.config(**options_of(case)))
    if prior is not None:
        model.fit_prior(prior, np.random.default_rng(0).normal(size=(64, model.latent_dim)))


@pytest.fixture(scope="module", params=list(CASES), ids="-".join)
def trained(request):
    """(case, model trained on a block in a graph, weights before, block, logs)."""
    model = make(request.param)
    before = [v.numpy() for v in model.trainable_variables]
    block = tiny.block(model, 2, 4, num_samples=model.objective.num_samples)
    logs = tiny.train(model, block)
    fit_prior(request.param, model)
    return request.param, model, before, block, logs


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


@pytest.mark.product
def test_a_step_in_bfloat16_is_close(trained):
    """It rounds each number to 2^-9 of it, in some tens of layers."""
    case, _, before, block, wanted = trained
    model = make(case, dtype_policy="mixed_bfloat16")
    assert tiny.train(model, block)["loss"] == pytest.approx(wanted["loss"], rel=0.05)
    for v, b in zip(model.trainable_variables, before, strict=True):
        assert np.isfinite(v).all(), v.name
        assert (v.numpy() != b).any(), v.name


def numbers(model, block):
    """Densities, the losses that training adds up, and images, by noise and seeds alone."""
    batch = block.step(0)
    terms = model.terms(batch.x, batch.noise, batch.condition)._replace(rates=None)
    found = {name: t for name, t in terms._asdict().items() if t is not None}
    model(batch, training=True)
    found["losses"] = np.array(model.losses)
    if model.prior is not None:
        found["sample"] = model.sample(4, seed=1, condition=tiny.shown(model, batch.x))
    return found


def test_a_saved_model_computes_the_same(trained, tmp_path):
    """The file holds every argument as JSON, and every weight."""
    _, model, _, block, _ = trained
    model.save(tmp_path / "model.keras")
    loaded = keras_vae.load(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    loaded.compile(objective=model.objective, jit_compile=False)
    with model.evaluation_weights():  # The file holds these.
        found, wanted = numbers(loaded, block), numbers(model, block)
    assert found.keys() == wanted.keys()
    for name in wanted:
        np.testing.assert_array_equal(found[name], wanted[name], err_msg=name)


RANGES = {
    Support.BINARY: (0, 1),
    Support.UNIT: (0, 1),
    Support.LEVELS: (0, 1),
    Support.REAL: (-np.inf, np.inf),
    Support.COUNTS: (0, np.inf),
    Support.COLUMNS: (-np.inf, np.inf),
}


def assert_images(images, model, *batch_shape):
    """Finite means [*batch_shape, H, W, C] of values that the likelihood gives mass to."""
    low, high = RANGES[model.decoder.likelihood.support]
    assert images.shape == (*batch_shape, *model.event_shape)
    assert np.isfinite(images).all()
    assert low <= np.min(images) <= np.max(images) <= high


def test_public_verbs_give_images(trained):
    _, model, _, block, _ = trained
    batch = block.step(0)
    x, condition = batch.x, batch.condition
    assert_images(model.reconstruct(x, condition), model, len(x))
    between = model.interpolate(x, x[::-1], steps=3, condition=condition)
    assert_images(between, model, 3, len(x))
    if model.prior is not None:
        one = None if model.condition is None else tiny.shown(model, x)[0]
        assert_images(model.sample(3, seed=0, condition=one), model, 3)
    if model.has_bound:
        assert np.isfinite(model.log_likelihood(x, num_samples=3, condition=condition)).all()


def test_draws_are_values_that_have_mass(trained):
    _, model, _, block, _ = trained
    batch = block.step(0)
    x, condition = batch.x, batch.condition
    p = model.decode(model.code(x, condition), tiny.shown(model, x))
    draws = p.sample(5, seed=[0, 1])
    assert_images(draws, model, 5, len(x))
    model.decoder.likelihood.check_values(draws)


@pytest.mark.product
def test_the_exported_files_agree(trained, tmp_path):
    """The writer compares every output with the model's, and writes nothing that differs. Here they
    are compared with the model's own verbs, at numpy's noise."""
    _, model, _, block, _ = trained
    writer.write(model, tmp_path / "export", batch_sizes=[2])
    seed = np.array([[1, 2], [-3, 4]], np.int32)
    condition = tiny.shown(model, block.step(0).x[:2])
    given = {} if condition is None else {"condition": np.array(condition)}
    with model.evaluation_weights():
        if model.prior is None:
            z = random_numpy.normal(seed, Stream.LATENT, model.latent_dim)
            verb, given["z"] = "decode_2", z
            wanted = {"image": model.decode(z, condition).mean()}
        else:
            verb, given["seed"] = "sample_2", seed
            wanted = sampled(model, seed, condition)
    lite = tflite.load_signatures(tmp_path / "export" / "generator.tflite")
    for runtime in (lite, saved_model.load_signatures(tmp_path / "export" / "saved_model")):
        found = runtime[verb](**given)
        for name in wanted:
            np.testing.assert_allclose(
                found[name], wanted[name], rtol=1e-4, atol=1e-5, err_msg=name
            )


@pytest.mark.parametrize("name", list(AXES["optimizer"]))
def test_every_optimizer_takes_steps(name):
    model = tiny.vae(optimizer=name, clip_norm=1.0)
    before = [v.numpy() for v in model.trainable_variables]
    assert np.isfinite(tiny.train(model, tiny.block(model, 2, 4))["loss"])
    for v, b in zip(model.trainable_variables, before, strict=True):
        assert (v.numpy() != b).any(), v.name
