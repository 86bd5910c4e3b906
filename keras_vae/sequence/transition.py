"""The network of p(z_t|z_{t-1})."""

from typing import Any

from keras_vae._compat import TensorLike, tf, tfk, tfkl


@tfk.saving.register_keras_serializable("keras_vae")
class GatedTransition(tfkl.Layer):
    """z_{t-1} [N, D], beside the context if there is one -> parameters of p(z_t|z_{t-1}) [N, 2 D].

    Each latent's mean is weighed between a linear map of z_{t-1}, at first z_{t-1} itself, and a
    network's proposal, at first a tenth of it.

    Args:
      latent_dim: D.
      hidden: units of the hidden layers.
      activation: a Keras activation's name.

    References:
      Krishnan, Shalit & Sontag 2017, Structured inference networks for nonlinear state space
      models, section 5 (gated transition function).
    """

    def __init__(self, latent_dim: int, hidden: int = 200, activation: str = "relu", **kwargs):
        super().__init__(**kwargs)
        self.latent_dim, self.hidden, self.activation = latent_dim, hidden, activation
        mostly_closed = tfk.initializers.Constant(-2.0)
        self.gate = tfk.Sequential(
            [
                tfkl.Dense(hidden, activation),
                tfkl.Dense(latent_dim, "sigmoid", bias_initializer=mostly_closed),
            ]
        )
        self.proposal = tfk.Sequential([tfkl.Dense(hidden, activation), tfkl.Dense(latent_dim)])
        self.linear = tfkl.Dense(latent_dim, kernel_initializer="identity")
        self.raw_scale = tfkl.Dense(latent_dim)

    def call(self, inputs: TensorLike) -> tf.Tensor:
        gate, proposal = self.gate(inputs), self.proposal(inputs)
        loc = (1.0 - gate) * self.linear(inputs[..., : self.latent_dim]) + gate * proposal
        return tf.concat([loc, self.raw_scale(tf.nn.relu(proposal))], axis=-1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "latent_dim": self.latent_dim,
            "hidden": self.hidden,
            "activation": self.activation,
        }
