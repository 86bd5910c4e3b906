"""Bodies that compute in bfloat16, beside densities, weights and losses in float32."""

import numpy as np
import pytest

import keras_vae
from export import saved_model, writer
from keras_vae import likelihoods, networks, posteriors, priors
from keras_vae._compat import has_bfloat16, tf, tfk, tfkl
from keras_vae.config import Config
from keras_vae.networks.recomputable import Recomputable
from keras_vae.ops import dtype_policy
from tests import tiny

BFLOAT16 = {"dtype_policy": "mixed_bfloat16"}
MAPS = {"structure": "ladder", "network": "resnet"}
# Each with the classes of the layers that compute in bfloat16, among others.
KINDS = {
    "dense": ({}, {"Dense"}),
    "maps": (MAPS | {"condition": "label"}, {"ResidualBlock", "Conv2D", "Enlarged"}),
    "attention": ({"network": "transformer"}, {"SelfAttention", "MultiHeadAttention", "Dense"}),
    "flows": ({"posterior": "iaf", "prior": "real_nvp"}, {"Dense"}),
}
ROUNDING = 2.0**-9  # The largest of bfloat16, relative to a number.


def layers_of(model) -> list[tfkl.Layer]:
    parts = (part for part in model.submodules if isinstance(part, tfkl.Layer))
    return [part for part in parts if not isinstance(part, tfk.metrics.Metric)]


def differences(a, b):
    return np.abs(np.asarray(a) - np.asarray(b))


def terms(model, n=4):
    """log p(x|z) and the other densities, as the model computes them."""
    x, condition = tiny.images_for(model, n), tiny.conditions_for(model, n)
    return model.terms(x, tiny.noise(model, 2, n), condition)


@pytest.mark.parametrize("kind", KINDS)
def test_bodies_compute_in_bfloat16_and_all_else_in_float32(kind):
    """The densities differ by what bfloat16 rounds off in ten layers after another."""
    options, classes = KINDS[kind]
    mixed, plain = (tiny.randomize(tiny.vae(**options, **p), 0.1) for p in (BFLOAT16, {}))
    assert not dtype_policy.is_mixed(plain)
    coarse = [part for part in layers_of(mixed) if part.compute_dtype == "bfloat16"]
    assert classes <= {type(part).__name__ for part in coarse}
    of_densities = (priors.Prior, posteriors.Posterior, likelihoods.Likelihood, networks.OneHot)
    assert not any(isinstance(part, of_densities) for part in coarse)
    assert [w.dtype for w in mixed.weights] == [w.dtype for w in plain.weights]
    for a, b in zip(mixed.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    found, wanted = terms(mixed), terms(plain)
    for name in ("z", "log_likelihood", "log_prior", "log_posterior"):
        a, b = getattr(found, name), getattr(wanted, name)
        assert a.dtype == tf.float32
        assert 0 < np.linalg.norm(a - b) < 10 * ROUNDING * np.linalg.norm(b), name


def test_a_density_is_that_of_its_parameters_to_the_last_bit_of_float32():
    """Parameters in bfloat16 would have 8 bits: the head between is in float32."""
    model = tiny.randomize(tiny.vae(**BFLOAT16))
    params = model.encoder.parameters(tiny.images(4))
    rounded = tf.cast(tf.cast(params, tf.bfloat16), tf.float32)
    assert np.mean(params == rounded) < 0.1
    features = tf.cast(model.encoder.network(tiny.images(4)), tf.float32)
    kernel, bias = model.encoder.projection.get_weights()
    np.testing.assert_allclose(params, features @ kernel + bias, rtol=1e-5, atol=1e-6)


def test_keras_global_policy_does_the_same():
    named = tiny.vae(**BFLOAT16)
    with dtype_policy.policy("mixed_bfloat16"):
        ambient = tiny.vae()
        assert not dtype_policy.is_mixed(tiny.vae(dtype_policy="float32"))
    assert tfk.mixed_precision.global_policy().name == "float32"
    np.testing.assert_array_equal(terms(ambient).log_likelihood, terms(named).log_likelihood)


def test_parts_of_a_users_own_take_keras_global_policy():
    with dtype_policy.policy("mixed_bfloat16"):
        body = tfk.Sequential([tfkl.Flatten(), tfkl.Dense(8, "tanh")])
        model = keras_vae.VAE(
            keras_vae.Encoder(body, posteriors.DiagonalNormal(3)),
            keras_vae.Decoder(networks.mlp((8,)), likelihoods.Bernoulli(tiny.EVENT_SHAPE)),
            priors.StandardNormal(3),
        )
    assert body.layers[1].compute_dtype == "bfloat16"
    assert model.encoder.projection.compute_dtype == "float32"
    assert terms(model).log_likelihood.dtype == tf.float32


@pytest.mark.parametrize("name", ["float16", "mixed_float16", "bfloat16", "float64"])
def test_other_policies_are_refused(name):
    wanted = f"{name} isn't supported: .* Use mixed_bfloat16, or float32."
    with pytest.raises(ValueError, match=f"dtype_policy={wanted}"):
        tiny.config(dtype_policy=name)
    with dtype_policy.policy(name), pytest.raises(ValueError, match=f"global policy {wanted}"):
        tiny.vae()


def test_configs_keep_it_and_old_ones_are_float32():
    config = tiny.config(**BFLOAT16)
    content = config.to_dict()
    assert Config.from_dict(content) == config
    del content["training"]["dtype_policy"]
    assert Config.from_dict(content).training.dtype_policy == "float32"


def test_training_by_bfloat16_comes_to_the_same_bound():
    """Within 0.01 bits of each value of x, by other weights, both measured in float32."""
    digits = keras_vae.data.load("digits")
    models = []
    for name in ("float32", "mixed_bfloat16"):
        config = keras_vae.recipe("vae", hidden=(32,), likelihood="categorical", dtype_policy=name)
        models.append(keras_vae.build(config, data=digits, jit_compile=False))
        models[-1].fit(digits.train, batch_size=64, epochs=3, verbose=0)
    plain, mixed = models
    assert dtype_policy.is_mixed(mixed)
    averaged = [*mixed.optimizer.variables[1:], *mixed.ema.averages, *mixed.trainable_variables]
    assert {variable.dtype for variable in averaged} == {tf.float32}
    with mixed.evaluation_weights(), plain.evaluation_weights():
        weights = [model.get_weights() for model in models]
    assert all(np.max(differences(a, b)) > 1e-5 for a, b in zip(*weights, strict=True) if a.ndim)
    bits = []
    for found in weights:
        plain.set_weights(found)
        bits.append(plain.evaluate(digits.test, verbose=0, return_dict=True)["bits_per_dim"])
    assert abs(bits[1] - bits[0]) < 0.01
    assert max(bits) < np.log2(17) - 0.5  # Both have learned something.


@pytest.fixture(scope="module")
def trained():
    """(the loss and the weights of a model after a block of steps, the block)."""
    model = tiny.vae(**BFLOAT16)
    model.compile(tiny.sgd(), jit_compile=False)
    steps = tiny.block(model, 2, 8)
    return tiny.train(model, steps)["loss"], model.get_weights(), steps


@pytest.mark.parametrize("mode", ["replicas", "xla"])
def test_replicas_and_xla_take_the_same_steps(mode, trained, two_replicas):
    """But for rounding: inside what it compiles, XLA rounds some numbers later."""
    loss, weights, steps = trained
    if mode == "replicas":
        with two_replicas.scope():
            model = tiny.vae(**BFLOAT16)
            model.compile(tiny.sgd())
        steps = tiny.halves(steps, two_replicas)
    else:
        model = tiny.vae(**BFLOAT16)
        model.compile(tiny.sgd(), jit_compile=True)
    assert tiny.train(model, steps)["loss"] == pytest.approx(loss, rel=ROUNDING)
    for a, b in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=4 * ROUNDING, atol=1e-3)


