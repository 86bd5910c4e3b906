"""The random numbers of exported generators: numpy and TensorFlow, against published vectors."""

import numpy as np
import pytest
from scipy import stats

from export import random_numpy, random_tensorflow
from export.random_numpy import Stream
from keras_vae._compat import tf

# Random123's kat_vectors, threefry2x32 with 13 rounds: counter, key, result.
KNOWN_ANSWERS = [
    ((0x00000000, 0x00000000), (0x00000000, 0x00000000), (0x9D1C5EC6, 0x8BD50731)),
    ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0xFD36D048, 0x2D17272C)),
    ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xBA3E4725, 0xF27D669E)),
]
LIBRARIES = [random_numpy, random_tensorflow]


def seeds(n):
    return np.random.default_rng(0).integers(-(2**31), 2**31, (n, 2)).astype(np.int32)


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_known_answers(counter, key, answer):
    key, counter = ([np.array([word], np.uint32) for word in pair] for pair in (key, counter))
    assert [int(word[0]) for word in random_numpy.threefry2x32(key, counter)] == [*answer]

    key, counter = ([word.view(np.int32) for word in pair] for pair in (key, counter))
    words = [word.numpy().view(np.uint32) for word in random_tensorflow.threefry2x32(key, counter)]
    assert [int(word[0]) for word in words] == [*answer]


@pytest.mark.parametrize("n", [1, 2, 7])
@pytest.mark.parametrize("stream", Stream)
def test_tensorflow_counts_like_numpy(stream, n):
    seed = seeds(50)
    bits = random_tensorflow.bits(tf.constant(seed), stream, n).numpy().view(np.uint32)
    np.testing.assert_array_equal(bits, random_numpy.bits(seed, stream, n))
    uniform = random_tensorflow.uniform(tf.constant(seed), stream, n).numpy()
    np.testing.assert_array_equal(uniform, random_numpy.uniform(seed, stream, n))
    normal = random_tensorflow.normal(tf.constant(seed), stream, n).numpy()
    # The last digits of log and cos are each library's own.
    np.testing.assert_allclose(normal, random_numpy.normal(seed, stream, n), atol=1e-6, rtol=0)
    assert bits.shape == uniform.shape == normal.shape == (50, n)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("stream", Stream)
def test_distributions(library, stream):
    seed = tf.constant(seeds(1000)) if library is random_tensorflow else seeds(1000)
    uniform = np.asarray(library.uniform(seed, stream, 101))
    normal = np.asarray(library.normal(seed, stream, 101))
    assert uniform.min() > 0
    assert uniform.max() <= 1
    # Moments within 4 standard errors: of z^k that is sqrt((E z^2k - (E z^k)^2) / n).
    for power, mean, variance in [(1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)]:
        error = np.mean(normal.astype(np.float64) ** power) - mean
        assert abs(error) < 4 * np.sqrt(variance / normal.size)
    assert stats.kstest(normal.ravel(), "norm").pvalue > 1e-3
    assert stats.kstest(uniform.ravel(), "uniform").pvalue > 1e-3
    # Numbers of one image are independent of each other: correlations of their ranks.
    correlations = np.corrcoef(normal, rowvar=False)[np.triu_indices(101, k=1)]
    assert np.sqrt(1000) * np.abs(correlations).max() < 5


def test_streams_and_seeds_differ():
    seed = seeds(1000)
    latent, pixel = (
        random_numpy.normal(seed, Stream.LATENT, 4),
        random_numpy.normal(seed, Stream.PIXEL, 4),
    )
    assert abs(np.corrcoef(latent.ravel(), pixel.ravel())[0, 1]) < 4 / np.sqrt(latent.size)
    neighbours = np.stack([np.zeros(1000), np.arange(1000)], 1).astype(np.int32)
    z = random_numpy.normal(neighbours, Stream.LATENT, 4)
    assert abs(np.corrcoef(z[1:].ravel(), z[:-1].ravel())[0, 1]) < 4 / np.sqrt(z.size)


@pytest.mark.parametrize("library", LIBRARIES)
def test_an_image_depends_on_its_own_seed_alone(library):
    seed = seeds(6)
    changed = seed.copy()
    changed[2] += 1
    before, after, alone = (
        np.asarray(library.uniform(s, Stream.LATENT, 5)) for s in (seed, changed, seed[3:4])
    )
    np.testing.assert_array_equal((before != after).any(axis=1), np.arange(6) == 2)
    np.testing.assert_array_equal(alone, before[3:4])
