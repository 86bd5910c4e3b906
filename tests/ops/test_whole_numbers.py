"""Whole numbers have levels, and their scale follows."""

import numpy as np
import pytest

from keras_vae._compat import tf
from keras_vae.ops.whole_numbers import as_floats, infer_levels, looks_like_few_levels


@pytest.mark.parametrize(
    ("highest", "levels"),
    [
        (1, 2),
        (3, 4),
        (16, 17),
        (63, 64),
        (64, 256),
        (255, 256),
        (256, 1024),
        (1023, 1024),
        (1024, 4096),
        (16383, 16384),
        (65535, 65536),
    ],
)
def test_levels_by_the_highest_value(highest, levels):
    assert infer_levels(highest) == levels
    assert looks_like_few_levels(highest) == (levels <= 64)


@pytest.mark.parametrize(
    ("x", "levels", "wanted"),
    [
        (np.array([0, 51, 255], np.uint8), 256, [0.0, 0.2, 1.0]),
        (np.array([0, 51, 255], np.int64), 256, [0.0, 0.2, 1.0]),
        (np.array([0, 4, 16], np.uint8), 17, [0.0, 0.25, 1.0]),
        (np.array([0, 13107, 65535], np.uint16), 65536, [0.0, 0.2, 1.0]),
        (np.array([0, 7], np.int32), 2, [0.0, 7.0]),
        (np.array([False, True]), 256, [0.0, 1.0]),
        (np.array([-0.5, 3.0], np.float64), 17, [-0.5, 3.0]),
    ],
)
def test_examples_become_float32(x, levels, wanted):
    floats = as_floats(x, levels)
    assert floats.dtype == tf.float32
    np.testing.assert_allclose(floats, wanted, rtol=1e-7)
