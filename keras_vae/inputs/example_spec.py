"""The examples that a model takes: their shape, and what their values mean."""

from collections.abc import Callable
from typing import Any

import numpy as np

from keras_vae._compat import TensorLike, tf, tfk
from keras_vae.batches import Batch, Block
from keras_vae.inputs.arguments import check_dense, check_parts
from keras_vae.likelihoods import Likelihood, Support
from keras_vae.messages.notes import note
from keras_vae.messages.remedies import to_numbers, to_support
from keras_vae.messages.sentences import of_batch
from keras_vae.ops.whole_numbers import (
    BYTES,
    MOST,
    as_floats,
    infer_levels,
    is_whole,
    looks_like_few_levels,
)


def check_element_spec(spec: Any, check_shape: Callable[[tf.TensorShape], object]) -> None:
    """Raises ValueError for the elements of a tf.data set that can't be batches of examples."""
    if isinstance(spec, Block):
        return
    if isinstance(spec, Batch):
        # A part that isn't there has a specification too, of None.
        spec = spec.map(lambda part: part if isinstance(part, tf.TensorSpec) else None)
        check_parts(spec)
        spec = spec.x
    x = spec[0] if isinstance(spec, tuple) and 1 <= len(spec) <= 3 else spec
    if not isinstance(x, tf.TensorSpec):
        raise ValueError(
            "x must be a set of batches of examples, or of pairs (examples, conditions), got "
            f"elements of {type(x).__name__}. Map them: set.map(lambda row: row['image'])."
        )
    check_shape(x.shape)


_ROWS = 1024  # Examples checked at a time: this avoids a copy of all of x.


