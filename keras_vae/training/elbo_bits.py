"""Bits per dimension, as a metric of training and validation."""

from typing import TYPE_CHECKING

from keras_vae._compat import tf, tfk
from keras_vae.likelihoods.bits import bits_per_dim

if TYPE_CHECKING:
    from keras_vae.training.trainable import Trainable


def has_bits_per_dim(model: "Trainable") -> bool:
    """Whether the model has a bound on the probability of values of more than two levels."""
    likelihood = model.example_spec.likelihood
    return model.has_bound and likelihood.support.is_discrete and likelihood.levels != 2


class BitsPerDim(tfk.metrics.Metric):
    """-ELBO in bits of one value of x that the condition doesn't give.

    It is computed from other metrics and has no variables, so it changes no checkpoint.

    Args:
      elbo_nats: the mean of the ELBO.
      model: the model whose ELBO this is.
      known_values: the mean of how many values of x are known. None: unknown ones, which a mask
        leaves out, count as values too.
    """

    def __init__(
        self,
        elbo_nats: tfk.metrics.Mean,
        model: "Trainable",
        known_values: tfk.metrics.Mean | None = None,
    ):
        super().__init__("bits_per_dim")
        likelihood, condition = model.example_spec.likelihood, model.condition
        # In a function, where Keras doesn't count the mean's variables as this metric's.
        self._result = lambda: bits_per_dim(
            -elbo_nats.result(),
            likelihood,
            likelihood.event_shape,
            condition,
            None if known_values is None else known_values.result(),
        )

    def update_state(self, *args, **kwargs) -> None:
        """Nothing: the other metric is updated."""

    def result(self) -> tf.Tensor:
        return self._result()
