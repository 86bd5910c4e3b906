"""The 8 x 8 digits that come with scikit-learn: real data with no download."""

import numpy as np

from keras_vae.data.split import InMemory


def read() -> dict[str, InMemory]:
    """dict with one split, "train": 1,797 images, float32 k / 16 for k = 0..16, 17 levels."""
    from sklearn import datasets

    found = datasets.load_digits()
    array = (found.images[..., np.newaxis] / 16.0).astype(np.float32)
    return {"train": InMemory(array, found.target.astype(np.int64), levels=17)}
