"""The likelihood of quantised colours whose channels depend on each other."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras_vae._compat import TensorLike, tf, tfd, tfk, tfp
from keras_vae.distributions import CHOICE, Custom, Uniforms, check_whole_rows
from keras_vae.likelihoods.levels import LevelsLikelihood
from keras_vae.likelihoods.logistic import middles, rounded_logistic
from keras_vae.ops.categorical import from_uniform, log_softmax, mean_by, softmax


@tfk.saving.register_keras_serializable("keras_vae")
class ColourMixture(LevelsLikelihood):
    """A mixture of K components of whole colours, whose channels are rounded logistics in turn.

    All channels of a pixel come from the same component. Within it, the channels before a channel
    move its logistic: see `Colour`. One pixel has P = K (1 + 2 C + C (C - 1) / 2) parameters, and
    parameters are [..., H, W, P].

    Args:
      event_shape: [..., C], C at least 2.
      num_components: K.

    References:
      Salimans et al. 2017, PixelCNN++, section 2.2.
    """

    def __init__(self, event_shape: tuple, levels: int = 256, num_components: int = 5, **kwargs):
        if num_components < 1:
            raise ValueError(f"num_components must be at least 1, got {num_components}.")
        if event_shape[-1] < 2:
            raise ValueError(
                f"event_shape must end in at least 2 channels, got {tuple(event_shape)}. Use a "
                "MixtureOfLogistics."
            )
        super().__init__(event_shape, levels, **kwargs)
        self.num_components = num_components

    @property
    def params_shape(self) -> tuple:
        channels = self.event_shape[-1]
        parts = 1 + 2 * channels + channels * (channels - 1) // 2
        return (*self.event_shape[:-1], parts * self.num_components)

    def per_value(self, params: tf.Tensor) -> tfd.Distribution:
        """The distribution of every colour, batch [..., H, W], event [C]."""
        channels = range(self.event_shape[-1])
        # Components begin near each other, so that they learn where to be. Far apart, a network
        # would first learn to choose one, as a brightness that all channels share. Locations are in
        # quarters of the range: an optimizer's steps have one size for all weights, and in these
        # units they can tell levels apart.
        near = middles(self.num_components, part=0.1)
        # Indexing would have a slow gradient.
        parts = iter(tf.split(params, self.params_shape[-1] // self.num_components, axis=-1))
        return Colour(
            next(parts),
            [next(parts) / 4.0 + near for _ in channels],
            [next(parts) for _ in channels],
            [[tf.tanh(next(parts)) for _ in range(c)] for c in channels],
            self.levels,
        )

    def check_known(self, mask: np.ndarray) -> None:
        check_whole_rows(mask)

    def draw(self, p: tfd.Distribution, uniforms: Uniforms) -> tf.Tensor:
        return p.from_uniform(uniforms(0), uniforms(CHOICE)[..., 0])  # One choice for a pixel.

    def averaged(self, params: tf.Tensor, log_weights: TensorLike) -> tfd.Distribution:
        """Raises ValueError: only single values can be averaged, and channels are joint."""
        raise ValueError(
            "ColourMixture can't be averaged over Bayesian weights value by value: the channels of "
            "a pixel depend on each other. Use a MixtureOfLogistics, or weights that are numbers."
        )

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"num_components": self.num_components}


class Colour(Custom):
    """The distribution of a colour, C levels as values x in [0, 1]: event [C].

    A component is chosen, and by it the channels in turn: channel c is a rounded logistic of
    location loc_c + sum_{j < c} coefficient_cj (x_j - 1/2).

    Args:
      logits: [..., K], of the components.
      loc, raw_scale: for each channel [..., K]; see `rounded_logistic`.
      coefficients: for channel c, c tensors [..., K].
      levels: the number of levels of a channel.
    """

    def __init__(
        self,
        logits: tf.Tensor,
        loc: Sequence[tf.Tensor],
        raw_scale: Sequence[tf.Tensor],
        coefficients: Sequence[Sequence[tf.Tensor]],
        levels: int,
    ):
        parameters = dict(locals())
        self._logits, self._loc, self._raw_scale = logits, loc, raw_scale
        self._coefficients, self._top = coefficients, levels - 1
        super().__init__(parameters, reparameterized=False)

    def from_uniform(self, u: TensorLike, choice: TensorLike) -> tf.Tensor:
        """Colours [..., C] from numbers above 0 and below 1: u [..., C], and `choice` [...]."""
        taken = tf.one_hot(from_uniform(self._logits, choice), self._logits.shape[-1])
        of_channels = tf.split(u, len(self._loc), axis=-1)
        return self._in_turn(taken, lambda c, p: p.from_uniform(of_channels[c]) / self._top)

    def _in_turn(self, weights, value_of: Callable):
        """Colours [..., C], each channel by value_of(c, its distribution given those before it).

        Each component has its own colour; the result is their sum with `weights` [..., K].
        """
        before: list[tf.Tensor] = []
        for c in range(len(self._loc)):
            before.append(value_of(c, self._given(c, before)))
        return tf.stack([mean_by(weights, x) for x in before], axis=-1)

    def _given(self, c, before):
        """Each component's channel c, batch [..., K], given those before it, [..., K or 1] each."""
        loc = self._loc[c]
        for coefficient, x in zip(self._coefficients[c], before, strict=True):
            loc += coefficient * (x - 0.5)
        return rounded_logistic(loc, self._raw_scale[c], self._top + 1)

    def next_masses(self, before: tf.Tensor) -> tf.Tensor:
        """Probabilities of all levels of channel c, given those before it.

        Args:
          before: the first c channels of x, [..., c].

        Returns:
          [levels, ...].
        """
        values, log_mass = self._first(before)
        weights = softmax(log_mass)  # Of the components, which the channels before tell apart.
        masses = self._given(len(values), values).masses()  # [levels, ..., K]
        return mean_by(weights, masses)

    def _log_prob(self, x):
        return tf.reduce_logsumexp(self._first(x)[1], axis=-1)

    def _first(self, x):
        """Of the first channels x [..., c]: (values of their levels, log-mass by component)."""
        values: list[tf.Tensor] = []
        log_mass = log_softmax(self._logits)
        for c in range(x.shape[-1]):
            level = tf.round(x[..., c : c + 1] * self._top)
            log_mass += self._given(c, values).log_prob(level)
            values.append(level / self._top)
        return values, log_mass

    def _mean(self):
        """The mean, of the first channel as exact as a logistic's, and nearly so of those after it.

        A component's mean is a chain of means, each given the means before it. The mean of a
        rounded logistic follows its location, but levels off at the outermost levels. So the chain
        is off where a component reaches them, at most by the sum over j of |coefficient_cj| times
        (standard deviation + error of the mean of x_j). With random parameters N(0, 1) at 8 levels
        the root mean square error is 0.01 of the range. The exact mean would be a sum over all
        colours.
        """
        return self._in_turn(softmax(self._logits), lambda c, p: p.mean_value())

    def _sample_n(self, n, seed=None):
        of_values, of_choice = tfp.random.split_seed(seed, 2)
        batch = tf.concat([[n], self.batch_shape_tensor()], 0)
        values = tf.random.stateless_uniform(tf.concat([batch, [len(self._loc)]], 0), of_values)
        return self.from_uniform(values, tf.random.stateless_uniform(batch, of_choice))

    def _batch_shape(self):
        return self._logits.shape[:-1]

    def _batch_shape_tensor(self):
        return tf.shape(self._logits)[:-1]

    def _event_shape(self):
        return tf.TensorShape([len(self._loc)])

    def _event_shape_tensor(self):
        return tf.constant([len(self._loc)])
