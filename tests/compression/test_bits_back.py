"""Bits-back coding: what is decoded is what was encoded, in as many bits as -ELBO says."""

import math
import sys
import zlib

import numpy as np
import pytest

from keras_vae import data
from keras_vae._compat import tf
from keras_vae.compression import BitsBack, CorruptFile
from tests import tiny

N = 60
COLOUR = {"event_shape": (5, 4, 3), "likelihood": "logistic_mixture", "likelihood_components": 2}
MAPS = {"recipe": "deep", "stages": ("3x2", "1x1"), **COLOUR}


def made(**options):
    """A tiny model whose latents tell something of x."""
    return tiny.randomize(tiny.vae(**options), scale=0.5)


def drawn(model, n, seed=0):
    """n images drawn from the model, of its levels."""
    z = model.prior_sample(model.prior.draw_noise([0, seed], n))
    levels = model.decoder.likelihood.levels
    x = model.decode(z).sample(seed=[1, seed]).numpy()
    return np.float32(np.round(x * (levels - 1)) / (levels - 1))


@pytest.fixture(scope="module")
def model():
    return made()


@pytest.fixture(scope="module")
def codec(model):
    return BitsBack(model)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"likelihood": "discretized_logistic"},
        {"likelihood": "categorical"},
        {"likelihood": "logistic_mixture"},
        {"prior": "learned_normal"},
        {"network": "conv", "likelihood": "discretized_logistic"},
        {"weights": "map"},
        {"network": "conv", "latent_shape": (2, 2, 1), "prior": "learned_normal"},
        COLOUR,
        MAPS,
        {"recipe": "deep", "stages": ("4x1", "1x1"), "likelihood": "bernoulli"},
        {"structure": "ladder"},
    ],
    ids=lambda options: " ".join(map(str, options.values())) or "vae",
)
def test_decoding_gives_the_images_back(options):
    model = made(**options)
    x = drawn(model, N)
    codec = BitsBack(model)
    found = codec.decode(codec.encode(x))
    assert found.dtype == (
        bool if model.decoder.likelihood.support.name == "BINARY" else np.float32
    )
    np.testing.assert_array_equal(found, x)


def test_bytes_come_back_as_bytes():
    model = made(likelihood="discretized_logistic", levels=256)
    x = np.random.default_rng(0).integers(0, 256, (20, *tiny.EVENT_SHAPE), np.uint8)
    codec = BitsBack(model)
    found = codec.decode(codec.encode(x))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, x)


@pytest.mark.parametrize("likelihood", ["bernoulli", "discretized_logistic"])
def test_the_code_is_as_long_as_the_elbo_says(likelihood):
    """Within its sampling error: each image is coded with one draw of z."""
    images = data.load("digits").train.array
    x = images >= 0.5 if likelihood == "bernoulli" else images
    model = tiny.vae(
        likelihood=likelihood,
        prior="learned_normal",
        event_shape=(8, 8, 1),
        levels=17,
        hidden=(32,),
        learning_rate=1e-2,
    )
    model.fit(x, batch_size=100, epochs=20, verbose=0)
    codec = BitsBack(model)
    terms = model.terms(x, tiny.noise(model, 64, len(x)))
    expected = -np.sum(terms.elbo_nats, dtype=np.float64) / math.log(2.0)
    np.testing.assert_allclose(codec.expected_bits(x, 64), expected, rtol=1e-3)
    variance = np.sum(np.var(terms.log_weight, axis=0)) / math.log(2.0) ** 2
    # Beside chance: latents that the coder makes outliers, and a last word that isn't full.
    tolerance = 4.0 * math.sqrt(variance) + 2e-3 * expected + 32
    assert tolerance < 0.01 * expected
    assert abs(codec.code_bits(codec.encode(x)) - expected) < tolerance
    assert np.mean(terms.rate) > 2.0  # Nats that z tells of x: without bits back, 3 * 9 bits.


def test_the_code_of_layers_is_as_long_as_the_elbo_says():
    model = tiny.randomize(tiny.vae(**MAPS), scale=0.1)
    x = drawn(model, 300)
    terms = model.terms(x, tiny.noise(model, 64, len(x)))
    expected = -np.sum(terms.elbo_nats, dtype=np.float64) / math.log(2.0)
    variance = np.sum(np.var(terms.log_weight, axis=0)) / math.log(2.0) ** 2
    tolerance = 4.0 * math.sqrt(variance) + 2e-3 * expected + 32
    assert tolerance < 0.03 * expected
    codec = BitsBack(model)
    assert abs(codec.code_bits(codec.encode(x)) - expected) < tolerance
    assert np.mean(terms.rate) > 2.0


def test_batches_grow_with_what_is_on_the_stack(model, codec):
    """Else the first of each batch would need initial bits of their own."""
    done = [0]
    codec.encode(drawn(model, 1000), progress=done.append)
    sizes = np.diff(done)
    assert (done[1], done[-1]) == (1, 1000)
    assert len(sizes) < 100
    # z takes 9 bits a latent; the images before have left more bits than that.
    left = codec.expected_bits(drawn(model, 1000)) / 1000
    needed = 9 * model.latent_dim * sizes[1:-1]
    assert np.all(needed <= codec.initial_bits + left * np.array(done[1:-2]))