class ExampleSpec:
    """Shape and scale of a model's examples x [B, H, W, C].

    Floats are as they are, bool is {0, 1}. Whole numbers of any width are counts for a likelihood
    of counts; black and white for one of {0, 1}; else level / (levels - 1).

    Args:
      likelihood: a `Likelihood`.
      levels: how many levels whole numbers have; None for 256, of bytes, until `settle` sees a
        whole array. A likelihood of levels has its own.

    Raises:
      ValueError: levels isn't such a number, or differs from the likelihood's.
    """

    def __init__(self, likelihood: Likelihood, levels: int | None = None):
        self.event_shape, self.likelihood = tuple(likelihood.event_shape), likelihood
        self._support = likelihood.support
        own = likelihood.levels if self._support is Support.LEVELS else None
        if levels is not None and not (is_whole(levels) and 2 <= levels <= MOST):
            raise ValueError(f"levels must be a whole number from 2 to {MOST}, got {levels!r}.")
        if None not in (levels, own) and levels != own:
            raise ValueError(
                f"levels={levels}, but the likelihood is of {own} levels. Leave it out."
            )
        self.levels = own if levels is None else levels

    @property
    def needs_binary(self) -> bool:
        """Whether examples must be black and white."""
        return self._support is Support.BINARY

    @property
    def _is_two_valued(self) -> bool:
        return self._support is Support.BINARY or (
            self._support in (Support.UNIT, Support.REAL) and self.levels == 2
        )

    def floats(self, x: TensorLike) -> tf.Tensor:
        """x [B, H, W, C], or [B, H, W] where C is 1, as float32 [B, H, W, C], in a graph too.

        Raises:
          ValueError: it has another shape, or holds no numbers.
        """
        if tf.is_tensor(x) and tfk.backend.is_keras_tensor(x):
            raise ValueError(
                "x is a symbolic input of Keras, and must hold numbers here. In a functional "
                "model call the model itself, vae(x), which reconstructs, or vae.encoder(x)."
            )
        x = self.with_channels(x)
        return self.scaled(tf.ensure_shape(x, [None, *self.event_shape]))

    def with_channels(self, x: TensorLike) -> TensorLike:
        """Tensor or array x [B, H, W, C]; or [B, H, W], where C is 1, with that axis."""
        x = _dense_numbers(x) if tf.is_tensor(x) else _array(x)
        self.check_shape(x.shape)
        return x[..., np.newaxis] if len(x.shape) == len(self.event_shape) else x

    def scaled(self, x: TensorLike) -> tf.Tensor:
        """x of any shape as float32."""
        x = tf.convert_to_tensor(x)
        if not x.dtype.is_integer:
            return as_floats(x)
        if self._support is Support.COUNTS:
            return as_floats(x, levels=2)
        if self._is_two_valued:
            return as_floats(x > 0)
        return as_floats(x, self.levels or BYTES)

    def check_shape(self, shape: tf.TensorShape | tuple) -> None:
        """Raises ValueError for the shape of a batch, as far as it is known, that can't be x's."""
        event = self.event_shape
        if isinstance(shape, tuple) and shape[1:] == event:
            return  # The common case comes first: every batch is checked here.
        shape = tf.TensorShape(shape)
        if shape.rank is None or shape[1:].is_compatible_with(event):
            return
        if event[-1] == 1 and shape[1:].is_compatible_with(event[:-1]):
            return
        hint = ""
        if shape.is_compatible_with(event):
            hint = " A single example needs its batch axis: x[np.newaxis]; a set, batch(128)."
        elif shape.rank == 2:
            hint = f" Reshape rows of numbers: x.reshape(-1, {', '.join(map(str, event))})."
        elif len(event) == 3 and shape[1:].is_compatible_with((event[2], event[0], event[1])):
            hint = " Move the channels to the end: np.moveaxis(x, 1, -1)."
        raise ValueError(f"x must be of shape {of_batch(event)}, got {list(shape)}.{hint}")

    def check(self, x: TensorLike) -> None:
        """Raises ValueError unless every example of an array or eager tensor can be taken."""
        x = _array(x)
        self.check_shape(x.shape)
        if not len(x):
            raise ValueError("x must hold at least one example, got none.")
        for start in range(0, len(x), _ROWS):
            self._check_values(x[start : start + _ROWS])

    def check_known(self, mask: TensorLike) -> None:
        """Raises ValueError unless the likelihood has a density of those values that are known.

        Args:
          mask: bool [..., H, W, C], which values are known.
        """
        self.likelihood.check_known(np.asarray(mask))

    def check_part(self, x: TensorLike, known: TensorLike) -> None:
        """Raises ValueError unless those values of x [..., H, W, C] that are known can be taken.

        Args:
          x: array or eager tensor, of examples or one.
          known: bool, of a shape that x's broadcasts with.
        """
        self._check_values(np.where(known, _array(x), 0))

    def _check_values(self, x):
        if x.dtype.kind in "iu":
            self._check_whole_numbers(x)
        elif x.dtype.kind != "b":
            self.likelihood.check_values(x)
            if x.dtype == np.float64 and max(-x.min(), x.max()) > np.finfo(np.float32).max:
                raise ValueError(
                    f"x must fit into float32, got {x.min():.4g} to {x.max():.4g}. Rescale it."
                )

    def _check_whole_numbers(self, x):
        low, high = int(x.min()), int(x.max())
        came = f"x holds whole numbers from {low} to {high}"
        if self._support is Support.COUNTS:
            if low < 0:
                raise ValueError(f"{came}, and counts begin at 0. Clean them.")
        elif self._is_two_valued:
            if not (low >= 0 and high in (0, 1, 255) and np.all((x == 0) | (x == high))):
                raise ValueError(
                    f"{came}, and the model's values are black and white, {{0, 1}} or {{0, 255}}. "
                    f"Cut them, as in x >= {(high + 1) // 2}, or train a model for grey, such as "
                    "likelihood='continuous_bernoulli'."
                )
        elif low < 0 or high >= (self.levels or BYTES):
            levels = self.levels or BYTES
            raise ValueError(
                f"{came}, and the model's are from 0 to {levels - 1}, of {levels} levels. "
                f"{self._remedy_of_beyond(low, high, levels)}"
            )
        elif self.levels is None and looks_like_few_levels(high):
            raise ValueError(
                f"{came}: that looks like {high + 1} levels rather than bytes, of which it would "
                f"be nearly black. Say which, by levels={high + 1} or levels=256, in recipe(..., "
                f"levels={high + 1}) or VAE(..., levels={high + 1}), or give floats from 0 to 1."
            )

    def _remedy_of_beyond(self, low, high, levels):
        """What to do with whole numbers that the model's levels don't hold, as sentences."""
        of_real = "If they are real numbers, give x.astype('float32')."
        if low >= 0 and high < MOST:
            of_levels = (
                f"If they are other levels, build the model with levels={infer_levels(high)}."
            )
            return f"{of_levels} {of_real}" if self._support is Support.REAL else of_levels
        if self._support is Support.REAL:
            return of_real
        return to_support("levels", low, high, is_whole=True, levels=levels)

    def take(self, levels: int | None) -> bool:
        """Takes the levels that whole numbers are known to have; None for counts.

        Returns:
          Whether the levels have changed.

        Raises:
          ValueError: the model has other levels.
        """
        if self._support in _KNOWN_BY_THEMSELVES or levels == self.levels:
            return False
        if levels is None or self.levels is not None:
            raise ValueError(
                f"these whole numbers have {levels} levels, the model has {self.levels}. Build it "
                "with keras_vae.build(config, data=...)."
            )
        self.levels = levels
        return True

    def settle(self, x: TensorLike) -> bool:
        """Takes the levels from a whole array of whole numbers, where nothing has said them.

        Returns:
          Whether the levels have changed.
        """
        check_dense("x", x)
        x = np.asanyarray(x)
        if x.dtype.kind not in "iu" or not x.size or self._support in _KNOWN_BY_THEMSELVES:
            return False
        low, high = int(x.min()), int(x.max())
        if self.levels is not None:
            if looks_like_few_levels(high) and not looks_like_few_levels(self.levels - 1):
                note(
                    f"x holds whole numbers up to {high} of the model's {self.levels} levels: it "
                    f"is nearly black. If these are all, build the model with levels={high + 1}."
                )
            return False
        if low < 0 or high >= MOST or high == 0:
            return False
        levels = infer_levels(high)
        if levels not in (2, BYTES):
            note(
                f"x holds whole numbers up to {high}: taken as {levels} levels, from now on too. "
                "If they are others, say so: levels=256 for bytes."
            )
        elif x.dtype != np.uint8 and not np.all((x == 0) | (x == high)):
            note(f"x holds {x.dtype.name} up to {high}: taken as bytes, 255 being white.")
        self.levels = levels
        return True


