"""p(x|z), as decoders give it."""

import abc
import contextlib
import contextvars
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from keras_vae._compat import TensorLike, tf, tfd
from keras_vae.distributions.joint import OfEachValue
from keras_vae.ops.categorical import from_uniform

# A function (i) -> uniform numbers above 0 and below 1, of the shape of the draw. Numbers of
# different i are independent: 0 and 1 are for values, CHOICE is for the component of a mixture.
Uniforms = Callable[[int], tf.Tensor]
CHOICE = 2

# TFP's public classes add to these base classes a way to pass through `tf.function`, which only
# TFP's own distributions can go.
_Independent: Any = tfd.Independent.__base__
_MixtureSameFamily: Any = tfd.MixtureSameFamily.__base__

_in_one_pass = contextvars.ContextVar("in_one_pass", default=False)


@contextlib.contextmanager
def one_pass() -> Iterator[None]:
    """In graphs traced inside, XLA compiles log p(x|z), and nothing around it.

    The density then takes one pass over the values instead of one for each operation. The networks
    keep TensorFlow's own matrix products, which are faster on CPUs.
    """
    token = _in_one_pass.set(True)
    try:
        yield
    finally:
        _in_one_pass.reset(token)


class Observation(abc.ABC):
    """What a model asks of p(x|z) besides what all distributions of TFP have."""

    def from_uniform(self, uniforms: Uniforms) -> tf.Tensor:
        """x [..., H, W, C] from `uniforms` of that shape: how exported files draw.

        Raises:
          ValueError: the class doesn't say how; classes that draw in turn have `from_noise`.
        """
        raise ValueError(
            f"{type(self).__name__} has no from_uniform, by which exported files draw. Write one."
        )

    @abc.abstractmethod
    def completed(self, given: TensorLike, mask: TensorLike) -> tfd.Distribution:
        """p(x|z) where part of x is known; known values have density 1.

        Args:
          given: [B, H, W, C]. Only its known values count.
          mask: bool [H, W, C], whether a value is known.
        """

    def known(self, mask: TensorLike) -> tfd.Distribution:
        """p(x|z) of the known values alone, the others integrated out.

        The log-density of an unknown value is 0, whatever x has there.

        Args:
          mask: bool [B, H, W, C], which values are known.

        Raises:
          ValueError: the values of x aren't independent given z.
        """
        raise ValueError(
            f"mask needs values of x that are independent given z, and those of "
            f"{type(self).__name__} aren't. Use another decoder or likelihood."
        )


class Values(_Independent, Observation):
    """p(x|z) of values, or of rows of values, that are independent of each other.

    Args:
      distribution: of every value, batch [..., H, W, C], event []; or of every row, batch
        [..., H, W], event [C].
      num_axes: how many axes x has.
      draw: (distribution, uniforms) -> a draw of every value; see `Likelihood.draw`.
    """

    def __init__(self, distribution: tfd.Distribution, num_axes: int, draw: Callable):
        super().__init__(distribution, num_axes - len(distribution.event_shape))
        self._num_axes, self._draw = num_axes, draw

    def completed(self, given: TensorLike, mask: TensorLike) -> tfd.Distribution:
        def draw(p, uniforms):
            return tf.where(mask, given, self._draw(p.base, uniforms))

        return Values(Completed(self.distribution, given, mask), self._num_axes, draw)

    def known(self, mask: TensorLike) -> tfd.Distribution:
        known = _known_rows(self.distribution, mask)
        known = tfd.Masked(self.distribution, known, safe_sample_fn=lambda p: 0.0)
        return Values(known, self._num_axes, self._draw)

    def from_uniform(self, uniforms: Uniforms) -> tf.Tensor:
        """x [..., H, W, C] from `uniforms` of that shape."""
        return self._draw(self.distribution, uniforms)

    def _log_prob(self, x):
        if not _in_one_pass.get():
            return self.sum_of_logs(x)
        return tf.function(self.sum_of_logs, jit_compile=True)(x)

    def sum_of_logs(self, x: TensorLike) -> tf.Tensor:
        """Sum of the log-densities of the values."""
        return super()._log_prob(x)


