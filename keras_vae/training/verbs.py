"""Keras' verbs, with the examples, conditions, masks and weights that users have."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_vae._compat import ConditionLike, TensorLike, tf, tfk
from keras_vae.batches import Batch, Block
from keras_vae.data import Split, steps_per_epoch
from keras_vae.inputs import TakesExamples, check_element_spec
from keras_vae.inputs.arguments import (
    as_batch,
    as_conditions,
    as_input,
    as_weights,
    check_parts,
    check_weights,
    is_array,
)
from keras_vae.messages.notes import note
from keras_vae.training import refusals
from keras_vae.training.feeding import evaluation_set, training_set
from keras_vae.training.given_callbacks import check_callbacks
from keras_vae.training.planning import PlanByFit, planned
from keras_vae.training.steps_bar import with_steps_bar

if TYPE_CHECKING:
    from keras_vae.training.trainable import Trainable

_BATCH_SIZE = 32  # Keras' own


class Verbs(TakesExamples):
    """Keras' fit, evaluate, predict and their like for one batch."""

    # How images of a Split are augmented in training; `build` sets it.
    augment: tuple[str, ...] = ()

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        # Plain attributes, which Keras doesn't track.
        object.__setattr__(self, "_looks_at_batches", True)
        object.__setattr__(self, "_told_of_target", False)

    def fit(
        self: "Trainable",
        x: TensorLike | tf.data.Dataset | Split | Iterable,
        y: ConditionLike | None = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: dict | None = None,
        sample_weight: TensorLike | None = None,
        initial_epoch: int = 0,
        *,
        mask: TensorLike | None = None,
        **kwargs,
    ) -> tfk.callbacks.History:
        """Keras' fit, of arrays of examples, of tf.data sets, or of a split of a data set.

        Args:
          x: examples; or a tf.data set of batches: of examples, of pairs with conditions, of
            `Batch(x, condition=.., mask=.., weight=..)`, whose mask says which values are known, or
            of Blocks; or a `data.Split`, which is binarized where the likelihood needs it and
            brings its labels.
          y: the conditions of a conditional model. Other models leave it out, with a note.
          batch_size, epochs, verbose, callbacks: as Keras' fit has them.
          validation_split, validation_data: so too; data are (x, y), (x, y, weights) or a Split.
          shuffle, initial_epoch, **kwargs: so too.
          class_weight, sample_weight: how much the loss of each example counts: numbers [B] of an
            array, or by its y. The metrics are weighed means.
          mask: bool, of x's shape, which values of an array x are known. The bound is that of the
            known values, as if the others were missing at random given these (MAR). A split, and a
            `Batch` of a set, bring their own.

        Raises:
          ValueError: an array has another shape, or values that the likelihood gives no mass to;
            or an argument, or a callback, can't be obeyed.
        """
        self._assert_compile_was_called()
        check_callbacks(self, callbacks)
        self.take_up_training()
        size, steps, of_blocks = batch_size or _BATCH_SIZE, None, False
        if isinstance(x, Split):
            refusals.refuse_beside_split(
                y=y, mask=mask, sample_weight=sample_weight, class_weight=class_weight
            )
            blocks, kwargs["steps_per_epoch"] = training_set(self, x, size, epochs, initial_epoch)
            steps = steps_per_epoch(x, size)
            callbacks, x, batch_size = with_steps_bar(callbacks, steps), blocks, None
        else:
            x = as_input(x)
            of_blocks = isinstance(getattr(x, "element_spec", None), Block)
            if self.augment and (is_array(x) or (isinstance(x, tf.data.Dataset) and not of_blocks)):
                note(
                    f"augment={','.join(self.augment)} changes images of a data set's split alone: "
                    "these are trained on as they are."
                )
        if steps or is_array(x):
            refusals.check_parts(self, size)
        weights = {"sample_weight": sample_weight, "class_weight": class_weight}
        if mask is not None or (is_array(x) and not (sample_weight is None and not class_weight)):
            refusals.refuse_split_of_parts(validation_split)
            x, y = self._as_set(x, y, size, mask, **weights, shuffle=shuffle), None
            batch_size, weights = None, {}
        elif not steps:
            x, y = self._input(x, y)
        kwargs |= weights | {
            "validation_split": validation_split,
            "validation_data": self._validation(validation_data, size),
            "shuffle": shuffle,
            "initial_epoch": initial_epoch,
        }
        if not of_blocks and not all(schedule.fixed for schedule in planned(self)):
            callbacks = [PlanByFit(initial_epoch, steps), *tf.nest.flatten(callbacks or [])]
        with self._looking_at_batches(not is_array(x)):
            return super().fit(x, y, batch_size, epochs, verbose, callbacks, **kwargs)

    def evaluate(
        self: "Trainable",
        x: TensorLike | tf.data.Dataset | Split | Iterable,
        y: ConditionLike | None = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: TensorLike | None = None,
        *args,
        mask: TensorLike | None = None,
        **kwargs,
    ) -> float | list[float] | dict[str, float]:
        """Keras' evaluate (and so `fit`'s validation), with `evaluation_weights`.

        A mask and weights are as in `fit`; with weights, the metrics are weighed means.
        """
        size = batch_size or _BATCH_SIZE
        if isinstance(x, Split):
            refusals.refuse_beside_split(y=y, mask=mask, sample_weight=sample_weight)
            x, batch_size = evaluation_set(self, x, size), None
        elif mask is not None or (sample_weight is not None and is_array(as_input(x))):
            x, y = self._as_set(as_input(x), y, size, mask, sample_weight), None
            batch_size = sample_weight = None
        elif not kwargs.get("_use_cached_eval_dataset"):  # In validation, fit has checked it.
            x, y = self._input(x, y)
        with self.evaluation_weights(), self._looking_at_batches(not is_array(x)):
            return super().evaluate(x, y, batch_size, verbose, sample_weight, *args, **kwargs)

    def predict(
        self: "Trainable", x: TensorLike | tf.data.Dataset | Iterable, *args, **kwargs
    ) -> np.ndarray:
        """Keras' predict, of examples, a set of them, or either with their conditions: (x, c)."""
        if isinstance(x, (tuple, list)) and len(x) == 2 and self.condition is not None:
            x, condition = np.asarray(x[0]), as_conditions(self.numbers_of(x[1]))
            self.check_examples(x, condition)
            batch_size = (args[0] if args else kwargs.pop("batch_size", None)) or _BATCH_SIZE
            x = tf.data.Dataset.from_tensor_slices((x, condition)).batch(batch_size)
            args = (None, *args[1:])  # The set has its batches.
        x, _ = self._input(x, settles=False)
        with self._looking_at_batches(not is_array(x)):
            return super().predict(x, *args, **kwargs)

    def train_on_batch(
        self: "Trainable",
        x: TensorLike,
        y: ConditionLike | None = None,
        sample_weight: TensorLike | None = None,
        class_weight: dict | None = None,
        *args,
        **kwargs,
    ) -> float | list[float] | dict[str, float]:
        """Keras' own, of one batch of examples, their conditions and weights."""
        self.take_up_training()
        batch = self._batch(x, y, sample_weight, class_weight)
        return super().train_on_batch(*batch, None, None, *args, **kwargs)

    def test_on_batch(
        self: "Trainable",
        x: TensorLike,
        y: ConditionLike | None = None,
        sample_weight: TensorLike | None = None,
        *args,
        **kwargs,
    ) -> float | list[float] | dict[str, float]:
        """As `train_on_batch`, but with `evaluation_weights`, as `evaluate`."""
        with self.evaluation_weights():
            return super().test_on_batch(*self._batch(x, y, sample_weight), None, *args, **kwargs)

    def _batch(self, x, y, sample_weight=None, class_weight=None):
        """(x, y) of one batch; with weights, x is the `Batch` of all."""
        x, y = as_input(x), as_conditions(self.numbers_of(y))
        weight = as_weights(len(x), y, sample_weight, class_weight) if is_array(x) else None
        y = self._without_target(y)
        return (x, y) if weight is None else (Batch(x, condition=y, weight=weight), None)

    def _without_target(self, y):
        """The conditions y; None, with one note, for a model that takes none."""
        if y is None or self.condition is not None:
            return y
        if not self._told_of_target:
            object.__setattr__(self, "_told_of_target", True)
            note(
                "this model learns x alone: what stands beside it (y, labels or targets) is left "
                "out. A conditional model takes labels: recipe=cvae."
            )
        return None

    def _as_set(
        self, x, y, batch_size, mask=None, sample_weight=None, class_weight=None, shuffle=False
    ):
        """The tf.data set of Batches of an array with its mask or weights."""
        if not is_array(x):
            raise ValueError(
                f"mask is for an array of examples, got a {type(x).__name__}. Give a set of "
                "Batch(x, mask=..), or data.InMemory(x, mask=..)."
            )
        check_parts(Batch(x, mask=mask))
        y = as_conditions(self.numbers_of(y))
        weight = as_weights(len(x), y, sample_weight, class_weight)
        y = self._without_target(y)
        self.settle_levels(x if mask is None else np.where(mask, x, np.zeros([], x.dtype)))
        named = {"x": x, "mask": mask, "condition": y, "weight": weight}
        named = {name: part for name, part in named.items() if part is not None}
        examples = tf.data.Dataset.from_tensor_slices(named)
        if shuffle:
            examples = examples.shuffle(len(x), seed=self.seed)
        return examples.batch(batch_size).map(lambda parts: Batch(**parts))

    def _validation(self: "Trainable", given, batch_size):
        """validation_data as Keras takes it, a tuple or a set; None stays None."""
        if given is None:
            return None
        if isinstance(given, Split):
            return evaluation_set(self, given, batch_size)
        if not isinstance(given, tuple):
            x, _ = self._input(given, name="validation_data")
            return (x,) if is_array(x) else x
        if not 1 <= len(given) <= 3:
            raise ValueError(
                f"validation_data must be (x,) or (x, conditions), got {len(given)} parts."
            )
        x, y, weight = (*given, None, None)[:3]
        if weight is None:
            return self._input(x, y)[: len(given)]
        return self._as_set(as_input(x), y, batch_size, sample_weight=weight)

    def _input(self, x, y=None, name="x", settles=True):
        """(x, y) as Keras is to have them.

        A set, or a generator, shows the values of each batch when it comes: see `looked_at`.

        Raises:
          ValueError: what can be known of an input before its first batch can't be taken.
        """
        x, y = as_input(x, name), self._without_target(as_conditions(self.numbers_of(y)))
        if is_array(x):
            if settles:
                self.settle_levels(x)
            self.check_examples(x, y)
        elif isinstance(x, tf.data.Dataset):
            check_element_spec(x.element_spec, self.check_shape)
            # A batch without a mask has a spec too, of None.
            if isinstance(getattr(x.element_spec, "mask", None), tf.TensorSpec):
                self.check_masks()
        return x, y

    @contextlib.contextmanager
    def _looking_at_batches(self, wanted: bool) -> Iterator[None]:
        """Inside, batches are checked or not: those of an array that was checked whole need not."""
        before = self._looks_at_batches
        object.__setattr__(self, "_looks_at_batches", wanted)
        try:
            yield
        finally:
            object.__setattr__(self, "_looks_at_batches", before)

    def looked_at(self, data: Any) -> Batch:
        """A batch of the user's, checked: outside of what XLA compiles, which drops checks."""
        batch = as_batch(data)
        x, condition, weight = batch.x, self.numbers_of(batch.condition), batch.weight
        condition = self._without_target(condition)
        if weight is not None:
            weight = tf.cast(weight, tf.float32)
        # A replica may have no rows of the last batch.
        is_rest = tf.distribute.get_replica_context().num_replicas_in_sync > 1 and not len(x)
        if self._looks_at_batches and not is_rest:
            self.check_examples(x, condition)
            if batch.mask is not None:
                self.example_spec.check_known(batch.mask)
            if weight is not None:
                check_weights(weight, len(x))
        return batch._replace(condition=condition, weight=weight)
