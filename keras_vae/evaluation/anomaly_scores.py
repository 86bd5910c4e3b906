"""How unlike the training data an example is, by more than its likelihood.

Likelihoods alone don't tell: simple images are likely even if they are foreign (Nalisnick et al.
2019, Do deep generative models know what they don't know?).
"""

import math
from collections.abc import Callable

import numpy as np

from keras_vae import seeds
from keras_vae._compat import TensorLike, tf, tfk
from keras_vae.evaluation.standard_errors import stderr
from keras_vae.inference.importance import weigh
from keras_vae.messages import conflicts
from keras_vae.seeds import Site
from keras_vae.vae import VAE

# Both bounds that are compared are means over so many draws.
_NUM_COMPARED = 64


class LikelihoodRegret:
    """max over q of ELBO(x; q), less ELBO(x; q(z|x)): large for x unlike what was learned.

    Xiao, Yan & Amit 2020, Likelihood regret, eq. 5, who train the encoder anew for each example.
    Here q is N(loc, scale^2) of each example's own, in the space of the noise [N] that makes z,
    where the encoder's q is N(0, 1): that serves every posterior, and a batch at once.

    Args:
      vae: a VAE with a posterior density.
      num_steps: of Adam.
      num_draws: of z, for each step and example.

    Raises:
      ValueError: the model has no posterior density, or layers of maps.
    """

    def __init__(self, vae: VAE, num_steps: int = 100, num_draws: int = 4):
        if not vae.has_bound:
            raise ValueError(
                "likelihood regret needs an ELBO, which an autoencoder has not. Train a VAE "
                "(recipe=vae)."
            )
        if vae.has_layers_of_maps:
            raise ValueError(
                f"likelihood regret {conflicts.LAYERS_OF_MAPS}: it fits all latents of each "
                "example anew. Take the NLL, or typicality."
            )
        self._vae, self._num_steps, self._num_draws = vae, num_steps, num_draws
        self._of_size: dict[
            int, Callable
        ] = {}  # Functions by batch size, which have variables of that size.

    def __call__(
        self,
        x: TensorLike,
        seed: int = 0,
        condition: TensorLike | None = None,
        mask: TensorLike | None = None,
    ) -> tf.Tensor:
        """The regret [B] of examples x [B, ...], in nats; but for sampling error, at least 0.

        With a mask, bool of x's shape, it is that of the known values alone.
        """
        size = len(x)
        if size not in self._of_size:
            self._of_size[size] = self._function(size)
        return self._of_size[size](x, seeds.derive(seed, Site.REGRET), condition, mask)

    def _function(self, batch_size):
        shape = self._vae.draw_noise([0, 0], 1, batch_size).shape[1:]
        loc, log_scale = (tf.Variable(tf.zeros(shape)) for _ in range(2))
        schedule = tfk.optimizers.schedules.CosineDecay(0.1, self._num_steps)
        optimizer = tfk.optimizers.Adam(schedule)
        optimizer.build([loc, log_scale])

        def elbo(x, noise, condition, mask):
            """[B], from noise [S, B, N] ~ N(0, 1)."""
            _, log_weight = weigh(self._vae, x, noise, condition, tf.exp(log_scale), loc, mask)
            return tf.reduce_mean(log_weight, axis=0)

        @tf.function
        def regret(x, seed, condition, mask):
            for variable in (loc, log_scale, *optimizer.variables):
                variable.assign(tf.zeros_like(variable))
            compared = self._vae.draw_noise(seeds.derive(seed, 0), _NUM_COMPARED, batch_size)
            before = elbo(x, compared, condition, mask)

            def step(i):
                noise = self._vae.draw_noise(seeds.derive(seed, 1, i), self._num_draws, batch_size)
                with tf.GradientTape() as tape:
                    # A sum: what an example learns doesn't depend on the others beside it.
                    loss = -tf.reduce_sum(elbo(x, noise, condition, mask))
                variables = [loc, log_scale]
                gradients = tape.gradient(loss, variables)
                optimizer.apply_gradients(zip(gradients, variables, strict=True))
                return [i + 1]

            tf.while_loop(lambda i: i < self._num_steps, step, [0])
            return elbo(x, compared, condition, mask) - before

        return regret


def auroc(usual: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """How well scores tell two sets of examples apart, and its standard error.

    Args:
      usual, other: scores [N] and [M], at least 2 of each.

    Returns:
      The area under the ROC curve, the chance that one of the others scores higher (0.5 if by
      chance alone), with the error of DeLong et al. 1988.
    """
    from sklearn.metrics import roc_auc_score

    def share_below(values, of):
        """Of each of `values`, the share of `of` that is below it; what is equal counts half."""
        of = np.sort(of)
        below = [np.searchsorted(of, values, side) for side in ("left", "right")]
        return np.mean(below, axis=0) / len(of)

    is_other = np.repeat([0, 1], [len(usual), len(other)])
    area = float(roc_auc_score(is_other, np.append(usual, other)))
    errors = stderr(share_below(other, usual)), stderr(share_below(usual, other))
    return area, math.hypot(*(math.nan if error is None else error for error in errors))


def typicality(nll: np.ndarray, training_nll: float) -> np.ndarray:
    """How far likelihoods are from the usual, to either side; in nats, of examples [N].

    Nalisnick et al. 2019, Detecting out-of-distribution inputs using typicality, eq. 4, for sets of
    one example.

    Args:
      nll: -log p(x), [N].
      training_nll: mean over training examples, which estimates the model's entropy.
    """
    return np.abs(np.asarray(nll) - training_nll)
