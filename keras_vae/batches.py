"""Batches and blocks of them: what the input pipeline hands to the model.

A block holds the batches of K steps, so that one compiled function can run K steps without going
back to Python. A batch brings its noise with it, or the seed from which a step draws that very
noise: see `training.feeding`.
"""

from collections.abc import Callable
from typing import NamedTuple

from keras_vae._compat import TensorLike, tf


class Batch(NamedTuple):
    """One step's input. Take its parts by name: more of them may come.

    Attributes:
      x: [B, ...] examples: floats as they are, bool as {0, 1}, whole numbers by the model's levels.
      noise: standard normal noise of the latents, [S, B, N]; None where the seed stands for it.
      condition: [B, ...] what a conditional model is given; None if it is given nothing, or x.
      seed: int32 [2], from which the noise is drawn; None where the noise is given.
      mask: bool, of x's shape, which values of x are known; None if all are.
      place: int32 [2], the first of x's rows in the batch of all replicas, and the size of that
        batch, for which noise is drawn; None if x is all of it.
      weight: [B], how much each example counts; None if all count as 1.
    """

    x: TensorLike
    noise: TensorLike | None = None
    condition: TensorLike | None = None
    seed: TensorLike | None = None
    mask: TensorLike | None = None
    place: TensorLike | None = None
    weight: TensorLike | None = None

    def rows(self, start: int, stop: int) -> "Batch":
        """The examples from `start` to `stop`, without noise or seed."""
        examples = Batch(self.x, condition=self.condition, mask=self.mask)
        return examples.map(lambda t: t[start:stop])

    def in_parts(self, at_least: int) -> "Block":
        """The examples, with their noise, in equal parts: the steps of a Block.

        Args:
          at_least: how many parts; there are more where the batch is no multiple of it.
        """
        size = self.x.shape[0]
        num = next((n for n in range(at_least, size + 1) if size % n == 0), max(size, 1))

        def split(part, axis=0):
            return None if part is None else tf.stack(tf.split(part, num, axis))

        return Block(
            split(self.x), split(self.noise, 1), split(self.condition), mask=split(self.mask)
        )

    def map(self, function: Callable) -> "Batch":
        """The batch with function(part) for each part that isn't None."""
        return Batch(*_map(function, self))


class Block(NamedTuple):
    """K steps' input: the parts of `Batch`, each with a leading axis K."""

    x: TensorLike
    noise: TensorLike | None = None
    condition: TensorLike | None = None
    seed: TensorLike | None = None
    mask: TensorLike | None = None
    place: TensorLike | None = None
    weight: TensorLike | None = None

    @classmethod
    def of_one(cls, batch: Batch) -> "Block":
        """The block that holds the single step `batch`."""
        return cls(*batch.map(lambda t: tf.expand_dims(t, 0)))

    @property
    def num_steps(self) -> int | tf.Tensor:
        """K, a Python int where it is known, else a scalar tensor."""
        return self.x.shape[0] or tf.shape(self.x)[0]

    def step(self, i: int | tf.Tensor) -> Batch:
        """The input of step `i` (int or scalar tensor)."""
        return Batch(*_map(lambda t: tf.gather(t, i), self))


def _map(function, parts):
    return [None if part is None else function(part) for part in parts]
