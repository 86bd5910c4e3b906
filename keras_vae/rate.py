"""The rate, KL(q(z|x) || p(z)): in closed form, and as a loss added to the model."""

from typing import NamedTuple

from keras_vae._compat import TensorLike, tf, tfd, tfpl
from keras_vae.distributions import plain
from keras_vae.ops.dtype_policy import Float32
from keras_vae.ops.shapes import flat


class Rate(NamedTuple):
    """What the rate of one stochastic layer is made of.

    Attributes:
      q, p: posterior and prior, batch [B], [S, B] or (p) [].
      z: latents drawn from q, [S, B, *event].
    """

    q: tfd.Distribution
    p: tfd.Distribution
    z: tf.Tensor


def analytic_kl(q: tfd.Distribution, p: tfd.Distribution) -> tf.Tensor:
    """KL(q || p) in closed form, in nats.

    Args:
      q: batch [B], or [S, B] where it depends on latents drawn before; event [D] or of a map.
      p: batch [], [B] or [S, B], event as of q.

    Returns:
      [B, G] or [S, B, G]: per latent (G = D, a map's are flat) where both factorise over latents,
      else in one group (G = 1).

    Raises:
      NotImplementedError: TFP registers no KL for this pair.
    """
    q = plain(q)
    if isinstance(q, tfd.Independent) and isinstance(p, tfd.Independent):
        return flat(tfd.kl_divergence(q.distribution, p.distribution), q.event_shape.rank)
    return tfd.kl_divergence(q, _like(q, p))[..., tf.newaxis]


def has_analytic_kl(q: tfd.Distribution, p: tfd.Distribution) -> bool:
    """Whether TFP has a closed form for KL(q || p)."""
    try:
        analytic_kl(q, p)
    except NotImplementedError:
        return False
    return True


@tfd.RegisterKL(tfd.MultivariateNormalDiagPlusLowRankCovariance, tfd.Independent)
def _low_rank_kl(q, p, name=None):
    """KL to independent normals, which TFP lacks."""
    normal = p.distribution
    if not isinstance(normal, tfd.Normal):
        raise NotImplementedError(f"No KL between a normal and independent {normal.name}.")
    squares = (q.variance() + (q.mean() - normal.mean()) ** 2) / normal.variance()
    log_scale = 2.0 * tf.math.log(normal.stddev())
    return 0.5 * (
        tf.reduce_sum(squares + log_scale - 1.0, axis=-1) - q.cov_operator.log_abs_determinant()
    )


def _like(q, p):
    """p in q's family: no KL is registered between a multivariate and an Independent normal."""
    if (
        isinstance(plain(q), tfd.MultivariateNormalTriL)
        and isinstance(p, tfd.Independent)
        and isinstance(p.distribution, tfd.Normal)
    ):
        return tfd.MultivariateNormalDiag(p.mean(), p.stddev())
    return p


class AddRate(Float32, tfpl.KLDivergenceAddLoss):
    """Adds weight * KL(q || p) to the losses, in nats: the mean over examples (and samples).

    KLDivergenceAddLoss adds the sum over the batch when exact and the mean when sampled; this makes
    both the mean. The layer must be called inside `Model.call`, once for each stochastic layer.

    Args:
      weight: scalar or variable, beta.
    """

    def __init__(self, weight: float | tf.Variable = 1.0, **kwargs):
        super().__init__(None, **kwargs)
        self.weight = weight

    def call(
        self,
        q: tfd.Distribution,
        p: tfd.Distribution,
        z: TensorLike | None = None,
        of_examples: TensorLike | None = None,
    ) -> tfd.Distribution:
        """Adds the KL of q and p, which are as in `analytic_kl`: exact, or at z [S, B, *event].

        Where the examples have weights, `of_examples` [B], each one's KL counts so much.
        """
        weight = self.weight if of_examples is None else self.weight * of_examples
        if z is None:
            num_examples = tf.cast(tf.reduce_prod(q.batch_shape_tensor()), tf.float32)
            regularizer = tfpl.KLDivergenceRegularizer(
                _like(q, p), use_exact_kl=True, weight=weight / num_examples
            )
        elif of_examples is None:
            regularizer = tfpl.KLDivergenceRegularizer(
                p, test_points_reduce_axis=None, test_points_fn=lambda _: z, weight=weight
            )
        else:  # TFP sums the weighed KLs.
            size = tf.cast(tf.size(q.log_prob(z)), tf.float32)
            regularizer = tfpl.KLDivergenceRegularizer(
                p, test_points_fn=lambda _: z, weight=weight / size
            )
        self.add_loss(regularizer(q))
        return q
