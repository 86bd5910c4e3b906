"""What a model takes: examples, and conditions where it is a conditional one."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from keras_vae._compat import ConditionLike, TensorLike, tf, tfk
from keras_vae.batches import Batch
from keras_vae.inputs.arguments import as_batch
from keras_vae.inputs.example_spec import ExampleSpec

if TYPE_CHECKING:
    from keras_vae.conditions import Condition


class TakesExamples(tfk.Model):
    """A Keras model that takes examples, as users have them.

    A subclass sets both attributes.

    Attributes:
      example_spec: what examples must be, and how they become floats.
      condition: what the model is told of an example; None where it is told nothing.
    """

    example_spec: ExampleSpec
    condition: "Condition | None"
    # Keras' own functions, None until Keras makes them.
    train_function: Callable | None
    test_function: Callable | None
    predict_function: Callable | None

    @property
    def levels(self) -> int | None:
        """How many levels whole numbers in x have; None while nothing has said it."""
        return self.example_spec.levels

    def as_floats(self, x: TensorLike) -> tf.Tensor:
        """Examples x [B, H, W, C] (or [B, H, W], C being 1) as the model computes with: float32."""
        return self.example_spec.floats(x)

    def known_part(
        self, x: TensorLike, mask: TensorLike | None
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        """(x as floats, with 0 where its values are unknown; the mask in its shape, or None)."""
        x = self.as_floats(x)
        if mask is None:
            return x, None
        self._check_all_known()
        mask = tf.ensure_shape(self.example_spec.with_channels(mask), x.shape)
        return tf.where(mask, x, 0.0), mask

    def checked_part(
        self, x: TensorLike, mask: TensorLike | None
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        """`known_part`; the known values of x are checked, unless it is of a graph."""
        if mask is None:
            return self.checked_floats(x), None
        self._check_all_known()
        x, mask = (t if tf.is_tensor(t) else np.asanyarray(t) for t in (x, mask))
        x = as_batch(Batch(x, mask=mask)).x
        if tf.executing_eagerly():
            self.example_spec.check(x)
        x, mask = self.known_part(x, mask)
        if tf.executing_eagerly():
            self.example_spec.check_known(mask)
        return x, mask

    def check_masks(self) -> None:
        """Raises ValueError if the model's bound can't leave values of x out.

        The same errors come inside a graph, where TensorFlow adds a long traceback.
        """
        self._check_all_known()
        if self.decoder.in_turn:
            raise ValueError(
                "mask: values of x come in turn (decoder=autoregressive), so none can be left out. "
                "Use decoder=independent."
            )

    def _check_all_known(self):
        if self.condition is not None and self.condition.in_examples:
            raise ValueError(
                "mask: this model is given part of each example, all of which must be known. Use "
                "a model without condition=image_part."
            )

    def check_shape(self, shape: tf.TensorShape | tuple) -> None:
        """Raises ValueError for the shape of a batch, as far as it is known, that can't be x's."""
        self.example_spec.check_shape(shape)

    @property
    def needs_binary(self) -> bool:
        """Whether the likelihood gives mass to 0 and 1 alone."""
        return self.example_spec.needs_binary

    def forget_graphs(self) -> None:
        """Has Keras trace its functions anew: what they were traced with has changed."""
        self.train_function = self.test_function = self.predict_function = None

    def take_levels(self, levels: int | None) -> None:
        """Takes the levels that whole numbers are known to have, unless others are known.

        Raises:
          ValueError: they aren't those of the model.
        """
        if self.example_spec.take(levels):
            self.forget_graphs()

    def settle_levels(self, x: TensorLike) -> None:
        """Takes the levels of a whole array of whole numbers, unless they are known."""
        if self.example_spec.settle(x):
            self.forget_graphs()

    def check_examples(self, x: TensorLike, condition: ConditionLike | None = None) -> None:
        """Raises ValueError for arrays of another shape, or of values without mass or meaning."""
        self.example_spec.check(x)
        if condition is not None or (self.condition is not None and not self.condition.in_examples):
            self.condition_of(condition, x)

    def checked_floats(self, x: TensorLike) -> tf.Tensor:
        """x as floats; its values are checked, unless it is of a graph."""
        floats = self.as_floats(x)
        if tf.executing_eagerly():
            self.example_spec.check(x)
        return floats

    def condition_of(
        self,
        condition: ConditionLike | None,
        x: TensorLike | None = None,
        batch_size: int | None = None,
    ) -> tf.Tensor | None:
        """The conditions [B, ...] that `decode` is given; None if the model isn't conditional.

        Args:
          condition: one for all or one for each; None where x holds the conditions itself.
          x: examples [B, H, W, C].
          batch_size: B, where there is no x.
        """
        if self.condition is None:
            if condition is not None:
                raise ValueError("condition was given, but this model isn't a conditional one.")
            return None
        given = condition
        if condition is None and x is not None and self.condition.in_examples:
            condition = x
        if x is not None:
            batch_size = x.shape[0]
        if condition is None:
            raise ValueError(f"condition is missing: {self.condition.wanted}.")
        if self.condition.in_examples:
            condition = self.example_spec.scaled(condition)
        condition = self.condition.batch(condition, batch_size)
        if self.condition.in_examples and given is not None and tf.executing_eagerly():
            self.example_spec.check_part(given, self.condition.mask)
        return condition

    def numbers_of(self, condition: ConditionLike | None) -> ConditionLike | None:
        """The condition as numbers, where it is given as names of labels."""
        if self.condition is None or condition is None:
            return condition
        return self.condition.numbers_of(condition)
