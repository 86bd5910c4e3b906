"""Generator: the verbs of a VAE as functions of tensors."""

import json

import numpy as np
import pytest
import scipy.stats

from export import parity, random_numpy
from export.generator import Generator, posterior_parameters
from export.random_numpy import Stream
from keras_vae._compat import tf
from keras_vae.config.recipes import RECIPES
from tests import tiny
from tests.export.oracle import sampled

ENCODING = ["log_prob", "encode", "encode_with_seed", "reconstruct"]
SAMPLING = ["decode", "sample", "sample_with_temperature"]


def generator(**options):
    # Where many layers follow each other, larger weights would amplify rounding to whole nats.
    scale = 0.1 if options.get("recipe") == "deep" else 0.3
    model = tiny.randomize(tiny.vae(**options), scale)
    return model, Generator(model)


def tensors(arrays):
    return {name: tf.constant(array) for name, array in arrays.items()}


def test_decode_is_the_likelihoods_mean():
    model, exported = generator()
    z = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    np.testing.assert_allclose(exported.decode(z)["image"], model.decode(z).mean(), atol=1e-6)


def test_sample_decodes_the_priors_z_of_the_seeds():
    model, exported = generator()
    seed = np.array([[1, 2], [3, 4], [-5, 6]], np.int32)
    outputs = exported.sample(tf.constant(seed))
    z = model.prior.from_noise(random_numpy.normal(seed, Stream.LATENT, 3))
    np.testing.assert_allclose(outputs["z"], z, atol=1e-6)
    np.testing.assert_allclose(outputs["image"], model.decode(z).mean(), atol=1e-5)
    uniform = random_numpy.uniform(seed, Stream.PIXEL, 35).reshape(outputs["image"].shape)
    np.testing.assert_array_equal(outputs["sample"], uniform < outputs["image"])


def test_log_prob_is_exact_where_the_posterior_is():
    """The linear model: every importance weight is p(x)."""
    rng = np.random.default_rng(0)
    weights, bias, scale = rng.normal(size=(12, 2)), rng.normal(size=12), 0.5
    weights = np.linalg.svd(weights, full_matrices=False)[0] * [2.0, 1.0]  # Orthogonal columns.
    precision = (weights**2).sum(axis=0) / scale**2 + 1.0
    matrix = weights / precision / scale**2
    encoder = (matrix, -bias @ matrix, precision**-0.5)
    model = tiny.linear_normal(weights, bias, scale, (4, 3, 1), encoder)
    p = scipy.stats.multivariate_normal(bias, weights @ weights.T + scale**2 * np.eye(12))
    flat = p.rvs(6, random_state=1)
    x = tf.constant(flat.reshape(6, 4, 3, 1), tf.float32)
    seed = tf.constant(np.arange(12).reshape(6, 2), tf.int32)
    for k in (1, 10, 13):
        found = Generator(model).log_prob(x, tf.constant(k), seed)
        np.testing.assert_allclose(found["log_prob"], p.logpdf(flat), rtol=1e-5)
        np.testing.assert_allclose(found["effective_sample_size"], k, rtol=1e-4)
    elbo = -Generator(model).log_prob(x, tf.constant(1000), seed)["distortion"] - found["rate"]
    # Deviation of log p(x|z) under q is at most a few nats.
    np.testing.assert_allclose(elbo, p.logpdf(flat), atol=0.3)


def test_temperature_scales_the_priors_z():
    model, exported = generator()
    seed = tf.constant([[1, 2], [3, 4]])
    cold, one = (exported.sample_with_temperature(seed, tf.constant(t)) for t in (0.5, 1.0))
    np.testing.assert_allclose(cold["z"], 0.5 * one["z"], rtol=1e-6)
    np.testing.assert_allclose(cold["image"], model.decode(cold["z"]).mean(), atol=1e-6)
    np.testing.assert_array_equal(one["image"], exported.sample(seed)["image"])


def test_layers_are_varied_by_the_same_noise_as_sampled():
    """Of no layer z stays; of all, z is the sample's; between, the upper part stays."""
    model, exported = generator(recipe="ladder")
    seed, temperature = tf.constant([[1, 2], [3, 4]]), tf.constant([0.5, 1.0, 0.7])
    z = exported.sample(tf.constant([[5, 6], [7, 8]]))["z"]
    wanted = exported.sample_with_temperature(seed, temperature)
    found = [exported.vary(z, seed, temperature, tf.constant(n)) for n in range(4)]
    np.testing.assert_array_equal(found[0]["z"], z)
    np.testing.assert_array_equal(found[3]["z"], wanted["z"])
    np.testing.assert_array_equal(found[1]["z"][:, 3:], z[:, 3:])
    assert np.abs(found[1]["z"] - z)[:, :3].min() > 0
    for outputs in found:
        np.testing.assert_allclose(outputs["image"], model.decode(outputs["z"]).mean(), atol=1e-6)


def test_the_code_of_a_seed_is_a_draw_of_the_posterior():
    _, exported = generator()
    x, seed = tiny.images(4), np.arange(8, dtype=np.int32).reshape(4, 2)
    outputs = exported.encode_with_seed(tf.constant(x), tf.constant(seed))
    wanted = outputs["loc"] + outputs["scale"] * random_numpy.normal(seed, Stream.POSTERIOR, 3)
    np.testing.assert_allclose(outputs["z"], wanted, atol=1e-6)
    np.testing.assert_array_equal(outputs["loc"], exported.encode(tf.constant(x))["loc"])


