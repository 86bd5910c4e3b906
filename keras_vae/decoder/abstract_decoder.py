"""What every decoder is."""

import abc

from keras_vae._compat import TensorLike, check_layer, tf, tfd, tfk, tfkl
from keras_vae.likelihoods import Likelihood
from keras_vae.ops.dtype_policy import Float32


class AbstractDecoder(Float32, tfk.Model, abc.ABC):
    """z -> p(x|z). A decoder of your own has a `likelihood` and a `call`.

    Attributes:
      likelihood: a `likelihoods.Likelihood`, which says the shape and the support of x. The
        decoder may make p(x|z) without it.
      likelihood_class: the class of likelihoods that the decoder takes.
      takes_maps: whether z may be a map.
      in_turn: whether each value of x is drawn given those before it.
      noise_size: normal numbers that one draw of the weights needs; 0 where weights are numbers.
    """

    likelihood: Likelihood
    likelihood_class: type = Likelihood
    takes_maps: bool = False
    in_turn: bool = False
    noise_size: int = 0

    @property
    def event_shape(self) -> tuple:
        """The shape of x."""
        return tuple(self.likelihood.event_shape)

    @abc.abstractmethod
    def call(self, z: TensorLike, context: TensorLike | None = None) -> tfd.Distribution:
        """p(x|z, context), batch [...], event [H, W, C], from z.

        Args:
          z: [..., *latent_shape].
          context: [B, ...] or None, B the last batch axis of z.

        Returns:
          A `distributions.Observation`, such as the likelihood gives. It has `from_uniform`, or,
          where the decoder draws `in_turn`, `from_noise` and `noise_shape`.
        """

    def take_parts(self, network: tfkl.Layer, likelihood: Likelihood) -> None:
        """Keeps a body and a likelihood as attributes.

        Raises:
          TypeError: one of them is of another class.
        """
        check_layer("network", network)
        if not isinstance(likelihood, self.likelihood_class):
            raise TypeError(
                f"likelihood must be a keras_vae.likelihoods.{self.likelihood_class.__name__}, got "
                f"{type(likelihood).__name__}. Make it a subclass, whose per_value gives the "
                "distribution of every value."
            )
        self.network, self.likelihood = network, likelihood

    def decay_weights(self, weight_decay: float | None) -> None:
        """Adds weight_decay / 2 times the sum of all squared weights to the losses, unless None.

        The likelihood's own weights (its scale) are left out. With a weight_decay of
        1 / (scale^2 num_examples) this is -log p(weights) per example of a normal prior: MAP.
        """
        self.weight_decay = weight_decay
        if weight_decay is not None:
            self.add_loss(self._penalty)

    def _penalty(self):
        apart = {id(w) for w in self.likelihood.trainable_variables}
        weights = [w for w in self.trainable_variables if id(w) not in apart]
        return self.weight_decay * tf.add_n([tf.nn.l2_loss(w) for w in weights])

    def get_build_config(self) -> None:
        """None: Keras would rebuild the decoder by a call without the context."""
