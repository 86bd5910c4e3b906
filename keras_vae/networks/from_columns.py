"""What a network sees of a row of a table."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_vae._compat import tf, tfk, tfkl
from keras_vae.columns import Column, as_columns, squashes_of

# Standardised numbers beyond this are as far off as this.
_FAR = 10.0
_LARGEST = 1e15  # of which float32 has the square


def columns_encoder(
    columns: Sequence[Column], hidden: Sequence[int], activation: str, sees_mask: bool = False
) -> tfk.Sequential:
    """Dense layers that see rows as `FromColumns` makes them."""
    layers = [tfkl.Dense(units, activation) for units in hidden]
    return tfk.Sequential([FromColumns(columns, sees_mask), *layers], name="columns")


@tfk.saving.register_keras_serializable("keras_vae")
class FromColumns(tfkl.Layer):
    """Rows x [B, D] as features [B, F]: numbers on a standard scale, categories one-hot.

    A number is seen after its column's stored transform, with a flag for each of its spikes.
    Features of unknown cells are 0. Where x comes with its mask, [B, 2 D], the mask is a feature,
    too. What follows, the condition, stays as it is.

    Args:
      columns: D columns, `Column` or their dicts.
      sees_mask: whether x has its mask beside it.
    """

    def __init__(
        self, columns: Sequence[Column | Mapping[str, Any]], sees_mask: bool = False, **kwargs
    ):
        super().__init__(**kwargs)
        self.columns = as_columns(columns)
        self.sees_mask = sees_mask
        self._numbers = [i for i, c in enumerate(self.columns) if not c.is_choice]
        # Each flag is of a column, and says whether its x is this value.
        flags = [
            (i, value)
            for i, c in enumerate(self.columns)
            for value in (range(c.num_choices) if c.is_choice else c.spikes)
        ]
        self._flagged = [i for i, _ in flags]
        self._values = np.array([value for _, value in flags], np.float32)
        is_affine, *others = squashes_of([self.columns[i].squash for i in self._numbers])
        self._affine = is_affine
        self._loc, self._scale, self._mean, self._stddev = map(np.float32, others)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        size = len(self.columns)
        x, rest = inputs[..., :size], inputs[..., size:]
        numbers, flags = self._standard(x), self._flags(x)
        if not self.sees_mask:
            return tf.concat([numbers, flags, rest], axis=-1)
        known, rest = rest[..., :size], rest[..., size:]
        of_numbers, of_flags = (
            tf.gather(known, places, axis=-1) for places in (self._numbers, self._flagged)
        )
        return tf.concat([numbers * of_numbers, flags * of_flags, known, rest], axis=-1)

    def _standard(self, x):
        """The numbers on their standard scales, by operators that every runtime has."""
        y = (tf.gather(x, self._numbers, axis=-1) - self._loc) / self._scale
        size = tf.minimum(tf.abs(y), _LARGEST)
        asinh = tf.sign(y) * tf.math.log(size + tf.sqrt(size**2 + 1.0))
        y = tf.where(self._affine, y, (asinh - self._mean) / self._stddev)
        return tf.clip_by_value(y, -_FAR, _FAR)

    def _flags(self, x):
        """Whether categories, and spikes of numbers, are what x has."""
        return tf.cast(tf.equal(tf.gather(x, self._flagged, axis=-1), self._values), tf.float32)

    def get_config(self) -> dict[str, Any]:
        columns = [column.to_dict() for column in self.columns]
        return super().get_config() | {"columns": columns, "sees_mask": self.sees_mask}
