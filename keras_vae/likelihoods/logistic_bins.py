"""The probability that a logistic gives to a bin."""

from typing import NamedTuple

from keras_vae._compat import TensorLike, tf


class LogFactors(NamedTuple):
    """With F the logistic function and edges a < b, F(b) - F(a) = F(b) F(-a) (1 - exp(a - b)).

    The logs of these factors are exact however narrow, wide or far off the bin is. A difference of
    distribution functions would be rounded away, and so would the gradients that lead back from
    there.

    Attributes:
      below: log F(b), of all that lies below the bin's upper edge.
      above: log F(-a), of all that lies above its lower edge.
      within: log(1 - exp(a - b)).
    """

    below: tf.Tensor
    above: tf.Tensor
    within: tf.Tensor


def log_factors(
    low: TensorLike, high: TensorLike, width: TensorLike, loc: TensorLike, scale: TensorLike
) -> LogFactors:
    """The factors of the bin from `low` to `high`, of this width, by a logistic.

    The width is given apart: where edges are large, their difference is rounded.
    """
    return LogFactors(
        tf.math.log_sigmoid((high - loc) / scale),
        tf.math.log_sigmoid((loc - low) / scale),
        tf.math.log(-tf.math.expm1(-width / scale)),
    )
