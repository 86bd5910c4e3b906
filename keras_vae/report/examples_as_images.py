"""A model's examples as images of a report, and how many of them stand side by side."""

import numpy as np

from keras_vae._compat import TensorLike
from keras_vae.batches import Batch
from keras_vae.vae import VAE

_UNKNOWN = 0.35, 0.55, 0.9  # red, green and blue of a pixel that is unknown
WIDEST = 1280  # Pixels of the data; a picture of larger images holds fewer of them.


def num_side_by_side(vae: VAE, most: int) -> int:
    """How many of the model's examples go side by side: at least 3, and at most `most`."""
    width = as_images(vae, np.zeros([1, *vae.event_shape])).shape[-2]
    return max(3, min(most, WIDEST // width))


def as_images(vae: VAE, x: TensorLike) -> np.ndarray:
    """Examples [..., *event_shape] as images [..., H, W, C]."""
    return np.asarray(vae.modality.as_images(np.asarray(x)))


def with_gaps(vae: VAE, x: TensorLike, mask: np.ndarray | None) -> np.ndarray:
    """Examples [N, *event_shape] as images [N, H, W, C], blue where values are unknown.

    Where the mask is None, or the images aren't the values themselves, they are as without it.
    """
    images = as_images(vae, x)
    if mask is None or images.shape != np.shape(mask):
        return images
    images = in_colour(as_images(vae, vae.as_floats(x)))
    return np.where(mask.all(axis=-1, keepdims=True), images, _UNKNOWN).astype(np.float32)


def in_colour(images: np.ndarray) -> np.ndarray:
    """Images [..., H, W, C] with the three channels of colour."""
    return np.repeat(images, 3, axis=-1) if images.shape[-1] == 1 else images[..., :3]


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