class Mixture(_MixtureSameFamily, Observation):
    """p(x|z) that is a mixture of `Values`: all values of an x come from the same component."""

    def completed(self, given: TensorLike, mask: TensorLike) -> tfd.Distribution:
        components = self.components_distribution.completed(given[:, tf.newaxis], mask)
        return Mixture(self.mixture_distribution, components)

    def from_uniform(self, uniforms: Uniforms) -> tf.Tensor:
        """x [..., H, W, C] from `uniforms` of that shape."""
        return draw_from_mixture(self, uniforms, Values.from_uniform)


class Completed(OfEachValue):
    """A distribution of values, some of which are given; given values have density 1.

    Args:
      base: the distribution of all values, as `Values` has it.
      given: [B, H, W, C].
      mask: bool [H, W, C], whether a value is given.
    """

    def __init__(self, base: tfd.Distribution, given: TensorLike, mask: TensorLike):
        parameters = dict(locals())
        self.base, self.given, self.mask = base, given, mask
        self._known = _known_rows(base, mask)
        super().__init__(parameters, reparameterized=False)

    def _log_prob(self, x):
        return tf.where(self._known, 0.0, self.base.log_prob(x))

    def _sample_n(self, n, seed=None):
        return tf.where(self.mask, self.given, self.base.sample(n, seed=seed))

    def _mean(self):
        return tf.where(self.mask, self.given, self.base.mean())


def _known_rows(p, mask):
    """Which draws of p are known, by `mask` [..., H, W, C]: [..., H, W] where p's event is [C].

    Raises:
      ValueError: only a part of some draw is known; in a graph this isn't checked.
    """
    if not len(p.event_shape):
        return mask
    value = tf.get_static_value(mask)
    if value is not None:
        check_whole_rows(value)
    return tf.reduce_all(mask, axis=-1)  # In a graph, a draw known in part counts as unknown.


def check_whole_rows(mask: np.ndarray) -> None:
    """Raises ValueError if only a part of the last axis is known somewhere.

    Args:
      mask: bool [..., C].
    """
    if np.any(mask.any(axis=-1) != mask.all(axis=-1)):
        raise ValueError(
            "mask must know all channels of a pixel or none, as they depend on each other; got a "
            "pixel with some known. Use a model with channel_dependence=none."
        )


def draw_from_mixture(p: tfd.Distribution, uniforms: Uniforms, draw: Callable) -> tf.Tensor:
    """A draw of a mixture.

    Args:
      p: a mixture with the attributes of tfd.MixtureSameFamily.
      uniforms: of the shape of the draw.
      draw: (components, uniforms) -> a draw of each component.
    """
    event = len(p.event_shape)
    first: tuple = (..., *[0] * event)
    choice = uniforms(CHOICE)[first]  # One component for all values of an event.
    logits = p.mixture_distribution.logits_parameter()
    taken = tf.one_hot(from_uniform(logits, choice), logits.shape[-1])  # [..., K]
    for _ in range(event):
        taken = taken[..., tf.newaxis]
    # All components draw by the same numbers, since only one of them is taken.
    axis = -1 - event
    drawn = draw(p.components_distribution, lambda i: tf.expand_dims(uniforms(i), axis))
    return tf.reduce_sum(taken * drawn, axis)


def of_known(p: tfd.Distribution, mask: TensorLike | None) -> tfd.Distribution:
    """`Observation.known` of p(x|z), or p itself where the mask is None: all values are known."""
    return p if mask is None else plain(p).known(mask)


def plain(p: tfd.Distribution) -> tfd.Distribution:
    """The distribution inside the wrapper of a tfp.layers layer; any other one as it is.

    The wrapper becomes a tensor where one is wanted. TFP finds closed forms by the type of the
    distribution inside.
    """
    return getattr(p, "tensor_distribution", p)
