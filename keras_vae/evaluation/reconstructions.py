"""How near reconstructions come to what was given."""

import numpy as np

from keras_vae._compat import tf
from keras_vae.evaluation.standard_errors import stderr
from keras_vae.ops.in_batches import in_batches

_WINDOW = 11  # pixels of a side, as in the paper
# dB of an error no larger than that of rounding to bytes, a uniform one of variance 1 / 12: more is
# not seen, and an image that comes back exactly would have infinitely many.
_MOST_PSNR = 10.0 * np.log10(12.0 * 255.0**2)
_AT_ONCE = 100  # images compared at a time, for memory's sake


def reconstruction_quality(
    images: np.ndarray, reconstructed: np.ndarray
) -> dict[str, float | None]:
    """Peak signal-to-noise ratio and structural similarity, means over images.

    Args:
      images: [N, H, W, C], from 0 to 1.
      reconstructed: [N, H, W, C], clipped to that.

    Returns:
      dict: `psnr_db`, in dB, of an image -10 log10 of the mean squared error, at most 58.9, that of
      rounding to bytes; `ssim`, from -1 to 1, that of equal images, by windows of 11 by 11 pixels,
      or as large as the image's shorter side allows; with `_stderr` behind, the standard errors.

    References:
      Wang et al. 2004, Image quality assessment: from error visibility to structural similarity.
    """
    window = min(_WINDOW, *images.shape[1:3])

    def compare(a, b):
        a, b = (tf.clip_by_value(tf.cast(part, tf.float32), 0.0, 1.0) for part in (a, b))
        psnr = tf.minimum(tf.image.psnr(a, b, 1.0), _MOST_PSNR)
        return psnr.numpy(), tf.image.ssim(a, b, 1.0, filter_size=window).numpy()

    psnr, ssim = in_batches(compare, _AT_ONCE, images, reconstructed)
    return {
        "psnr_db": float(np.mean(psnr)),
        "psnr_db_stderr": stderr(psnr),
        "ssim": float(np.mean(ssim)),
        "ssim_stderr": stderr(ssim),
    }
