"""log p(x) in closed form, where there is one."""

from keras_vae._compat import TensorLike, tf, tfd, tfk, tfkl
from keras_vae.decoder import Decoder
from keras_vae.likelihoods import LearnedScaleNormal, Normal
from keras_vae.priors import LearnedNormal, StandardNormal
from keras_vae.vae import VAE


def exact_log_likelihood(vae: VAE, x: TensorLike) -> tf.Tensor:
    """log p(x) in nats, [B] and float64, of a linear VAE (recipe `linear_vae`).

    With p(z) = N(m, diag(r^2)) and p(x|z) = N(W z + b, s^2 I), p(x) is N(W m + b,
    W diag(r^2) W^T + s^2 I) (Tipping & Bishop 1999, section 3.1).

    Args:
      vae: a VAE.
      x: [B, H, W, C].

    Raises:
      ValueError: the model has no closed form.
    """
    if not _is_linear(vae):
        raise ValueError(
            "a closed form of log p(x) needs network=linear, likelihood=normal or "
            "normal_learned_scale, prior=standard_normal or learned_normal, plain weights and no "
            "condition: for this model use log_likelihood."
        )
    x = tf.cast(tf.reshape(vae.as_floats(x), [len(x), -1]), tf.float64)
    linear = vae.decoder.projection.linear
    loc, scale = (tf.cast(t, tf.float64) for t in vae.prior_moments())
    weights = tf.transpose(tf.cast(linear.kernel, tf.float64))  # [D_x, D]
    noise_variance = tf.cast(vae.decoder.likelihood.scale, tf.float64) ** 2
    p = tfd.MultivariateNormalDiagPlusLowRankCovariance(
        tf.linalg.matvec(weights, loc) + tf.cast(linear.bias, tf.float64),
        noise_variance * tf.ones_like(x[0]),
        weights * scale,
    )
    return p.log_prob(x)


def _is_linear(vae) -> bool:
    return (
        vae.condition is None
        and type(vae.prior) in (StandardNormal, LearnedNormal)
        and type(vae.decoder.likelihood) in (Normal, LearnedScaleNormal)
        and isinstance(vae.decoder, Decoder)
        and isinstance(vae.decoder.network, tfk.Sequential)
        and all(isinstance(layer, tfkl.Flatten) for layer in vae.decoder.network.layers)
        and type(vae.decoder.projection.linear) is tfkl.Dense
        and vae.decoder.projection.linear.activation is tfk.activations.linear
    )
