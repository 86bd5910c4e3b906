"""When to compile: XLA where it helps, measured and not assumed (benchmarks/training.py); graphs
where verbs would loop in Python."""

import functools

from keras_vae._compat import tf, tfkl

_CONVOLUTIONS = (tfkl.Conv1D, tfkl.Conv2D, tfkl.Conv3D)  # The transposed ones derive from these.


def prefers_xla(model) -> bool:
    """True on GPU and TPU, and on CPU for models without convolutions.

    XLA's CPU convolutions are slower than TensorFlow's own, inside a loop sixty times.
    """
    if tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("TPU"):
        return True
    return not any(isinstance(module, _CONVOLUTIONS) for module in model.submodules)


def graph_when_eager(method):
    """A method of a Keras layer, called eagerly as a graph: there, tf.scan would loop in Python.

    Its arguments are tensors or None. Called in a graph it is that graph's: neither XLA nor TFLite
    takes a loop inside of a function's function.
    """

    @functools.cache
    def graph(*ranks):
        # One for each: a second trace keeps what shapes share, and of two ranks that is nothing.
        del ranks
        return tf.function(method, reduce_retracing=True)

    @functools.wraps(method)
    def wrapped(self, *args):
        if not tf.executing_eagerly():
            return method(self, *args)
        ranks = [None if arg is None else len(arg.shape) for arg in args]
        return graph(*ranks).__get__(self, type(self))(*args)

    return wrapped
