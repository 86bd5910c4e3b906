"""Whether samples are copies of training images."""

from typing import NamedTuple

import numpy as np

_COPY = 1 / 3  # of the distance to the next training image, within which an image is a copy


class Nearest(NamedTuple):
    """The two training images nearest to each image.

    Attributes:
      rows: their rows, [N, 2], the nearest first.
      distances: Euclidean, of pixels, [N, 2].
    """

    rows: np.ndarray
    distances: np.ndarray

    @property
    def ratio(self) -> np.ndarray:
        """The distance to the nearest by that to the next, [N]; 0 where both are at no distance.

        An image that is nobody's copy, be it blurred, is about as far from several.
        """
        first, second = self.distances.T
        return np.divide(first, second, out=np.zeros_like(first), where=second > 0)


def nearest(images: np.ndarray, train: np.ndarray) -> Nearest:
    """The nearest of the training images.

    Args:
      images: [N, H, W, C], floats.
      train: [M, H, W, C], at least two; gone through in chunks.
    """
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(_flat(train))
    distances, rows = search.kneighbors(_flat(images))
    return Nearest(rows, distances)


def memorization(made: Nearest, test: Nearest) -> dict[str, float]:
    """What the neighbours of samples say, beside those of test images.

    Args:
      made: of N samples.
      test: of M test images.

    Returns:
      dict: `copied_fraction`, the share of samples less than a third as far from the nearest
      training image as from the next, and `copied_fraction_test`, the same of test images, which
      shows what doubles in the data do; `nearer_than_test`, how often a
      sample is nearer to its training image than a test image to its own (ties count half): above
      0.5 if the model copies, or if samples are blurred, and below if they are unlike the data.

    References:
      Yoon et al. 2023, Diffusion probabilistic models generalize when they fail to memorize (for
      `copied_fraction`);
      Meehan et al. 2020, A non-parametric test to detect data-copying, section 3 (of whose test
      `nearer_than_test` is the statistic, for the whole space as one cell).
    """
    a, b = made.distances[:, :1], test.distances[:, 0]
    return {
        "copied_fraction": float(np.mean(made.ratio < _COPY)),
        "copied_fraction_test": float(np.mean(test.ratio < _COPY)),
        "nearer_than_test": float(np.mean((a < b) + 0.5 * (a == b))),
    }


def _flat(images):
    return np.reshape(images, [len(images), -1])
