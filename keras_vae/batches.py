"""Blocks of training steps: what the input pipeline hands to the model.

A block holds the batches of K steps, so that one compiled function can run K steps without going
back to Python. Random numbers come with the data: XLA draws them 10 to 40 times slower on CPUs than
TensorFlow's own kernels, and drawn beforehand they are the same whatever runs the step.
"""

from typing import Any, NamedTuple

from keras_vae._compat import tf


class Batch(NamedTuple):
    """One step's input.

    Attributes:
      x: [B, ...] examples: floats as they are, bool as {0, 1}, whole numbers by the model's levels.
      noise: standard normal noise of the latents, [S, B, N].
      condition: [B, ...] what a conditional model is given; None if it is given nothing, or x.
    """

    x: Any
    noise: Any
    condition: Any = None

    def rows(self, start, stop) -> "Batch":
        """Its examples from `start` to `stop`, without noise."""
        condition = None if self.condition is None else self.condition[start:stop]
        return Batch(self.x[start:stop], None, condition)


class Block(NamedTuple):
    """K steps' input: the fields of `Batch`, each with a leading axis K."""

    x: Any
    noise: Any
    condition: Any = None

    @classmethod
    def of_one(cls, batch: Batch) -> "Block":
        """The block that holds the single step `batch`."""
        return cls(*_map(lambda t: tf.expand_dims(t, 0), batch))

    @property
    def num_steps(self):
        """K, a Python int where it is known, else a scalar tensor."""
        return self.x.shape[0] or tf.shape(self.x)[0]

    def step(self, i) -> Batch:
        """The input of step `i` (int or scalar tensor)."""
        return Batch(*_map(lambda t: tf.gather(t, i), self))


def _map(function, structure):
    """tf.nest.map_structure that leaves None as it is."""
    return tf.nest.map_structure(lambda t: None if t is None else function(t), structure)
