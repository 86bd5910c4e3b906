"""Nats of an example as bits of one of its values."""

import math
from collections.abc import Sequence
from typing import Any

from keras_vae.likelihoods.base import Likelihood


def bits_per_dim(
    nats: Any,
    likelihood: Likelihood | type[Likelihood],
    event_shape: Sequence[int],
    condition: Any = None,
    num_known: Any = None,
) -> Any:
    """Nats of x as bits of one value that `condition` doesn't give, where x is discrete.

    Args:
      nats: -log p(x), or a bound on it: a number or a tensor; None is unknown.
      likelihood: a likelihood or its class.
      event_shape: shape of x.
      condition: a `Condition`, or None.
      num_known: how many values of x are known, on average; None where all are.

    Returns:
      As `nats`; None where they are unknown, or of a density.
    """
    if nats is None or not likelihood.support.is_discrete:
        return None
    num_given = 0 if condition is None else condition.num_given
    num_values = math.prod(event_shape) if num_known is None else num_known
    return nats / math.log(2.0) / (num_values - num_given)
