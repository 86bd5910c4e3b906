"""Sets of examples whose iterators end at once."""

from keras_vae._compat import tf


def untuned(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """The same set, whose parallelism TensorFlow does not tune.

    An iterator that is tuned ends no sooner than its next tuning, which may be as far off as the
    iterator is old, and a minute at most.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