def _dense_numbers(x):
    """The tensor x, which must hold numbers."""
    check_dense("x", x)
    if not (x.dtype.is_integer or x.dtype.is_floating or x.dtype.is_bool):
        raise ValueError(f"x must hold numbers, got {x.dtype.name}. Convert it.")
    return x


def _array(x):
    """x, an array, eager tensor or list, as an array of numbers, none of them masked."""
    if not isinstance(x, np.ndarray) and tf.is_tensor(x):
        _dense_numbers(x)
    try:
        x = np.asanyarray(x)  # This doesn't copy an eager tensor, as x.numpy() does.
    except ValueError as error:  # numpy makes no array of lists of different lengths.
        raise ValueError(
            f"x must be one array of numbers, got parts that differ: {error}"
        ) from None
    # Floats that numpy doesn't know, such as bfloat16, have kind V.
    if x.dtype.kind not in "biuf" and x.dtype.name != "bfloat16":
        raise ValueError(f"x must hold numbers, got {x.dtype}. {to_numbers(x.dtype)}")
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        raise ValueError(
            f"x is a masked array, with {np.ma.count_masked(x)} values masked, and masks aren't "
            "supported. Fill in these values: x.filled(0)."
        )
    # TensorFlow has no floats of more than 64 bits.
    return x.astype(np.float64) if x.dtype.kind == "f" and x.dtype.itemsize > 8 else x


# Likelihoods whose whole numbers need no scale.
_KNOWN_BY_THEMSELVES = (Support.BINARY, Support.COUNTS)
