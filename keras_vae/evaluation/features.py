"""Features of examples, in which samples are compared with real ones."""

import hashlib
import pathlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from keras_vae._compat import TensorLike, tf, tfk
from keras_vae.evaluation.label_counts import too_few
from keras_vae.evaluation.small_classifier import SmallClassifier
from keras_vae.ops.in_batches import in_batches
from keras_vae.storage import keras_file

_SMALLEST = 32  # pixels of height and width, below which Inception would see a blur only
_COMPONENTS = 64
_NUM_SCALED = 1000  # examples that set the scale of features
_MOST_FEATURES = 4096  # of a stored network: distances take time by the cube of their number
_AT_ONCE = 100  # examples whose features are computed at a time, for memory's sake


class Features(NamedTuple):
    """A space of features: call it.

    Attributes:
      name: what it is, for those who read the numbers.
      function: examples [N, H, W, C] -> [N, D].
    """

    name: str
    function: Callable[[np.ndarray], TensorLike]

    def __call__(self, images: TensorLike) -> np.ndarray:
        """Examples [N, H, W, C], floats, as points [N, D], float64."""
        return np.asarray(self.function(np.asarray(images, np.float32)), np.float64)


def features(images: np.ndarray, labels: np.ndarray | None = None, seed: int = 0) -> Features:
    """The best features at hand for examples like these.

    Inception's, if Keras has its weights on this machine (nothing is downloaded) and examples have
    values in [0, 1] and at least 32 pixels wide and high; else those of a small classifier that
    is trained here on the labels; without labels, or with too few of them, principal components.

    Args:
      images: training examples [N, H, W, C], floats.
      labels: whole numbers [N], or None.
      seed: of the classifier.
    """
    if inception_weights().exists() and _suits_inception(images):
        return inception(inception_weights())
    if labels is not None and too_few(labels, "training examples") is None:
        return classifier(images, labels, seed)
    return principal_components(images)


def inception_weights() -> pathlib.Path:
    """Where Keras keeps Inception's weights, once something has downloaded them."""
    name = "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
    return pathlib.Path.home() / ".keras" / "models" / name


def _suits_inception(images):
    height, width, channels = images.shape[1:]
    return channels in (1, 3) and _is_unit(images) and min(height, width) >= _SMALLEST


def _is_unit(images):
    return images.min() >= 0.0 and images.max() <= 1.0


def inception(weights: str | pathlib.Path) -> Features:
    """2048 features of Inception v3 (Szegedy et al. 2016), trained on ImageNet.

    Keras' weights: distances compare with each other, not with those of the weights of 2015 that
    most papers take.
    """
    shape = (299, 299, 3)
    network = tfk.applications.InceptionV3(
        include_top=False, weights=str(weights), pooling="avg", input_shape=shape
    )

    def function(images):
        return network(2.0 * _pixels(images, *shape) - 1.0, False)

    return Features(
        "Inception v3 of Keras, 2048 features", lambda x: in_batches(function, _AT_ONCE, x)
    )