def test_initial_bits_are_those_of_one_image(model, codec):
    assert 9 * model.latent_dim <= codec.initial_bits <= 9 * model.latent_dim + 3 * 32
    content = codec.encode(drawn(model, N))
    assert 0 <= 8 * len(content) - codec.initial_bits - codec.code_bits(content) < 8 * 32


def test_models_that_expect_nothing_of_the_kind_still_lose_nothing():
    """Posteriors far outside of the prior, pixels of probability 0."""
    model = tiny.randomize(tiny.vae(), scale=30.0)
    x = tiny.images_for(model, N)
    assert np.abs(model.code(x)).max() > 20.0
    codec = BitsBack(model)
    np.testing.assert_array_equal(codec.decode(codec.encode(x)), x)


def test_one_image(model, codec):
    x = drawn(model, 1)
    np.testing.assert_array_equal(codec.decode(codec.encode(x)), x)


def test_damaged_files_are_refused(model, codec):
    content = codec.encode(drawn(model, N))
    for place in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        with pytest.raises(CorruptFile):
            codec.decode(bytes(damaged))
    for short in (b"", content[:10], content[:-1], content[: len(content) // 2], b"x" * 99):
        with pytest.raises(CorruptFile):
            codec.decode(short)


@pytest.mark.parametrize(
    ("place", "number"), [(12, 2**31), (12, 2**32 - 1), (16, 0)], ids=["many", "most", "growth"]
)
def test_a_file_that_lies_about_its_size_is_refused(model, codec, place, number):
    """Its checksum is right; there is no array of 2^32 images, nor a batch of nothing."""
    content = bytearray(codec.encode(drawn(model, N))[:-4])
    content[place : place + 4] = number.to_bytes(4, "little")
    content += zlib.crc32(content).to_bytes(4, "little")
    with pytest.raises(CorruptFile, match="bytes can't hold"):
        codec.decode(bytes(content))


@pytest.mark.parametrize("words", [b"", b"123", bytes(8)], ids=["none", "half", "zeros"])
def test_a_file_without_a_stack_is_refused(model, codec, words):
    content = codec.encode(drawn(model, N))[:20] + words
    with pytest.raises(CorruptFile, match="bytes can't hold"):
        codec.decode(content + zlib.crc32(content).to_bytes(4, "little"))


def test_the_file_of_another_model_is_refused(model, codec):
    other = BitsBack(tiny.randomize(tiny.vae(), scale=0.5, seed=1))
    with pytest.raises(CorruptFile, match="another model"):
        other.decode(codec.encode(drawn(model, N)))


def test_other_numbers_are_noticed():
    """As another machine might compute: the initial bits are a checksum of the images."""
    model = made()
    codec = BitsBack(model)
    content = codec.encode(drawn(model, N))
    bias = model.decoder.trainable_variables[-1]
    bias.assign_add(tf.fill(bias.shape, 1e-3))
    with pytest.raises(CorruptFile, match="other numbers"):
        codec.decode(content)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"posterior": "full_covariance"}, ["posterior=diagonal", "got posterior=full_covariance"]),
        ({"posterior": "iaf"}, ["posterior=diagonal", "got posterior=iaf"]),
        ({"posterior": "deterministic"}, ["posterior=diagonal", "got posterior=deterministic"]),
        ({"recipe": "monte_carlo"}, ["posterior=diagonal", "got posterior=prior"]),
        ({"prior": "mixture"}, ["prior=standard_normal", "got prior=mixture"]),
        ({"likelihood": "normal"}, ["likelihood=bernoulli", "got likelihood=normal"]),
        ({"likelihood": "poisson"}, ["discretized_logistic", "got likelihood=poisson"]),
        ({"recipe": "cvae"}, ["condition=none, got condition=label"]),
        ({"recipe": "hvae"}, ["structure=single or ladder, got structure=bottom_up"]),
        ({"recipe": "sequence"}, ["structure=single or ladder, got structure=sequence"]),
        ({"recipe": "bayes"}, ["weights=point", "Bayesian"]),
    ],
    ids=lambda value: " ".join(map(str, value)),
)
def test_other_models_are_refused(options, words):
    with pytest.raises(ValueError, match="compression needs") as error:
        BitsBack(tiny.vae(**options))
    for word in words:
        assert word in str(error.value)


def test_images_of_another_kind_are_refused(codec):
    with pytest.raises(ValueError, match=r"\[B, 7, 5, 1\], got \[3, 5, 7, 1\]"):
        codec.encode(np.zeros((3, 5, 7, 1), np.float32))
    with pytest.raises(ValueError, match="at least one image"):
        codec.encode(np.zeros((0, *tiny.EVENT_SHAPE), np.float32))
    with pytest.raises(ValueError, match="no mass"):
        codec.encode(np.full((3, *tiny.EVENT_SHAPE), 0.5, np.float32))


def test_a_missing_entropy_coder_is_said_so(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "constriction", None)
    with pytest.raises(ValueError, match="pip install constriction builds it where Rust is"):
        BitsBack(model)
