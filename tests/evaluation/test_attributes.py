"""Directions of attributes: Gaussian clusters whose shift, scales and best reading are known."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from keras_vae.evaluation import attributes

N = 4000
SHIFT = np.array([1.0, 0.0, -2.0])
SCALES = np.array([0.5, 1.0, 4.0])


@pytest.fixture(scope="module")
def clusters():
    """(codes that have the attribute, codes that lack it), [N, 3] each."""
    rng = np.random.default_rng(0)
    return tuple(by * SHIFT + SCALES * rng.normal(size=(N, 3)) for by in (1, 0))


def test_the_step_is_the_shift_and_the_reading_the_best_linear_one(clusters):
    found = attributes.direction(*clusters)
    np.testing.assert_allclose(found.step, SHIFT, atol=5 * SCALES.max() * np.sqrt(2 / N))
    # Linear discriminant analysis estimates covariances too, which are 0 here but for errors.
    reference = LinearDiscriminantAnalysis().fit(np.concatenate(clusters), [1] * N + [0] * N)
    along = [np.asarray(w) / np.linalg.norm(w) for w in (found.reader, reference.coef_[0])]
    np.testing.assert_allclose(*along, atol=5 / np.sqrt(N))
    # Means read 0 and 1, and normals of variance 1/d^2 lie around them: 1/2 is d/2 scales away.
    d = np.linalg.norm(SHIFT / SCALES)
    for z, mean in zip(clusters, (1.0, 0.0), strict=True):
        read = found.read(z)
        assert read.mean() == pytest.approx(mean, abs=1e-9)
        assert read.std() == pytest.approx(1 / d, rel=5 / np.sqrt(2 * N))


def test_moved_by_1_the_codes_that_lack_it_read_as_those_that_have_it(clusters):
    has, lacks = clusters
    found = attributes.direction(has, lacks)
    moved = found.moved(lacks, 1.0)
    np.testing.assert_allclose(moved.mean(axis=0), has.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(found.read(moved), found.read(lacks) + 1)


def test_a_latent_that_never_varies_is_not_read(clusters):
    has, lacks = (np.pad(z, [(0, 0), (0, 1)]) for z in clusters)
    has[:, 3] = 1e-7
    found, without = attributes.direction(has, lacks), attributes.direction(*clusters)
    np.testing.assert_allclose(found.read(lacks), without.read(clusters[1]), atol=1e-6)


@pytest.mark.parametrize(("seen", "wanted"), [(1.0, 1.0), (0.7, 1.5), (0.1, 3.0)])
def test_the_strength_makes_up_for_what_decoding_loses(clusters, seen, wanted):
    """Of a way that is `seen` of what it was, 1 / `seen` is needed; 3 is the most."""
    found = attributes.direction(*clusters)

    def seen_again(z):
        return found.moved(z, (seen - 1) * found.read(z)[:, np.newaxis])

    # A mean of rounding errors may be just below 1.
    strength = attributes.strength(found, clusters[1], lambda z: seen_again(z) * (1 + 1e-9))
    assert strength == wanted


def test_codes_without_a_difference_are_refused():
    with pytest.raises(ValueError, match="latents say nothing of the attribute"):
        attributes.direction(np.ones([3, 2]), np.ones([4, 2]))
