"""Bounds on what networks give for distributions of maps."""

from keras_vae._compat import TensorLike, tf

_MOST = 20.0


def bounded(params: TensorLike) -> tf.Tensor:
    """Parameters kept within -20 and 20, smoothly: those of up to 3 change by 1% at most.

    In a ladder of many layers without normalisation, an example unlike the data can drive z away
    from p a little in one layer and farther in each layer below, up to a rate beyond float32. One
    such example would spoil the mean over all. (Vahdat & Kautz 2020, NVAE, bound parameters by 5.)
    """
    share = params / _MOST
    return params * tf.math.rsqrt(1.0 + share * share)  # TFLite has no tf.square in 16 bits.
