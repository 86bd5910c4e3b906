"""Checks of what users give to Keras' verbs, before Keras casts or drops some of it."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from keras_vae._compat import ConditionLike, TensorLike, tf, tfk
from keras_vae.batches import Batch
from keras_vae.messages.sentences import some

_SPARSE = {tf.RaggedTensor: "x.to_tensor()", tf.SparseTensor: "tf.sparse.to_dense(x)"}


def is_array(x: Any) -> bool:
    """Whether x holds all of its values: an array, or an eager tensor."""
    return isinstance(x, np.ndarray) or tf.is_tensor(x)


def check_dense(name: str, x: Any) -> None:
    """Raises ValueError for a tensor that isn't one block of numbers or text."""
    for kind, line in _SPARSE.items():
        if isinstance(x, kind):
            raise ValueError(
                f"{name} must be one dense array, got a {kind.__name__}. Write "
                f"{line.replace('x', name)}."
            )


def as_weights(
    size: int, y: ConditionLike | None, sample_weight: Any = None, class_weight: Any = None
) -> np.ndarray | None:
    """How much each of `size` examples counts, float32 [B]; None where nothing says so.

    Args:
      size: B.
      y: labels [B], where there are class weights.
      sample_weight, class_weight: as Keras' fit has them: numbers [B], {label: number}.
    """
    if sample_weight is None and not class_weight:
        return None
    weight = np.ones(size, np.float32)
    if sample_weight is not None:
        weight = np.asarray(sample_weight, np.float32)
        check_weights(weight, size)
    if not class_weight:
        return weight
    labels = np.asarray(y)
    if labels.shape != (size,):
        raise ValueError(f"class_weight needs y, a label for each of the {size} examples.")
    if missing := sorted(set(labels.tolist()) - set(class_weight)):
        lost = some([str(label) for label in missing])
        raise ValueError(f"class_weight must have all labels, it lacks {lost}.")
    return weight * np.array([class_weight[label] for label in labels.tolist()], np.float32)


def check_weights(weight: TensorLike, size: int) -> None:
    """Raises ValueError unless each of `size` examples has a weight that is finite and not below 0.

    Args:
      weight: an array or eager tensor.
      size: how many examples there are.
    """
    weight = np.asarray(weight)
    if weight.shape != (size,) or not np.all((weight >= 0) & (weight < np.inf)):
        raise ValueError(
            f"sample_weight must be a finite number from 0 on for each of {size} examples, got "
            f"shape {weight.shape}, values from {weight.min():g} to {weight.max():g}."
        )


def check_temperature(temperature: Any, num_layers: int = 1) -> None:
    """Raises ValueError unless it is a number from 0 on, or one for each of several layers."""
    values = np.asarray(temperature)
    if values.shape not in [(), (num_layers,)] or values.shape == (1,):
        several = f", or one for each of {num_layers} layers of latents" * (num_layers > 1)
        raise ValueError(
            f"temperature must be one number{several}, got an array of shape {values.shape}."
        )
    if not np.all((values >= 0) & (values < np.inf)):
        raise ValueError(f"temperature must be at least 0 and finite, got {temperature}.")


def as_input(x: Any, name: str = "x") -> Any:
    """x in a form for Keras: an array, a tf.data set, or batches that are checked as they come.

    Raises:
      ValueError: x is none of these.
    """
    if is_array(x) or isinstance(x, (tf.data.Dataset, tf.distribute.DistributedDataset)):
        return x
    if isinstance(x, tfk.utils.Sequence):
        return _CheckedSequence(x)
    if hasattr(x, "__next__"):
        return _checked(x)
    if isinstance(x, (list, tuple, dict)):
        raise ValueError(
            f"{name} must be one array of examples or a set of batches, got a {type(x).__name__} "
            f"of {len(x)} parts. If they are examples, give np.stack(x); a conditional model "
            "takes fit(x, conditions) and predict((x, conditions))."
        )
    if hasattr(x, "__array__"):  # Data frames, images, arrays of other libraries.
        return np.asarray(x)
    raise ValueError(
        f"{name} must be one array of examples or a set of batches, got {_shown(x)}. Files are "
        "read by keras_vae.data.load('folder:PATH'), or 'npz:PATH'."
    )


def as_conditions(y: ConditionLike | None) -> TensorLike | None:
    """Conditions as an array or tensor; None stays None.

    Raises:
      ValueError: a list of parts that differ.
    """
    if y is None or (is_array(y) and not isinstance(y, tuple(_SPARSE))):
        return y
    check_dense("condition", y)
    try:
        return np.asarray(y)
    except ValueError as error:
        raise ValueError(f"condition must be one array, got parts that differ: {error}") from error


