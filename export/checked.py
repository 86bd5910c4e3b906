"""Checks of what a SavedModel's signatures are given, as a part of their graphs.

TensorFlow checks the types alone. A tensor of another rank may end the process that holds the
model, and a label that there isn't counts as none.
"""

from export.generator import SHARED
from export.ranges import Range, ranges
from keras_vae._compat import leave_as_written, tf
from keras_vae.vae import VAE

leave_as_written(__name__)


def checked(vae: VAE, function: tf.types.experimental.ConcreteFunction) -> tf.function:
    """A verb that raises tf.errors.InvalidArgumentError for inputs that it isn't made for.

    The error says which input is of another shape than wanted, of another number of examples than
    the inputs before it, or out of its range (`ranges`). Values of x that a mask marks as unknown,
    and pixels of a condition that are hidden, may be anything.

    Args:
      vae: the model.
      function: a verb of its `Generator`.
    """
    by_place, by_name = function.structured_input_signature
    specs = {spec.name: spec for spec in (*by_place, *by_name.values()) if spec is not None}
    limits = ranges(vae)

    def call(**given):
        inputs = {name: _of_shape(name, given[name], spec.shape) for name, spec in specs.items()}
        rows = [name for name in inputs if name not in SHARED]
        number = tf.shape(inputs[rows[0]])[0]
        checks = [tf.debugging.Assert(number > 0, [f"{rows[0]} must hold examples, got none"])]
        checks += [_as_many(name, inputs[name], rows[0], number) for name in rows[1:]]
        for name, value in _counted(vae, inputs).items():
            checks += _in_range(name, value, limits.get(name, (None, None)))
        with tf.control_dependencies(checks):
            return function(**{name: tf.identity(value) for name, value in inputs.items()})

    return tf.function(call).get_concrete_function(**specs)


def _of_shape(name, given, shape):
    """What is given, of the shape [B, ...].

    TensorFlow leaves out a check of a shape that it takes as known, as an input's is. It knows none
    of a placeholder's.
    """
    unknown = tf.raw_ops.PlaceholderWithDefault(input=given, shape=None, name=f"input_{name}")
    return tf.ensure_shape(unknown, shape)


def _as_many(name, given, first, wanted):
    """A check that an input is of as many examples as the first."""
    number = tf.shape(given)[0]
    message = f"{name} must be of as many examples as {first}; got, and {first} has:"
    return tf.debugging.Assert(tf.equal(number, wanted), [message, number, wanted])


def _counted(vae, inputs):
    """The inputs, with 0 in place of values that don't count."""
    known = {"x": inputs.get("mask")}
    if vae.condition is not None and vae.condition.visible is not None:
        known["condition"] = vae.condition.visible[..., tf.newaxis]
    return {
        name: value if known.get(name) is None else tf.where(known[name], value, 0.0)
        for name, value in inputs.items()
    }


def _in_range(name, value, limits: Range):
    """Checks that all numbers are from the lowest to the highest, and finite."""
    if not (value.dtype.is_floating or value.dtype.is_integer):
        return []
    lowest, highest = limits
    # NaN is in no range.
    fits = [] if lowest is None else [value >= tf.constant(lowest, value.dtype)]
    fits += [] if highest is None else [value <= tf.constant(highest, value.dtype)]
    fits += [tf.math.is_finite(value)] if value.dtype.is_floating else []
    words = f"from {lowest} to {highest}"
    if highest is None:
        words = "finite numbers" if lowest is None else f"finite numbers from {lowest} on"
    ends = tf.reduce_min(value), tf.reduce_max(value)
    return [
        tf.debugging.Assert(tf.reduce_all(fit), [f"{name} must be {words}; got from, to:", *ends])
        for fit in fits
    ]
