"""Graphs, where eager verbs would loop in Python."""

import functools
from collections.abc import Callable

from keras_vae._compat import tf


def graph_when_eager(method: Callable) -> Callable:
    """A method of a Keras layer, called eagerly as a graph: there, tf.scan would loop in Python.

    The arguments are tensors or None. Called in a graph, the method becomes part of that graph:
    neither XLA nor TFLite takes a loop inside of a nested function.
    """

    @functools.cache
    def of_ranks(*ranks):
        # One tf.function for each combination of ranks: for two ranks, reduce_retracing would relax
        # the shape to a fully unknown one.
        del ranks
        return tf.function(method, reduce_retracing=True)

    @functools.wraps(method)
    def wrapped(self, *args):
        if not tf.executing_eagerly():
            return method(self, *args)
        ranks = [None if arg is None else len(arg.shape) for arg in args]
        return of_ranks(*ranks).__get__(self, type(self))(*args)

    return wrapped
