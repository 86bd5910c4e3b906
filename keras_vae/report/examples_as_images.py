"""A model's examples as images of a report, and how many of them stand side by side."""

import numpy as np

from keras_vae._compat import TensorLike
from keras_vae.batches import Batch
from keras_vae.vae import VAE

_HATCHED = 0.4, 0.6  # greys that alternate where values are unknown
WIDEST = 1280  # Pixels of the data; a picture of larger images holds fewer of them.


def num_side_by_side(vae: VAE, most: int) -> int:
    """How many of the model's examples go side by side: at least 3, and at most `most`."""
    width = as_images(vae, np.zeros([1, *vae.event_shape])).shape[-2]
    return max(3, min(most, WIDEST // width))


def as_images(vae: VAE, x: TensorLike) -> np.ndarray:
    """Examples [..., *event_shape] as images [..., H, W, C]."""
    return np.asarray(vae.modality.as_images(np.asarray(x)))


def with_gaps(vae: VAE, x: TensorLike, mask: np.ndarray | None) -> np.ndarray:
    """Examples [N, *event_shape] for a picture, with a pattern where values are unknown.

    Where the mask is None they stay as they are.
    """
    if mask is None:
        return np.asarray(x)
    places = np.indices(vae.event_shape)[: max(1, len(vae.event_shape) - 1)].sum(axis=0)
    hatched = np.where(places % 2, *_HATCHED).astype(np.float32)
    return np.where(mask, vae.as_floats(x), hatched)


def in_one_row(images: np.ndarray) -> np.ndarray:
    """Images [rows, columns, H, W, C] one after another, [N, H, W, C]."""
    return images.reshape(-1, *images.shape[2:])


def decode_rows(vae: VAE, codes: np.ndarray, batch: Batch) -> np.ndarray:
    """Images [rows, columns, H, W, C] of the means of p(x|z) at codes [rows, columns, D].

    All are given the first example's condition, and decoded row by row, for memory's sake.
    """
    condition = first_condition(vae, batch, codes.shape[1])
    return np.stack([as_images(vae, vae.decode(row, condition).mean()) for row in codes])


def first_condition(vae: VAE, batch: Batch, n: int) -> np.ndarray | None:
    """n times the first example's condition; None for a model that has none."""
    if vae.condition is None:
        return None
    rows = batch.rows(0, 1)
    x, condition = rows.x, rows.condition
    return np.repeat(x if condition is None else condition, n, axis=0)
