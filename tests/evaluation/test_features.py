"""Spaces of features: which is chosen, and that each is what its name says."""

import numpy as np
import pytest

from keras_vae._compat import tf, tfk, tfkl
from keras_vae.evaluation import features
from keras_vae.evaluation.features import classifier, inception_weights

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, 200)


def shapes(labels, seed=0):
    """Images [N, 8, 8, 1] of a bar, whose place is the label, in noise."""
    images = np.random.default_rng(seed).uniform(size=(len(labels), 8, 8, 1)).astype(np.float32)
    images[np.arange(len(labels)), 2 * labels + 1] += 1.0
    return images


@pytest.fixture
def home(monkeypatch, tmp_path):
    """A home of the user without weights."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_without_labels_they_are_principal_components(home):
    images = RNG.normal(size=(30, 3, 3, 1)) * np.arange(1, 10).reshape(3, 3, 1)
    space = features(images)
    assert space.name == "pixels, 9 principal components"
    flat = images.reshape(30, 9) - images.reshape(30, 9).mean(axis=0)
    variances = np.linalg.svd(flat, compute_uv=False) ** 2 / 30
    # 1 on average, so that the kernel distance sees more than means.
    scale = np.sqrt(variances.mean())
    np.testing.assert_allclose(space(images).var(axis=0), variances / scale**2, rtol=1e-4)
    # A rotation of pixels: distances stay in proportion.
    a, b = space(images[:1]), space(images[1:2])
    np.testing.assert_allclose(
        np.linalg.norm(a - b) * scale, np.linalg.norm(images[0] - images[1]), rtol=1e-5
    )


def test_at_most_64_components(home):
    assert features(RNG.normal(size=(100, 9, 9, 1)))(np.zeros([2, 9, 9, 1])).shape == (2, 64)


@pytest.mark.parametrize("labels", [[0] * 27 + [1] * 3, range(30)])
def test_with_too_few_labels_they_are_principal_components(home, labels):
    images = RNG.normal(size=(30, 3, 3, 1))
    assert features(images, np.array(labels)).name == "pixels, 9 principal components"


def test_labels_make_a_classifier_whose_features_tell_them(home):
    space = features(shapes(LABELS), LABELS)
    assert space.name == "classifier of the 3 labels, 64 features"
    points, others = space(shapes(LABELS)), space(shapes(LABELS, seed=1))
    means = np.stack([points[k == LABELS].mean(axis=0) for k in range(3)])
    nearest = ((others[:, np.newaxis] - means) ** 2).sum(-1).argmin(axis=1)
    assert np.mean(nearest == LABELS) > 0.95


def test_the_same_seed_gives_the_same_classifier():
    images = shapes(LABELS)
    one, again, other = (classifier(images, LABELS, seed, 3)(images[:5]) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert not np.allclose(one, other)


def test_inception_is_taken_where_its_weights_are(home, monkeypatch):
    """A small network stands in for Inception."""
    asked = {}

    def network(**options):
        asked.update(options)
        return tfk.Sequential([tfkl.InputLayer((299, 299, 3)), tfkl.GlobalAveragePooling2D()])

    monkeypatch.setattr(tfk.applications, "InceptionV3", network)
    images = RNG.uniform(size=(10, 32, 32, 1)).astype(np.float32)
    assert features(images).name.startswith("pixels")
    inception_weights().parent.mkdir(parents=True)
    inception_weights().touch()
    space = features(images, LABELS[:10])
    assert space.name == "Inception v3 of Keras, 2048 features"
    # A path, not "imagenet": nothing can be downloaded.
    assert asked["weights"] == str(inception_weights())
    assert str(home) in asked["weights"]
    # Grey as three channels, on -1 to 1.
    resized = tf.image.resize(images, (299, 299))
    wanted = 2 * tf.reduce_mean(resized, axis=(1, 2)) - 1
    np.testing.assert_allclose(space(images), np.repeat(wanted, 3, axis=1), atol=1e-4)
    # Images without a known scale, and very small ones, are compared by pixels.
    assert features(3 * images).name.startswith("pixels")
    assert features(images[:, :28]).name.startswith("pixels")
