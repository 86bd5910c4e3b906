"""All measures of samples in a space of features."""

from typing import Any

import numpy as np

from keras_vae.evaluation.features import Features
from keras_vae.evaluation.samples.distances import frechet_distance, kernel_distance
from keras_vae.evaluation.samples.neighbourhoods import neighbourhoods
from keras_vae.evaluation.samples.told_apart import told_apart

_NEIGHBOURS = 5
_SUBSETS = 10


def sample_quality(
    made: np.ndarray, real: np.ndarray, more_real: np.ndarray, features: Features, seed: int = 0
) -> dict[str, Any]:
    """How samples compare with real images.

    Args:
      made: samples [N, H, W, C], floats.
      real: test images, as many.
      more_real: training images, as many: what a perfect model would make.
      features: `Features` of all three.
      seed: of the network that tells samples from real images.

    Returns:
      dict: `feature_space`; those of `neighbourhoods`; `frechet_distance`, and
      `frechet_distance_train`, the same of the training images, which is about as low as it gets
      with so few; `kernel_distance` and `kernel_distance_stderr`; `told_apart_accuracy` and
      `told_apart_accuracy_train`, how often a network tells samples and training images from test
      images, with `_stderr` behind; `num_compared`, N. Measures that need more images than there
      are are left out.
    """
    of_made, of_real, of_more = features(made), features(real), features(more_real)
    found = {"feature_space": features.name, "num_compared": len(made)}
    fewest = min(len(made), len(real), len(more_real))
    if fewest > _NEIGHBOURS:
        found |= neighbourhoods(of_made, of_real, _NEIGHBOURS)
        found["frechet_distance"] = frechet_distance(of_made, of_real)
        found["frechet_distance_train"] = frechet_distance(of_more, of_real)
    if fewest >= 2 * _SUBSETS:
        distance, stderr = kernel_distance(of_made, of_real, _SUBSETS)
        found |= {"kernel_distance": distance, "kernel_distance_stderr": stderr}
        for suffix, images in (("", made), ("_train", more_real)):
            accuracy, stderr = told_apart(images, real, seed)
            key = f"told_apart_accuracy{suffix}"
            found |= {key: accuracy, f"{key}_stderr": stderr}
    return found
