"""The classifier two-sample test: how often a network tells samples from real images."""

import numpy as np

from keras_vae.evaluation.small_classifier import SmallClassifier
from keras_vae.evaluation.standard_errors import share_stderr


def told_apart(
    made: np.ndarray, real: np.ndarray, seed: int = 0, steps: int = 300
) -> tuple[float, float]:
    """How often a small network tells made images from real ones that it didn't learn from.

    It learns on half of both, drawn at random, and is tested on the other half.

    Args:
      made, real: images [N, H, W, C] and [M, H, W, C], floats, N and M at least 2; of the larger
        set as many are taken as the smaller one has.
      seed: of the halves and the network.
      steps: of the network's training.

    Returns:
      (accuracy, its standard error): 0.5 if the network can't tell them apart, 1 if it always can.

    References:
      Lopez-Paz & Oquab 2017, Revisiting classifier two-sample tests, section 3.
    """
    rng = np.random.default_rng(seed)
    size = min(len(made), len(real))
    sets = [images[rng.permutation(len(images))[:size]] for images in (made, real)]
    learned, tested = (
        np.concatenate([images[part] for images in sets])
        for part in (slice(size // 2), slice(size // 2, None))
    )
    network = SmallClassifier(made.shape[1:], 2, seed, has_places=False)
    network.learn(learned, np.repeat([0, 1], size // 2), seed, steps)
    is_right = network.classes(tested) == np.repeat([0, 1], size - size // 2)
    accuracy = float(np.mean(is_right))
    return accuracy, share_stderr(accuracy, len(is_right))
