"""Rows of a prepared TFDS set."""

import contextlib
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from absl import logging

from keras_vae._compat import tf

READ_BATCH = 1000


def read(
    builder: Any,
    split: str,
    n: int,
    columns: Sequence[str],
    prepare: Callable[[tf.Tensor], tf.Tensor] | None = None,
) -> dict[str, np.ndarray]:
    """Columns of `split`, a name or "name[a:b]", in the order on disk: dict of arrays [n, ...].

    Args:
      builder: of the set.
      split: what is read.
      n: how many rows it has.
      columns: names of features; one in another is "outer/inner".
      prepare: what makes images of those in the column image.
    """
    import tensorflow_datasets as tfds

    wanted: dict = {}
    for column in columns:
        *outer, inner = column.split("/")
        functools.reduce(lambda d, name: d.setdefault(name, {}), outer, wanted)[inner] = True
    with _only_errors_logged():  # as_dataset warns that TFDS itself calls a function it deprecated
        rows = builder.as_dataset(
            split=split,
            shuffle_files=False,
            decoders=tfds.decode.PartialDecoding(wanted, decoders=_decoders(builder, columns)),
            read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
        )
    rows = rows.map(
        lambda row: {
            c: functools.reduce(lambda d, name: d[name], c.split("/"), row) for c in columns
        }
    )
    if "image" in columns and prepare is not None:
        rows = rows.map(
            lambda row: row | {"image": prepare(row["image"])},
            num_parallel_calls=tf.data.AUTOTUNE,
        )
    arrays, start = {}, 0
    for batch in rows.batch(READ_BATCH).as_numpy_iterator():
        stop = start + len(batch[columns[0]])
        for key, values in batch.items():
            if start == 0:
                arrays[key] = np.empty((n, *values.shape[1:]), values.dtype)
            arrays[key][start:stop] = values
        start = stop
    return arrays


def _decoders(builder, columns):
    """dict of decoders in place of TFDS' own, which can't decode grey with opacity."""
    import tensorflow_datasets as tfds

    feature = builder.info.features["image"]
    if "image" not in columns or type(feature).__name__ != "Image" or feature.shape[-1] != 2:
        return None

    @tfds.decode.make_decoder()
    def grey_with_opacity(encoded, feature):
        dtype = tf.as_dtype(feature.np_dtype)
        rgba = tf.image.decode_image(encoded, 4, dtype, expand_animations=False)
        return tf.ensure_shape(rgba[..., 2:], feature.shape)

    return {"image": grey_with_opacity()}


@contextlib.contextmanager
def _only_errors_logged():
    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(before)