def stored_network(path: str | pathlib.Path, images: np.ndarray) -> Features:
    """What a network of your own makes of images, such as that of a published Frechet distance.

    It is given pixels from 0 to 1, clipped to that: a network that takes others begins with a layer
    `Rescaling`. Images are resized (bilinearly) if its input has a size, and grey ones are repeated
    to 3 channels if it takes 3. An output of maps is averaged over its places.

    Args:
      path: a .keras file that tf_keras wrote. Nothing in it is executed.
      images: some [N, H, W, C], floats, that the network is tried on.

    Raises:
      ValueError, FileNotFoundError: it isn't such a file, it doesn't take such images, or its
        outputs aren't [N, D] or [N, ..., D] with at most 4096 finite numbers D.
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"features={path} isn't there: give a .keras file of a network.")
    network, digest = keras_file.read_network(path), hashlib.sha256(path.read_bytes()).hexdigest()
    shape = _input_shape(path, network, images)

    def function(images):
        return _pooled(path, network(_pixels(images, *shape[1:]), training=False))

    try:
        size = function(images[:_AT_ONCE]).shape[-1]
    except tf.errors.OpError as error:
        raise ValueError(
            f"features={path} doesn't work on images of shape {images.shape[1:]} ({error.message})."
        ) from error
    return Features(
        f"network {path.name} (SHA-256 {digest[:12]}), {size} features",
        lambda x: in_batches(function, _AT_ONCE, x),
    )


def _input_shape(path, network, images):
    """(None, height, width, channels) of the network's input, which must suit the images."""
    shape, channels = getattr(network, "input_shape", None), images.shape[-1]
    if not isinstance(shape, tuple) or len(shape) != 4:
        raise ValueError(f"features={path} must take images [N, H, W, C], but it takes {shape}.")
    if shape[-1] not in (None, channels) and (shape[-1], channels) != (3, 1):
        raise ValueError(
            f"features={path} takes images of {shape[-1]} channels, but these have {channels}."
        )
    if not _is_unit(images):
        raise ValueError(
            f"features={path} is for pixels from 0 to 1, but this data has values from "
            f"{images.min():g} to {images.max():g}. Leave features out."
        )
    return shape


def _pooled(path, outputs):
    """Outputs [N, ..., D] of a network as features [N, D]."""
    if not tf.is_tensor(outputs) or len(outputs.shape) < 2 or outputs.shape[-1] > _MOST_FEATURES:
        given = ", ".join(str(tuple(part.shape)) for part in tf.nest.flatten(outputs))
        raise ValueError(
            f"features={path} must have one output [N, D] or [N, ..., D] with D at most "
            f"{_MOST_FEATURES}, but gives {given}. Save a network that ends where its features are."
        )
    pooled = tf.reduce_mean(tf.cast(outputs, tf.float32), [*range(1, len(outputs.shape) - 1)])
    if not np.all(np.isfinite(pooled)):
        raise ValueError(
            f"features={path} gives numbers that aren't finite for pixels from 0 to 1. If it was "
            "made for other pixels, let it begin with a layer Rescaling."
        )
    return pooled


def _pixels(images, height, width, channels):
    """Images [N, H, W, C] clipped to [0, 1]; of these sizes, where they aren't None."""
    x = tf.clip_by_value(tf.cast(images, tf.float32), 0.0, 1.0)
    size = (height or x.shape[1], width or x.shape[2])
    if size != tuple(x.shape[1:3]):
        x = tf.image.resize(x, size)
    return tf.broadcast_to(x, [*x.shape[:-1], channels or x.shape[-1]])


def classifier(images: np.ndarray, labels: np.ndarray, seed: int = 0, steps: int = 200) -> Features:
    """The last layer but one of a `SmallClassifier` that learned to tell the labels.

    Args:
      images: [N, H, W, C].
      labels: whole numbers [N].
      seed: of its weights and batches.
      steps: of training.
    """
    classes, labels = np.unique(labels, return_inverse=True)
    learned = SmallClassifier(images.shape[1:], len(classes), seed)
    learned.learn(images, labels, seed, steps)
    name = f"classifier of the {len(classes)} labels, {learned.num_features} features"
    return _standardized(name, learned.features, images)


def principal_components(images: np.ndarray) -> Features:
    """At most 64 principal components of the examples [N, H, W, C]."""
    from sklearn.decomposition import PCA

    flat = np.reshape(images, [len(images), -1])
    pca = PCA(min(_COMPONENTS, *flat.shape), random_state=0).fit(flat)
    name = f"pixels, {pca.n_components_} principal components"
    return _standardized(name, lambda x: pca.transform(np.reshape(x, [len(x), -1])), images)


def _standardized(name, function, images):
    """These features, moved and scaled as a whole so that their variance is 1 on average.

    The kernel distance isn't free of scale: of small features it would see the mean alone, and of
    large ones hardly more than a few outliers.
    """
    points = Features(name, function)(images[:_NUM_SCALED])
    loc = points.mean(axis=0)
    scale = np.sqrt(np.mean((points - loc) ** 2)) or 1.0
    return Features(name, lambda x: (np.asarray(function(x)) - loc) / scale)
