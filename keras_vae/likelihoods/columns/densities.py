"""Columns of real numbers: densities after a stored monotone transform."""

from collections.abc import Sequence

import numpy as np

from keras_vae._compat import tf, tfb, tfd
from keras_vae.columns import Column
from keras_vae.distributions import OfEachValue, Uniforms, draw_from_mixture
from keras_vae.likelihoods.columns.family import Family, Unsquash, squash_of
from keras_vae.ops.positive import positive

# In standard deviations of the transformed column: narrower, a value that comes twice would have
# a density without bound.
_NARROWEST = 1e-3
_LEAST_FREEDOM = 1.0


class Densities(Family):
    """A mixture of logistics or of normals, or a Student-t, after the column's stored transform.

    Args:
      columns: n columns of one likelihood.
      num_components: of a mixture.
    """

    def __init__(self, columns: Sequence[Column], num_components: int = 5):
        super().__init__(columns)
        self._kind = str(columns[0].likelihood)
        self.num_params = 3 if self._kind == "student_t" else 3 * num_components
        self._squash, self._unsquash = squash_of(columns), Unsquash(columns)
        self._log_unit = np.log([column.unit for column in columns]).astype(np.float32)

    def distribution(self, params: tf.Tensor) -> tfd.Distribution:
        if self._kind == "student_t":
            loc, raw_scale, raw_freedom = tf.unstack(params, axis=-1)
            freedom = positive(raw_freedom, 5.0, _LEAST_FREEDOM)
            base = tfd.StudentT(freedom, loc, positive(raw_scale, 0.7, _NARROWEST))
        else:
            base = mixture_of(params, self._kind, _NARROWEST)
        return Squashed(base, self._squash, self._unsquash, self._log_unit)

    def draw(self, p: tfd.Distribution, uniforms: Uniforms) -> tf.Tensor:
        if self._kind != "student_t":
            return p.unsquashed(draw_from_mixture(p.base, uniforms, quantile))
        # Bailey 1994: with two uniforms, as Box & Muller draw normals.
        freedom, u, v = p.base.df, uniforms(0), uniforms(1)
        radius = tf.sqrt(freedom * tf.math.expm1(-2.0 / freedom * tf.math.log(u)))
        return p.unsquashed(p.base.loc + p.base.scale * radius * tf.cos(2.0 * np.pi * v))

    def center(self, p: tfd.Distribution) -> tf.Tensor:
        middle = p.base.loc if self._kind == "student_t" else p.base.mean()
        return p.unsquashed(middle)


class Squashed(OfEachValue):
    """The distribution of x, of which `base` is that after the transform.

    Args:
      base: batch [..., n].
      squash: a bijector from x, in float64.
      unsquash: the way back.
      log_unit: [n], the log of how many of the column's own units x = 1 is.
    """

    def __init__(
        self,
        base: tfd.Distribution,
        squash: tfb.Bijector,
        unsquash: Unsquash,
        log_unit: np.ndarray,
    ):
        parameters = dict(locals())
        self.base, self._squash, self._log_unit = base, squash, log_unit
        self.unsquashed = unsquash  # x [..., n] of values on the standard scale
        super().__init__(parameters, reparameterized=False)

    def _log_prob(self, x):
        x = tf.cast(x, tf.float64)
        y = tf.cast(self._squash.forward(x), tf.float32)
        steepness = tf.cast(self._squash.forward_log_det_jacobian(x, 0), tf.float32)
        return self.base.log_prob(y) + steepness - self._log_unit

    def _sample_n(self, n, seed=None):
        return self.unsquashed(self.base.sample(n, seed=seed))


def mixture_of(params: tf.Tensor, kind: str, narrowest: float) -> tfd.Distribution:
    """A mixture of K "logistics" or "normals" of params [..., 3 K], on the standard scale.

    At first its components are spread over the scale, and together they are near a normal.
    """
    logits, raw_loc, raw_scale = tf.split(params, 3, axis=-1)
    num = logits.shape[-1]
    places = 3.0 * ((np.arange(num, dtype=np.float32) + 0.5) / num - 0.5)
    scale = positive(raw_scale, 0.4, narrowest)
    each = tfd.Normal if kind == "normals" else tfd.Logistic
    return tfd.MixtureSameFamily(tfd.Categorical(logits=logits), each(raw_loc + places, scale))


def quantile(p: tfd.Distribution, uniforms: Uniforms) -> tf.Tensor:
    """Draws of normals or logistics, by operators that every runtime has."""
    if isinstance(p, tfd.Logistic):
        u = uniforms(0)
        return p.loc + p.scale * (tf.math.log(u) - tf.math.log(1.0 - u))
    # Box & Muller 1958: normals of two uniforms.
    radius = tf.sqrt(-2.0 * tf.math.log(uniforms(0)))
    return p.loc + p.scale * radius * tf.cos(2.0 * np.pi * uniforms(1))
