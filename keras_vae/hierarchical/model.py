"""HierarchicalVAE: a VAE of several stochastic layers."""

from collections.abc import Sequence

from keras_vae import seeds
from keras_vae._compat import ConditionLike, TensorLike, tf, tfd, tfk
from keras_vae.hierarchical.prior import LayeredPrior
from keras_vae.hierarchical.walk import given, log_probs
from keras_vae.inputs.arguments import check_temperature
from keras_vae.ops.gradients import GradientWeight, without_weights
from keras_vae.rate import Rate, analytic_kl
from keras_vae.seeds import Site
from keras_vae.terms import Latents
from keras_vae.vae import VAE


@tfk.saving.register_keras_serializable("keras_vae")
class HierarchicalVAE(VAE):
    """p(x|z_1) p(z_1|z_2) .. p(z_L).

    z [..., D] is [z_1, .., z_L], the lowest layer first. `terms` has one KL for each layer.

    Args:
      encoder: `BottomUpEncoder`, `LadderEncoder`, or `LayeredPriorEncoder` for none.
      decoder: a `Decoder` of the state below the lowest block: z_1 and, with `skip`, features.
      prior: a `LayeredPrior`.
      condition, seed: as in `VAE`.
    """

    groups = "layers"
    prior: LayeredPrior

    @property
    def latent_dims(self) -> tuple[int, ...]:
        """D_1 .. D_L."""
        return self.prior.latent_dims

    def latents(
        self,
        x: TensorLike,
        noise: TensorLike,
        context: TensorLike | None,
        weight: GradientWeight | None = None,
    ) -> Latents:
        """One KL for each layer.

        Where q goes from the bottom up, a layer's KL is the mean over samples of
        log q(z_l|z_{l-1}) - log p(z_l|z_{l+1}). Only the sum over layers is a divergence.
        """
        posteriors, path = self.encoder.walk(x, self.encoder.drawn(noise, context), context)

        def log_posterior(z):
            posteriors, path = self.encoder.walk(x, given(z, self.prior.latent_shapes), context)
            return log_probs(posteriors, path.parts)

        # Where q is the prior, every estimator is the plain one.
        if weight is not None and self.has_encoder:
            # Densities see z through the weight; the distributions that drew z_l don't.
            path = self.prior.at(weight.apply(path.z), context)
            log_q = without_weights(log_posterior)(path.z)  # [L, S, B]
        else:
            log_q = log_probs(posteriors, path.parts)
        log_p = log_probs(path.priors, path.parts)
        rates = [Rate(*r) for r in zip(posteriors, path.priors, path.parts, strict=True)]
        if self.has_analytic_kl:
            kl = tf.stack([_mean_kl(q, p) for q, p, _ in rates], axis=-1)
        else:
            kl = tf.transpose(tf.reduce_mean(log_q - log_p, axis=1))
        log_prior, log_posterior = (tf.reduce_sum(t, axis=0) for t in (log_p, log_q))
        return Latents(path.z, path.state, log_prior, log_posterior, kl, rates)

    def generate(
        self,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        condition: ConditionLike | None = None,
    ) -> tuple[tf.Tensor, tfd.Distribution]:
        condition = self.condition_of(condition)
        path = self.prior.path(noise, temperature, self._context(condition))
        return path.z, self._decode_state(path.state, condition)

    def regenerate(
        self,
        z: TensorLike,
        num_layers: TensorLike | int,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        condition: ConditionLike | None = None,
    ) -> tuple[tf.Tensor, tfd.Distribution]:
        """(z [..., D] with its lowest `num_layers` layers made from noise, p(x|z)).

        Other arguments are as in `generate`.
        """
        condition = self.condition_of(condition)
        path = self.prior.redraw(z, num_layers, noise, temperature, self._context(condition))
        return path.z, self._decode_state(path.state, condition)

    def vary(
        self,
        z: TensorLike,
        num_layers: int,
        temperature: float | Sequence[float] = 1.0,
        seed: int | None = None,
        condition: ConditionLike | None = None,
    ) -> tf.Tensor:
        """Mean images [N, H, W, C] at z [N, D], with its lowest `num_layers` layers drawn anew.

        The layers above are held. So this shows what they settle, and what the lower layers are
        free to change:

            z = tf.repeat(vae.code(x), 10, axis=0)
            vae.vary(z, num_layers=1)

        Args:
          z: [N, D], from `code` or `prior_sample`.
          num_layers: from 0, which is `decode`, to L, which is `sample`.
          temperature, seed, condition: as in `sample`.
        """
        if not 0 <= num_layers <= self.num_layers:
            raise ValueError(f"num_layers must be from 0 to {self.num_layers}, got {num_layers}.")
        check_temperature(temperature, self.num_layers)
        condition = self.condition_of(condition, batch_size=len(z))
        noise = self.prior.draw_noise(seeds.derive(seeds.given_or_fresh(seed), Site.SAMPLE), len(z))
        return self.regenerate(z, num_layers, noise, temperature, condition)[1].mean()

    def _decode(self, z, condition):
        path = self.prior.at(z, self._context(condition))
        return self._decode_state(path.state, condition)


def _mean_kl(q, p):
    """KL(q || p) of a layer, [B]: its mean over samples where it depends on the layers above."""
    kl = tf.reduce_sum(analytic_kl(q, p), axis=-1)
    return tf.reduce_mean(kl, axis=0) if kl.shape.rank == 2 else kl