def test_reconstruct_is_the_models():
    model, exported = generator()
    x = tiny.images(4)
    found = exported.reconstruct(tf.constant(x))["image"]
    np.testing.assert_allclose(found, model.reconstruct(x), atol=1e-6)


@pytest.mark.parametrize(
    ("posterior", "names"),
    [
        ("diagonal", ["loc", "scale"]),
        ("full_covariance", ["loc", "scale_tril"]),
        ("low_rank", ["factor", "loc", "scale"]),
        ("deterministic", ["loc"]),
    ],
)
def test_encode_gives_the_posteriors_parameters(posterior, names):
    model, exported = generator(posterior=posterior)
    x = tiny.images(4)
    outputs, q = exported.encode(tf.constant(x)), model.encode(x)
    assert sorted(outputs) == names
    np.testing.assert_allclose(outputs["loc"], q.mean(), atol=1e-6)
    if "factor" in outputs:
        factor = outputs["factor"].numpy()
        covariance = tf.linalg.diag(outputs["scale"] ** 2) + factor @ factor.swapaxes(1, 2)
        np.testing.assert_allclose(covariance, q.covariance(), rtol=1e-5, atol=1e-5)
    elif "scale" in outputs:
        np.testing.assert_allclose(outputs["scale"], q.stddev(), atol=1e-6)
    if "scale_tril" in outputs:
        scale_tril = outputs["scale_tril"]
        covariance = tf.matmul(scale_tril, scale_tril, transpose_b=True)
        np.testing.assert_allclose(covariance, q.covariance(), atol=1e-5)


def test_encode_gives_the_code_of_a_posterior_without_moments():
    model, exported = generator(posterior="iaf")
    x = tiny.images(4)
    outputs = exported.encode(tf.constant(x))
    assert list(outputs) == ["code"]
    np.testing.assert_allclose(outputs["code"], model.code(x), atol=1e-6)


def test_signatures_of_any_and_of_one_batch_size():
    model, exported = generator()
    for size in (None, 2):
        signatures = exported.signatures(size)
        assert sorted(signatures) == sorted(ENCODING + SAMPLING)
        for name in ("decode", "reconstruct", *SAMPLING[1:]):
            shape = signatures[name].structured_outputs["image"].shape
            assert tuple(shape) == (size, *model.event_shape)


def test_a_signature_is_traced_once():
    """Files of several precisions have the same graphs."""
    _, exported = generator(recipe="ae")
    first, left, other = (exported.signatures(*size) for size in [(2,), (2, ("encode",)), (3,)])
    assert left.keys() == first.keys() - {"encode"}
    assert all(left[verb] is first[verb] for verb in left)
    assert not {id(f) for f in other.values()} & {id(f) for f in first.values()}


# One recipe of each model: what it was trained by is no part of a generator.
EXPORTED = [r for r in RECIPES if r != "table"]
MODELS = {json.dumps(tiny.config(recipe=r).to_dict()["model"]): r for r in EXPORTED}.values()


@pytest.mark.parametrize("recipe", MODELS)
def test_every_recipe_has_its_verbs(recipe):
    model, exported = generator(recipe=recipe)
    signatures = exported.signatures()
    verbs = {
        "ae": ["decode", "encode", "reconstruct"],
        "pca": ["decode", "encode", "reconstruct"],
        "monte_carlo": sorted([*SAMPLING, "log_prob"]),
    }.get(recipe, sorted(ENCODING + SAMPLING + ["vary"] * (model.num_layers > 1)))
    assert sorted(signatures) == verbs
    functions = {
        name: lambda f=function, **inputs: {
            key: value.numpy() for key, value in f(**tensors(inputs)).items()
        }
        for name, function in signatures.items()
    }
    assert sorted(parity.check_parity(model, "graph", functions)) == verbs
    if "sample" in verbs:
        seed = np.array([[1, 2], [-3, 4]], np.int32)
        condition = model.condition and model.condition.to_show(2, tiny.images(2))
        given = {} if condition is None else {"condition": np.array(condition)}
        found, wanted = functions["sample"](seed=seed, **given), sampled(model, seed, condition)
        for name in wanted:
            np.testing.assert_allclose(found[name], wanted[name], atol=1e-5, err_msg=name)


def test_posterior_parameters_of_a_new_model_are_near_the_prior():
    parameters = posterior_parameters(tiny.vae(), tf.zeros([1, *tiny.EVENT_SHAPE]))
    np.testing.assert_allclose(parameters["loc"], np.zeros([1, 3]), atol=1e-6)
    np.testing.assert_allclose(parameters["scale"], np.ones([1, 3]), atol=1e-4)


def test_models_that_see_masks_are_given_them_with_x():
    model = tiny.randomize(tiny.vae(sees_mask=True), 0.3)
    exported, x = Generator(model, random_numpy), tiny.images(3)
    mask = np.random.default_rng(0).uniform(size=x.shape) < 0.5
    mask[2] = False
    for verb in ENCODING:
        assert exported.verbs[verb][:2] == ["x", "mask"]
    wanted = model.encode(x, mask=mask).mean()
    np.testing.assert_allclose(exported.encode(x, mask=mask)["loc"], wanted, atol=1e-6)
    wanted = model.reconstruct(x, mask=mask)
    np.testing.assert_allclose(exported.reconstruct(x, mask=mask)["image"], wanted, atol=1e-6)
    seed = np.zeros([3, 2], np.int32)
    found = exported.log_prob(x, 10, seed, mask=mask)
    assert found["distortion"][2] == 0.0 < found["distortion"][0]
