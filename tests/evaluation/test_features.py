"""Spaces of features: which is chosen, and that each is what its name says."""

import hashlib
import zipfile

import numpy as np
import pytest

import keras_vae
from keras_vae._compat import tf, tfk, tfkl
from keras_vae.evaluation import features, stored_network
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


# A network of one's own ---------------------------------------------------------------------------

UNIT = RNG.uniform(size=(5, 8, 6, 1)).astype(np.float32)
LARGE = tfk.initializers.Constant(99.0)


def saved(path, *layers, shape=(None, None, 1)):
    """A .keras file of these layers."""
    tfk.Sequential([tfkl.InputLayer(shape), *layers]).save(path / "net.keras")
    return path / "net.keras"


def test_a_stored_network_is_given_pixels_from_0_to_1_at_their_own_size(tmp_path):
    path = saved(tmp_path, tfkl.Rescaling(2.0, -1.0))
    space = stored_network(path, UNIT)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert space.name == f"network net.keras (SHA-256 {digest[:12]}), 1 features"
    # Its output of maps is averaged over places; samples beyond 0 and 1 are clipped to them.
    np.testing.assert_allclose(space(UNIT), 2 * UNIT.mean(axis=(1, 2)) - 1, atol=1e-6)
    np.testing.assert_allclose(space(3 * UNIT - 1), space(np.clip(3 * UNIT - 1, 0, 1)), atol=1e-6)


def test_images_are_resized_and_greys_repeated_where_its_input_says_so(tmp_path):
    space = stored_network(saved(tmp_path, tfkl.Flatten(), shape=(4, 3, 3)), UNIT)
    resized = tf.image.resize(UNIT, (4, 3)).numpy()
    wanted = np.repeat(resized, 3, axis=-1).reshape(len(UNIT), -1)
    np.testing.assert_allclose(space(UNIT), wanted, atol=1e-6)


def test_its_weights_are_those_of_the_file(tmp_path):
    dense = tfkl.Dense(4, "tanh")
    space = stored_network(saved(tmp_path, tfkl.Flatten(), dense, shape=(8, 6, 1)), UNIT)
    kernel, bias = dense.get_weights()
    wanted = np.tanh(UNIT.reshape(len(UNIT), -1) @ kernel + bias)
    np.testing.assert_allclose(space(UNIT), wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("layers", "shape", "images", "words"),
    [
        ([tfkl.Flatten()], (8, 6, 3), np.zeros([2, 8, 6, 2]), "images of 3 channels, .* have 2"),
        ([tfkl.Dense(2)], (48,), UNIT, "must take images"),
        ([tfkl.Flatten()], (8, 6, 1), 4 * UNIT, "pixels from 0 to 1, but this data has values"),
        ([tfkl.Flatten(), tfkl.Dense(5000)], (8, 6, 1), UNIT, "at most 4096, but gives .5, 5000."),
        ([tfkl.Conv2D(2, 9)], (None, None, 1), UNIT, "doesn't work on images of shape .8, 6, 1."),
        (
            [tfkl.Flatten(), tfkl.Dense(1, "exponential", kernel_initializer=LARGE)],
            (8, 6, 1),
            UNIT,
            "aren't finite for pixels from 0 to 1.*Rescaling",
        ),
    ],
)
def test_a_network_that_is_of_no_use_is_refused(tmp_path, layers, shape, images, words):
    path = saved(tmp_path, *layers, shape=shape)
    with pytest.raises(ValueError, match=words) as refused:
        stored_network(path, np.asarray(images, np.float32))
    assert str(refused.value).startswith(f"features={path}")


def test_a_network_of_several_outputs_is_refused(tmp_path):
    x = tfkl.Input((8, 6, 1))
    tfk.Model(x, [tfkl.Flatten()(x), x]).save(tmp_path / "net.keras")
    with pytest.raises(ValueError, match=r"one output .* gives \(5, 48\), \(5, 8, 6, 1\)"):
        stored_network(tmp_path / "net.keras", UNIT)


def test_files_that_are_no_network_of_tf_keras_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="isn't there"):
        stored_network(tmp_path / "net.keras", UNIT)
    path = saved(tmp_path, tfkl.Lambda(lambda x: 2 * x))
    with pytest.raises(ValueError, match="refused: it holds a Lambda"):
        stored_network(path, UNIT)
    path = saved(tmp_path, tfkl.Flatten())
    of_keras_3 = tmp_path / "three.keras"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(of_keras_3, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'"2.', b'"3.'))
    with pytest.raises(ValueError, match=r"written by Keras 3\..*set_weights"):
        stored_network(of_keras_3, UNIT)
    with pytest.raises(ValueError, match=r"written by Keras 3\."):
        keras_vae.load(of_keras_3)
    with pytest.raises(ValueError, match="holds a Sequential, not a VAE"):
        keras_vae.load(path)
