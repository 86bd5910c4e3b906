"""Sets of examples whose iterators end at once."""

from keras_vae._compat import tf


def untuned(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """The same set, whose parallelism TensorFlow does not tune.

    A tuned iterator ends only at its next tuning. That may be as far off as the iterator is old, a
    minute at most.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
