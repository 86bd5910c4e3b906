"""SequenceVAE: a VAE whose latents are a chain over time."""

from keras_vae._compat import tf, tfd, tfk
from keras_vae.rate import Rate, analytic_kl
from keras_vae.sequence.prior import MarkovPrior
from keras_vae.vae import VAE


@tfk.saving.register_keras_serializable("keras_vae")
class SequenceVAE(VAE):
    """A deep Markov model, p(z_1) p(x_1|z_1) prod_t p(z_t|z_{t-1}) p(x_t|z_t).

    Examples x [B, T, W, C] are sequences of T steps: of images, the rows. z [..., T D] is
    [z_1, .., z_T]. `terms` has one KL for each step.

    Args:
      encoder: a `MarkovEncoder`.
      decoder: a `Decoder` whose body sees all of z: of `networks.PerStep`, a step sees its own.
      prior: a `MarkovPrior`.
      condition, seed: as of a VAE.

    References:
      Krishnan, Shalit & Sontag 2017, Structured inference networks for nonlinear state space
      models.
    """

    groups = "steps"
    prior: MarkovPrior

    def _against_prior(self, q, z, context):
        """The rates are those of the first step and of all others.

        A step's KL is that of q(z_t|z_{t-1}, x) and p(z_t|z_{t-1}), exact at each sample of z_{t-1}
        where p(z_1) is a normal too (eq. 6).
        """
        rates = self._rates(q, z, context)
        return tf.add_n([p.log_prob(z) for _, p, z in rates]), self._kl(*rates), rates

    def _rates(self, q, z, context):
        (loc, later_loc), (scale, later_scale), (first, later) = (
            self.prior.split(t) for t in (q.mean(), q.stddev(), z)
        )
        return [
            Rate(_normal(loc, scale), self.prior.initial.distribution(context), first),
            Rate(_normal(later_loc, later_scale), self.prior.transitions(z, context), later),
        ]

    def _kl(self, initial, later):
        """[B, T], the means over samples of what is exact given z_{t-1}."""
        if self.has_analytic_kl:
            kl = tf.reduce_sum(analytic_kl(initial.q, initial.p), axis=-1)
        else:
            kl = initial.q.log_prob(initial.z) - initial.p.log_prob(initial.z)
        later_kl = analytic_kl(later.q, later.p)
        steps = [self.prior.num_steps - 1, self.prior.initial.latent_dim]
        later_kl = tf.reshape(later_kl, tf.concat([tf.shape(later_kl)[:-1], steps], 0))
        later_kl = tf.reduce_sum(later_kl, axis=-1)
        return tf.reduce_mean(tf.concat([kl[..., tf.newaxis], later_kl], axis=-1), axis=0)


def _normal(loc, scale):
    return tfd.Independent(tfd.Normal(loc, scale), 1)
