"""Distributions of which some values are known."""

from keras_vae._compat import TensorLike, tfd
from keras_vae.distributions.joint import Values


def of_known(p: tfd.Distribution, mask: TensorLike | None) -> tfd.Distribution:
    """The distribution of the known values of x alone, the others integrated out.

    Args:
      p: p(x|z) of values that are independent given z, batch [..., B], event [H, W, C].
      mask: bool [B, H, W, C], which values are known; None for p itself.

    Returns:
      A distribution of x; the log-density of an unknown value is 0, whatever x has there.

    Raises:
      ValueError: the values of x aren't independent given z.
    """
    if mask is None:
        return p
    p = getattr(p, "tensor_distribution", p)  # Layers of tfp wrap their distribution.
    if isinstance(p, Values):
        return p.known(mask)
    if isinstance(p, tfd.Independent):
        return Values(p.distribution, len(p.event_shape)).known(mask)
    raise ValueError(
        f"mask: x as {type(p).__name__} isn't of independent values, of which some could be left "
        "out. Use another decoder or likelihood."
    )