def as_batch(data: Any) -> Batch:
    """The `Batch` of what a set gives: examples, a pair (examples, conditions), or a `Batch`.

    A pair may have the examples' weights as its third part. Values of x that the mask marks as
    unknown become 0.

    Raises:
      ValueError: it holds noise, or a mask of another shape.
    """
    if not isinstance(data, Batch):
        x, condition, weight = tfk.utils.unpack_x_y_sample_weight(data)
        if not isinstance(x, Batch):
            return Batch(x, condition=condition, weight=weight)
        data = x
    check_parts(data)
    if data.mask is None:
        return data
    return data._replace(x=tf.where(data.mask, data.x, tf.zeros_like(data.x)))


def check_parts(batch: Batch) -> None:
    """Raises ValueError for a batch of the user's, or its element_spec, that can't be taken."""
    if batch.noise is not None or batch.seed is not None:
        raise ValueError(
            "Batch must come without noise and seed, which are drawn for it. Leave them out, or "
            "give Blocks."
        )
    mask = batch.mask
    if mask is None:
        return
    shape, dtype = tf.TensorShape(batch.x.shape), tf.as_dtype(mask.dtype)
    if dtype != tf.bool or not shape.is_compatible_with(mask.shape):
        raise ValueError(
            f"mask must be bool, of x's shape {tuple(shape)}; got {dtype.name} of shape "
            f"{tuple(mask.shape)}. True marks a known value."
        )


class RefusedBatch(ValueError):
    """The error of a batch that is refused."""


def next_batch(iterator: Iterator) -> Any:
    """next(iterator); a `RefusedBatch` is restored from the error that TensorFlow makes of it."""
    try:
        return next(iterator)
    except tf.errors.OpError as error:
        if refused := re.search(f"{RefusedBatch.__name__}: (.*)", error.message):
            raise RefusedBatch(refused[1]) from None
        raise


class _Alike:
    """Takes batches, and refuses a batch that Keras would change without a word.

    Keras would cast a batch to the first batch's kind of numbers, for example 0.5 to 0. It would
    drop weights where there is no y.
    """

    def __init__(self):
        self._kinds = None

    def __call__(self, batch: Any) -> tuple:
        try:
            return self._taken(batch)
        except ValueError as error:
            raise RefusedBatch(str(error)) from None

    def _taken(self, batch):
        parts = tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)
        parts = parts if len(parts) == 3 else (*parts, None, None)[:3] if len(parts) < 3 else ()
        if not parts or not hasattr(parts[0], "__array__"):
            raise ValueError(
                "x must come in batches x, (x,) or (x, conditions), of which each is one array, "
                f"got {_shown(batch)}."
            )
        x, y, weights = parts
        if y is None and weights is not None:
            raise ValueError(
                "weights of examples come beside a y, which Keras would drop them without: give "
                "batches (x, y, weights), or a tf.data set of Batch(x, weight=..)."
            )
        x, y = as_input(x), as_conditions(y)
        kinds = _kind(x), None if y is None else _kind(y)
        self._kinds = self._kinds or kinds
        if kinds != self._kinds:
            came, first = (", ".join(filter(None, k)) for k in (kinds, self._kinds))
            raise ValueError(
                f"x must come in batches of one kind of numbers, got one of {came} after {first}. "
                "Convert them, as by x.astype('float32')."
            )
        return tuple(part for part in (x, y, weights) if part is not None)


class _CheckedSequence(tfk.utils.Sequence):
    """The batches of another Sequence, each checked."""

    def __init__(self, sequence: tfk.utils.Sequence):
        self._sequence, self._take = sequence, _Alike()

    def __len__(self):
        return len(self._sequence)

    def __getitem__(self, index):
        return self._take(self._sequence[index])

    def on_epoch_end(self) -> None:
        self._sequence.on_epoch_end()


def _checked(batches):
    take = _Alike()
    first = list(itertools.islice(batches, 1))
    if not first:
        raise ValueError("x must give at least one batch, but this generator is at its end.")
    return map(take, itertools.chain(first, batches))


def _kind(x):
    """The kind of numbers that Keras casts batches to: floats of any width, text, or the dtype."""
    dtype = np.dtype(x.dtype.as_numpy_dtype if tf.is_tensor(x) else x.dtype)
    return {"f": "floats", "U": "text", "S": "text", "O": "text"}.get(dtype.kind, dtype.name)


def _shown(x):
    parts = f" of {len(x)} parts" if isinstance(x, (list, tuple, dict, set)) else ""
    return f"a {type(x).__name__}{parts}" if x is not None else "None"
