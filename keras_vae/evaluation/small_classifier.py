"""A small convolutional network that learns in seconds to tell images of some classes apart."""

from collections.abc import Sequence

import numpy as np

from keras_vae._compat import tf, tfk, tfkl
from keras_vae.ops.in_batches import in_batches
from keras_vae.ops.untuned import untuned

_BATCH_SIZE = 64
_AT_ONCE = 100  # examples computed at a time, for memory's sake


class SmallClassifier:
    """Convolutions and a layer of features.

    Args:
      shape: of an image, (H, W, C).
      num_classes: K.
      seed: of its weights.
      has_places: whether features know where in an image something is. Without places, what the
        convolutions find is averaged over the image: a hundred images are then enough to learn what
        a texture looks like, wherever it is.

    Attributes:
      num_features: of the last layer but one.
    """

    num_features = 64

    def __init__(self, shape: Sequence[int], num_classes: int, seed: int, has_places: bool = True):
        def weights(i):
            return {"kernel_initializer": tfk.initializers.GlorotUniform(seed + i)}

        convolution = {"strides": 2, "padding": "same", "activation": "relu"}
        if has_places:
            ends = [tfkl.Flatten()]
        else:
            ends = [
                tfkl.Conv2D(32, 3, **convolution, **weights(4)),
                tfkl.GlobalAveragePooling2D(),
            ]
        self._network = tfk.Sequential(
            [
                tfkl.InputLayer(shape),
                tfkl.Conv2D(16, 3, **convolution, **weights(0)),
                tfkl.Conv2D(32, 3, **convolution, **weights(1)),
                *ends,
                tfkl.Dense(self.num_features, "relu", **weights(2)),
            ]
        )
        logits = tfkl.Dense(num_classes, **weights(3))(self._network.output)
        self._classifier = tfk.Model(self._network.input, logits)
        self._classifier.compile(
            tfk.optimizers.Adam(2e-3), tfk.losses.SparseCategoricalCrossentropy(from_logits=True)
        )
        self._loc, self._scale = 0.0, 1.0

    def learn(self, images: np.ndarray, labels: np.ndarray, seed: int, steps: int) -> None:
        """Trains on images [N, H, W, C] with labels [N] from 0 to K - 1.

        Args:
          images, labels: what is learned.
          seed: of the order of images.
          steps: of training.
        """
        images = np.asarray(images, np.float32)
        self._loc, self._scale = images.mean(), images.std() + 1e-6
        rng = np.random.default_rng(seed)
        epochs = -(-steps * _BATCH_SIZE // len(images))
        order = np.concatenate([rng.permutation(len(images)) for _ in range(epochs)])
        x = tf.constant(self._standardized(images))
        batches = tf.data.Dataset.from_tensor_slices(order[: steps * _BATCH_SIZE])
        batches = batches.batch(_BATCH_SIZE).map(lambda i: (tf.gather(x, i), tf.gather(labels, i)))
        self._classifier.fit(untuned(batches), verbose=0)

    def features(self, images: np.ndarray) -> np.ndarray:
        """The last layer but one of images [N, H, W, C]: [N, num_features]."""
        return in_batches(lambda x: self._network(self._standardized(x)), _AT_ONCE, images)

    def classes(self, images: np.ndarray) -> np.ndarray:
        """The likeliest class of each image [N, H, W, C]: [N]."""
        logits = in_batches(lambda x: self._classifier(self._standardized(x)), _AT_ONCE, images)
        return np.argmax(logits, axis=1)

    def _standardized(self, images):
        return (images - self._loc) / self._scale
