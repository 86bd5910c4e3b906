"""The joint distribution of a label y and a normal z that depends on it.

A draw is one flat vector: K numbers that stand for y, then the D numbers of z. Noise is standard
normal: two numbers a, b make a Gumbel number, log 2 - log(a^2 + b^2) (by Box & Muller 1958).
"""

import math

from keras_vae._compat import TensorLike, tf, tfd
from keras_vae.distributions import Custom

# Keeps the Gumbel numbers of zero noise finite. They are equal, so the likeliest label wins.
_TINY = 1e-20


class LabelledNormal(Custom):
    """p(y) p(z|y): y is one of K labels, one-hot, and z|y ~ N(loc_y, diag(scale_y^2)).

    Args:
      logits: [..., K], of p(y).
      loc, scale: [..., K, D].
      relaxation: temperature of the softmax whose gradient stands for that of the drawn label
        (the straight-through estimator, Jang et al. 2017).
    """

    def __init__(
        self, logits: TensorLike, loc: TensorLike, scale: TensorLike, relaxation: float = 1.0
    ):
        parameters = dict(locals())
        self.logits, self.loc, self.scale, self.relaxation = logits, loc, scale, relaxation
        super().__init__(parameters)

    @staticmethod
    def noise_size(num_labels: int, latent_dim: int) -> int:
        """Normal numbers that one draw needs."""
        return 2 * num_labels + latent_dim

    def from_noise(self, noise: TensorLike, temperature: TensorLike | float = 1.0) -> tf.Tensor:
        """Draws [..., K + D] from noise [..., 2 K + D]; `temperature` scales z's deviation."""
        num_labels = self.loc.shape[-2]
        pairs, noise = tf.split(noise, [2 * num_labels, self.loc.shape[-1]], axis=-1)
        a, b = tf.split(pairs, 2, axis=-1)
        gumbel = math.log(2.0) - tf.math.log(tf.square(a) + tf.square(b) + _TINY)
        label = self._label(self.logits + gumbel)
        z = self._given(label)
        return tf.concat([label, z.mean() + temperature * z.stddev() * noise], axis=-1)

    def posterior_marginal(self, value: TensorLike) -> tfd.Distribution:
        """p(y|value), as tfd's mixtures have it; here the value itself holds y."""
        return tfd.Categorical(probs=self._weights(value[..., : self.loc.shape[-2]]))

    def without_label(self) -> tfd.Distribution | None:
        """p(z) = sum_y p(y) p(z|y), event [D]; None where there is no such sum."""
        z = tfd.Independent(tfd.Normal(self.loc, self.scale), 1)
        return tfd.MixtureSameFamily(tfd.Categorical(self.logits), z)

    def _label(self, perturbed):
        """What stands for y, [..., K], from logits and Gumbel noise."""
        soft = tf.nn.softmax(perturbed / self.relaxation)
        hard = tf.one_hot(tf.argmax(perturbed, axis=-1), perturbed.shape[-1])
        return soft + tf.stop_gradient(hard - soft)

    def _label_log_prob(self, label):
        return tf.reduce_sum(label * tf.nn.log_softmax(self.logits), axis=-1)

    def _weights(self, label):
        """How much of each label there is, [..., K]."""
        return label

    def _given(self, label):
        """p(z|y)."""
        weights = self._weights(label)[..., tf.newaxis]
        loc = tf.reduce_sum(weights * self.loc, axis=-2)
        return tfd.Independent(tfd.Normal(loc, tf.reduce_sum(weights * self.scale, axis=-2)), 1)

    def _log_prob(self, value):
        label, z = tf.split(value, list(self.loc.shape[-2:]), axis=-1)
        return self._label_log_prob(label) + self._given(label).log_prob(z)

    def _batch_shape(self):
        return self.logits.shape[:-1]

    def _batch_shape_tensor(self):
        return tf.shape(self.logits)[:-1]

    def _event_shape(self):
        return tf.TensorShape([sum(self.loc.shape[-2:])])

    def _event_shape_tensor(self):
        return tf.constant([sum(self.loc.shape[-2:])])


class RelaxedLabelledNormal(LabelledNormal):
    """A `LabelledNormal` with a continuous y on the simplex; draws hold log y.

    y has the concrete distribution of temperature `relaxation`, and mixes the locations and scales
    of z|y. A model with such q and p has a density, so its bound is a true one.

    References:
      Maddison, Mnih & Teh 2017, The concrete distribution.
    """

    def __init__(
        self, logits: TensorLike, loc: TensorLike, scale: TensorLike, relaxation: float = 0.5
    ):
        super().__init__(logits, loc, scale, relaxation)

    def without_label(self) -> None:
        """None: there is no closed form, as a continuous y has no sum over labels."""

    def _label(self, perturbed):
        return tf.nn.log_softmax(perturbed / self.relaxation)

    def _label_log_prob(self, label):
        concrete = tfd.ExpRelaxedOneHotCategorical(self.relaxation, logits=self.logits)
        return concrete.log_prob(label)

    def _weights(self, label):
        return tf.exp(label)


FAMILIES = {"straight_through": LabelledNormal, "relaxed": RelaxedLabelledNormal}


@tfd.RegisterKL(LabelledNormal, LabelledNormal)
def _kl(q, p, name=None):
    """KL(q(y) || p(y)) + sum_y q(y) KL(q(z|y) || p(z|y))."""
    del name
    if isinstance(q, RelaxedLabelledNormal) or isinstance(p, RelaxedLabelledNormal):
        raise NotImplementedError("There is no closed form between concrete distributions.")
    of_labels = tfd.kl_divergence(tfd.Categorical(q.logits), tfd.Categorical(p.logits))
    of_z = tfd.kl_divergence(tfd.Normal(q.loc, q.scale), tfd.Normal(p.loc, p.scale))
    return of_labels + tf.reduce_sum(tf.nn.softmax(q.logits) * tf.reduce_sum(of_z, -1), -1)
