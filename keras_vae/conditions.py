"""Conditions: what a conditional model p(x|z, c) is told of an example, as a Keras layer.

A condition turns what a user gives (a label, an image) into the context that encoder, decoder and
prior compute with.
"""

import abc
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_vae._compat import ConditionLike, TensorLike, tf, tfd, tfk, tfkl
from keras_vae.messages.sentences import of_batch, some
from keras_vae.ops.dtype_policy import Float32
from keras_vae.ops.whole_numbers import as_floats

# Masks by name: which pixels of [H, W] are given.
VISIBLE = {
    "left_half": lambda h, w: _box(h, w, slice(None), slice(w // 2)),
    "right_half": lambda h, w: _box(h, w, slice(None), slice(w // 2, None)),
    "top_half": lambda h, w: _box(h, w, slice(h // 2), slice(None)),
    "bottom_half": lambda h, w: _box(h, w, slice(h // 2, None), slice(None)),
    "upper_left": lambda h, w: _box(h, w, slice(h // 2), slice(w // 2)),
    "upper_right": lambda h, w: _box(h, w, slice(h // 2), slice(w // 2, None)),
    "lower_left": lambda h, w: _box(h, w, slice(h // 2, None), slice(w // 2)),
    "lower_right": lambda h, w: _box(h, w, slice(h // 2, None), slice(w // 2, None)),
}


_WITHOUT_LABEL = "Leave out the examples that have no label."


def _box(height, width, rows, columns):
    mask = np.zeros((height, width), bool)
    mask[rows, columns] = True
    return mask


class Condition(Float32, tfkl.Layer, abc.ABC):
    """A layer: conditions [B, *shape] -> context [B, ...], float.

    Attributes:
      shape, given_dtype: of one example's condition.
      in_examples: whether the examples x [B, H, W, C] are conditions themselves.
      from_labels: whether conditions are the labels of the data.
      num_given: how many values of an example the condition settles.
      num_classes: how many labels there are, if the condition is a label; else None.
      names: what these labels are called, from 0 on; None where they have no names.
      visible: bool [H, W], which pixels of an image are given; None where no part is.
    """

    in_examples = False
    from_labels = False
    num_given = 0
    num_classes: int | None = None
    names: tuple[str, ...] | None = None
    visible: np.ndarray | None = None

    shape: tuple
    given_dtype: tf.DType

    @property
    @abc.abstractmethod
    def wanted(self) -> str:
        """What a user should give, for errors."""

    def zeros(self, batch_size: int) -> tf.Tensor:
        """Conditions [batch_size, *shape] that say as little as can be."""
        return tf.zeros([batch_size, *self.shape], self.given_dtype)

    def numbers_of(self, condition: ConditionLike) -> ConditionLike:
        """The condition in numbers: names of labels become labels, all else stays as it is."""
        return condition

    @abc.abstractmethod
    def to_show(self, n: int, x: TensorLike) -> np.ndarray:
        """n conditions that show what the model does, from examples x [B, H, W, C]."""

    def batch(self, condition: ConditionLike, batch_size: int | None = None) -> tf.Tensor:
        """Conditions [B, *shape] as tensor, from one for all (if B is given) or one for each."""
        condition = tf.convert_to_tensor(condition)
        if self.given_dtype.is_floating:
            condition = as_floats(condition)
        condition = tf.cast(condition, self.given_dtype)
        if batch_size is not None and tuple(condition.shape) == self.shape:
            condition = tf.repeat(condition[tf.newaxis], batch_size, axis=0)
        shape = tuple(condition.shape)
        is_batch = len(shape) == 1 + len(self.shape) and shape[1:] == self.shape
        if not is_batch or (None not in (batch_size, shape[0]) and shape[0] != batch_size):
            raise ValueError(
                f"condition must be {self.wanted}, of shape {of_batch(self.shape, batch_size)}; "
                f"got shape {list(shape)}."
            )
        return condition

    def complete(self, p: tfd.Distribution, condition: TensorLike) -> tfd.Distribution:
        """p(x|z, c), where c settles part of x itself; else p as it is."""
        del condition
        return p


@tfk.saving.register_keras_serializable("keras_vae")
class Label(Condition):
    """A class number, one-hot as context [B, num_classes] (Sohn et al. 2015).

    Args:
      num_classes: labels are 0 .. num_classes - 1.
      names: the labels' names, by which they may be given too; None where they have none.
    """

    shape = ()
    given_dtype = tf.int32
    from_labels = True
    num_classes: int

    def __init__(self, num_classes: int, names: Sequence[str] | None = None, **kwargs):
        super().__init__(**kwargs)
        if num_classes < 1:
            raise ValueError(f"num_classes must be at least 1, got {num_classes}.")
        if names is not None and not len(names) == len(set(names)) == num_classes:
            raise ValueError(
                f"names must be {num_classes} different ones, one for each label; got "
                f"{len(names)}, {len(set(names))} of them different: {some(names)}."
            )
        self.num_classes = num_classes
        self.names = None if names is None else tuple(names)

    @property
    def wanted(self) -> str:
        return f"a label from 0 to {self.num_classes - 1}"

    def numbers_of(self, condition: ConditionLike) -> ConditionLike:
        if tf.is_tensor(condition):
            if condition.dtype != tf.string:
                return condition
            if not tf.executing_eagerly():  # In a graph, names are known only when it runs.
                numbers = tf.numpy_function(self.numbers_of, [condition], tf.int32)
                return tf.ensure_shape(numbers, condition.shape)
        if np.ma.is_masked(condition):
            raise ValueError(
                f"condition must be {self.wanted}, got {np.ma.count_masked(condition)} that are "
                f"masked. {_WITHOUT_LABEL}"
            )
        try:
            given = np.asarray(condition)
        except ValueError as error:  # Lists of several lengths are no array.
            raise ValueError(f"condition must be {self.wanted}, got {condition!r:.100}.") from error
        values = given.ravel().tolist() if given.dtype.kind in "OSTU" else []
        if not any(isinstance(value, str | bytes) for value in values):
            if given.dtype.kind == "O":
                return self._of_objects(given)
            return given if isinstance(condition, list | tuple) else condition
        numbers = {name: i for i, name in enumerate(self.names or ())}
        numbers |= {name.encode(): i for name, i in numbers.items()}  # Tensors hold names as bytes.
        for value in values:
            if not isinstance(value, str | bytes) or value not in numbers:
                named = f", or one of {some(self.names)}" if self.names else " (they have no names)"
                remedy = f" {_WITHOUT_LABEL}" if value in ("", b"", None) else ""
                raise ValueError(
                    f"condition must be {self.wanted}{named}; got {_shown(value)}.{remedy}"
                )
        return np.array([numbers[value] for value in values], np.int32).reshape(given.shape)

    def batch(self, condition: ConditionLike, batch_size: int | None = None) -> tf.Tensor:
        """Labels [B] as tensor; they may come as [B, 1], one-hot [B, num_classes] or floats."""
        condition = tf.convert_to_tensor(self.numbers_of(condition))
        if condition.dtype is tf.bool:
            condition = tf.cast(condition, tf.int32)
        if not (condition.dtype.is_integer or condition.dtype.is_floating):
            raise ValueError(f"condition must be {self.wanted}, got {condition.dtype.name} values.")
        if condition.shape.rank == 2 and condition.shape[1] in (1, self.num_classes):
            condition = self._of_rows(condition)
        if tf.executing_eagerly():
            values = condition.numpy()
            bad = values[~((values >= 0) & (values < self.num_classes) & (values == values // 1))]
            if bad.size:
                remedy = f" {_WITHOUT_LABEL}" if np.any((bad == -1) | (bad != bad)) else ""
                raise ValueError(
                    f"condition must be {self.wanted}, got {bad[:10].tolist()}.{remedy}"
                )
        return super().batch(condition, batch_size)

    def _of_objects(self, given):
        """Floats from numbers that are objects, as in columns of tables; None becomes NaN."""
        try:
            return given.astype(np.float64)
        except (TypeError, ValueError) as error:
            kind = type(given.ravel()[0]).__name__
            raise ValueError(f"condition must be {self.wanted}, got objects of {kind}.") from error

    def _of_rows(self, rows):
        """[B, 1] as [B], and one-hot [B, num_classes] as the places of the ones."""
        if rows.shape[1] == 1:
            return rows[:, 0]
        if tf.executing_eagerly():
            found = rows.numpy()
            if not (np.all((found == 0) | (found == 1)) and np.all(found.sum(axis=1) == 1)):
                raise ValueError(
                    f"condition must be {self.wanted}, one for each example or one-hot rows, got "
                    f"rows of {self.num_classes} that aren't one-hot."
                )
        return tf.argmax(rows, axis=1, output_type=tf.int32)

    def to_show(self, n: int, x: TensorLike) -> np.ndarray:
        return np.arange(n, dtype=np.int32) % self.num_classes

    def call(self, condition: tf.Tensor) -> tf.Tensor:
        return tf.one_hot(condition, self.num_classes)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"num_classes": self.num_classes, "names": self.names}


def _shown(value):
    """A name as it was given; tensors have it in bytes."""
    try:
        return repr(value.decode() if isinstance(value, bytes) else value)
    except UnicodeDecodeError:
        return repr(value)


@tfk.saving.register_keras_serializable("keras_vae")
class ImagePart(Condition):
    """The visible part of the image itself: the model completes the rest (Sohn et al. 2015).

    The context [B, H, W, 2 C] is the image with its hidden part at 0, and where it is visible. The
    likelihood is that of the hidden pixels; the visible ones of an image are what was given.

    Args:
      visible: [H][W] numbers, 1 where a pixel is given and 0 where it is hidden.
      channels: C.

    Attributes:
      mask: bool [H, W, C], whether a value is given.
    """

    given_dtype = tf.float32
    in_examples = True
    wanted = "an image, of which the visible part counts"
    visible: np.ndarray

    def __init__(self, visible: Sequence | np.ndarray, channels: int = 1, **kwargs):
        super().__init__(**kwargs)
        self.visible, self.channels = np.asarray(visible, bool), channels
        if self.visible.ndim != 2 or self.visible.all() or not self.visible.any():
            raise ValueError(
                "visible must be [H, W] with some pixels given and some hidden, got shape "
                f"{list(self.visible.shape)} with {self.visible.mean():.0%} given."
            )
        self.shape = (*self.visible.shape, channels)
        self.mask = np.repeat(self.visible[..., np.newaxis], channels, axis=-1)
        self.num_given = int(self.mask.sum())

    def batch(self, condition: ConditionLike, batch_size: int | None = None) -> tf.Tensor:
        condition = tf.convert_to_tensor(condition)
        height_width = self.visible.shape
        if self.channels == 1 and height_width in (condition.shape, condition.shape[1:]):
            condition = condition[..., tf.newaxis]
        return super().batch(condition, batch_size)

    def to_show(self, n: int, x: TensorLike) -> np.ndarray:
        return np.resize(x, (n, *self.shape))

    def call(self, condition: tf.Tensor) -> tf.Tensor:
        seen = tf.where(self.mask, condition, 0.0)
        mask = tf.broadcast_to(tf.cast(self.mask, tf.float32), tf.shape(seen))
        return tf.concat([seen, mask], axis=-1)

    def complete(self, p: tfd.Distribution, condition: TensorLike) -> tfd.Distribution:
        return p.completed(condition, self.mask)

    def get_config(self) -> dict[str, Any]:
        config = {"visible": self.visible.astype(int).tolist(), "channels": self.channels}
        return super().get_config() | config
