"""Full variational Bayes over weights: dense layers whose weights are normal, not numbers."""

import contextlib
import math
import warnings
from collections.abc import Iterator
from typing import Any

from keras_vae._compat import TensorLike, tf, tfd, tfk, tfkl, tfpl
from keras_vae.ops.dtype_policy import Float32

# Weights start with this standard deviation, which makes a layer of nearly sure weights.
_FIRST_SCALE = 0.01


@tfk.saving.register_keras_serializable("keras_vae")
class BayesianDense(Float32, tfkl.Layer):
    """A dense layer whose weights and biases W have a posterior q(W) = N(loc, diag(scale^2)).

    The prior is p(W) = N(0, prior_scale^2). temperature * KL(q(W) || p(W)) / num_examples is among
    the losses once a step: the KL of weights is per data set. Weights are drawn by noise, of which
    `drawn_weights` gives each row its own (the local reparameterization); without it they are their
    mean.

    Args:
      units: size of the output.
      activation: Keras activation.
      prior_scale: standard deviation of every weight before any data.
      num_examples: N, of the training set.
      temperature: 1 for the posterior. Below 1 q is sharper, as if there were more examples: it
        predicts better where independent weights are too crude a q.
      kernel_initializer: Keras initializer of the weights' means, biases apart.

    References:
      Kingma & Welling 2014, appendix F; Kingma, Salimans & Welling 2015, Variational dropout and
      the local reparameterization trick, eq. 6. Wenzel et al. 2020, How good is the Bayes
      posterior in deep neural networks really?, section 2 (temperatures below 1).
    """

    def __init__(
        self,
        units: int,
        activation: str | None = None,
        prior_scale: float = 1.0,
        num_examples: int = 1,
        temperature: float = 1.0,
        kernel_initializer: str = "glorot_uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units, self.activation = units, activation
        self.prior_scale, self.num_examples = prior_scale, num_examples
        self.temperature = temperature
        self.kernel_initializer = kernel_initializer
        self.noise = None
        # The bias is the weight of one more input, which is always 1.
        self.dense = tfpl.DenseLocalReparameterization(
            units,
            activation=activation,
            kernel_posterior_fn=tfpl.default_mean_field_normal_fn(
                loc_initializer=self._kernel_above_bias,
                untransformed_scale_initializer=tfk.initializers.Constant(
                    math.log(math.expm1(_FIRST_SCALE))
                ),
            ),
            kernel_posterior_tensor_fn=self._draw,
            kernel_prior_fn=self._prior,
            kernel_divergence_fn=None,
            bias_posterior_fn=None,
            dtype=self.dtype,
        )
        self.add_loss(lambda: self.temperature * self.kl() / self.num_examples)

    def build(self, input_shape: tf.TensorShape) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # tfp uses a name that Keras has changed.
            self.dense.build((*input_shape[:-1], input_shape[-1] + 1))
        super().build(input_shape)

    def kl(self) -> tf.Tensor:
        """KL(q(W) || p(W)) in nats, a scalar."""
        return tfd.kl_divergence(self.dense.kernel_posterior, self.dense.kernel_prior)

    def call(self, x: TensorLike) -> tf.Tensor:
        return self.dense(tf.concat([x, tf.ones_like(x[..., :1])], axis=-1))

    def moments(self, x: TensorLike) -> tuple[tf.Tensor, tf.Tensor]:
        """(mean, standard deviation) over q(W) of the output [N, units] before its activation.

        Given x its values are independent normals, as their weights are.
        """
        x = tf.concat([x, tf.ones_like(x[..., :1])], axis=-1)
        q = self.dense.kernel_posterior
        variance = tf.matmul(tf.square(x), q.variance())
        return tf.matmul(x, q.mean()), tf.sqrt(variance)

    def _draw(self, q):
        return q.mean() if self.noise is None else q.mean() + q.stddev() * self.noise

    def _kernel_above_bias(self, shape, dtype=None, **unused):
        """Initial weights, and below them a row of zeros, the bias."""
        del unused
        kernel = tfk.initializers.get(self.kernel_initializer)([shape[0] - 1, shape[1]], dtype)
        return tf.concat([kernel, tf.zeros([1, shape[1]], dtype)], axis=0)

    def _prior(self, dtype, shape, *unused):
        del unused
        return tfd.Independent(tfd.Normal(tf.zeros(shape, dtype), self.prior_scale), len(shape))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "units": self.units,
            "activation": self.activation,
            "prior_scale": self.prior_scale,
            "num_examples": self.num_examples,
            "temperature": self.temperature,
            "kernel_initializer": self.kernel_initializer,
        }


def bayesian_layers(*parts) -> list[BayesianDense]:
    """The layers of models, or layers themselves, whose weights have a distribution."""
    models = [part for part in parts if isinstance(part, tf.Module)]
    layers = [layer for model in models for layer in (model, *model.submodules)]
    return [layer for layer in layers if isinstance(layer, BayesianDense)]


@contextlib.contextmanager
def drawn_weights(layers: list[BayesianDense], noise: TensorLike) -> Iterator[None]:
    """Inside, each layer draws its weights by its part of noise [N, sum of their units]."""
    parts = tf.split(noise, [layer.units for layer in layers], axis=-1)
    for layer, part in zip(layers, parts, strict=True):
        layer.noise = part
    try:
        yield
    finally:
        for layer in layers:
            layer.noise = None


def weight_kl(model: tf.Module) -> tf.Tensor | None:
    """The KL of all weights per training example, in nats; None where weights are numbers."""
    layers = bayesian_layers(model)
    return sum(layer.kl() / layer.num_examples for layer in layers) if layers else None
