"""Features of examples, in which samples are compared with real ones."""

import pathlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from keras_vae._compat import TensorLike, tf, tfk
from keras_vae.evaluation.label_counts import too_few
from keras_vae.evaluation.small_classifier import SmallClassifier
from keras_vae.ops.in_batches import in_batches

_SMALLEST = 32  # pixels of height and width, below which Inception would see a blur only
_COMPONENTS = 64
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
    is_image = channels in (1, 3) and images.min() >= 0.0 and images.max() <= 1.0
    return is_image and min(height, width) >= _SMALLEST


def inception(weights: str | pathlib.Path) -> Features:
    """2048 features of Inception v3 (Szegedy et al. 2016), trained on ImageNet.

    Keras' weights: distances compare with each other, not with those of the weights of 2015 that
    most papers take.
    """
    network = tfk.applications.InceptionV3(
        include_top=False, weights=str(weights), pooling="avg", input_shape=(299, 299, 3)
    )

    def function(images):
        pixels = tf.image.resize(np.clip(images, 0.0, 1.0), (299, 299))
        return network(tf.broadcast_to(2.0 * pixels - 1.0, [len(images), 299, 299, 3]), False)

    return Features(
        "Inception v3 of Keras, 2048 features", lambda x: in_batches(function, _AT_ONCE, x)
    )


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
    return Features(name, learned.features)


def principal_components(images: np.ndarray) -> Features:
    """At most 64 principal components of the examples [N, H, W, C]."""
    from sklearn.decomposition import PCA

    flat = np.reshape(images, [len(images), -1])
    pca = PCA(min(_COMPONENTS, *flat.shape), random_state=0).fit(flat)
    name = f"pixels, {pca.n_components_} principal components"
    return Features(name, lambda x: pca.transform(np.reshape(x, [len(x), -1])))