def test_activations_that_are_computed_again_are_the_same():
    options = {"network": "resnet", "filters": (4,), "blocks": 1} | BFLOAT16
    found = []
    for again in (False, True):
        model = tiny.randomize(tiny.vae(**options, gradient_checkpointing=again))
        assert again == any(isinstance(p, Recomputable) and p.recompute for p in layers_of(model))
        found.append(tiny.gradients(model, lambda m=model: tf.reduce_sum(terms(m).log_likelihood)))
    for a, b in zip(found[0][1], found[1][1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_export_is_that_of_the_same_weights_in_float32(tmp_path):
    """The writer compares it with that model, by what it allows of float32."""
    mixed = tiny.randomize(tiny.vae(**BFLOAT16))
    plain = tiny.randomize(tiny.vae())
    writer.write(mixed, tmp_path / "export", formats=["savedmodel"], batch_sizes=[1])
    decode = saved_model.load_signatures(tmp_path / "export" / "saved_model")["decode"]
    z = np.random.default_rng(0).normal(size=(4, mixed.latent_dim)).astype(np.float32)
    found, wanted = decode(z=z)["image"], plain.decode(z).mean()
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert np.max(differences(mixed.decode(z).mean(), wanted)) > 1e-4


def test_files_hold_the_weights_and_what_is_loaded_computes_in_float32(tmp_path):
    mixed = tiny.randomize(tiny.vae(network="transformer", **BFLOAT16))
    mixed.save(tmp_path / "model.keras")
    plain = tiny.vae(network="transformer")
    plain.set_weights(mixed.get_weights())
    with dtype_policy.policy("mixed_bfloat16"):
        loaded = keras_vae.load(tmp_path / "model.keras")
    for model in (loaded, mixed.in_float32()):
        np.testing.assert_array_equal(terms(model).log_likelihood, terms(plain).log_likelihood)
    assert plain.in_float32() is plain


def test_cpus_tell_whether_they_have_the_instructions():
    assert has_bfloat16("flags\t\t: fpu avx2 avx512f avx512_bf16\nflags\t\t: fpu\n")
    assert has_bfloat16("flags\t\t: fpu amx_bf16 amx_tile\n")
    assert has_bfloat16("Features\t: fp asimd bf16\n")
    assert has_bfloat16("flags\t\t: fpu avx512f avx512_vnni\n") is False
    assert has_bfloat16("model name\t: none\n") is None
