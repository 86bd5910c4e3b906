"""A function of all rows at once is the oracle of the same function in batches."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from keras_vae._compat import tf
from keras_vae.ops.in_batches import in_batches

X = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)


class Both(NamedTuple):
    total: Any
    rest: Any


def both(x, y):
    return Both(tf.reduce_sum(x, axis=1), [x * y, None])


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_a_structure_of_results_is_that_of_all_rows(size):
    found, wanted = in_batches(both, size, X, 2.0 * X), both(X, 2.0 * X)
    assert isinstance(found, Both)
    np.testing.assert_array_equal(found.total, wanted.total)
    np.testing.assert_array_equal(found.rest[0], wanted.rest[0])
    assert found.rest[1] is None


def test_arrays_stay_arrays_and_tensors_tensors():
    array, tensor = in_batches(lambda x: (x > 0, tf.constant(x)), 2, X)
    assert isinstance(array, np.ndarray)
    assert array.dtype == bool
    assert tf.is_tensor(tensor)


def test_a_range_says_which_rows_they_are_and_none_stays_none():
    seen = []

    def function(rows, x, condition):
        seen.append((rows.start, len(rows), len(x), condition))
        return x

    in_batches(function, 3, range(7), X, None)
    assert seen == [(0, 3, 3, None), (3, 3, 3, None), (6, 1, 1, None)]


def test_only_a_smaller_last_batch_is_traced_anew():
    traced = []

    @tf.function
    def double(x):
        traced.append(len(x))
        return 2.0 * x

    in_batches(double, 3, tf.constant(X[:6]))
    assert traced == [3]
    in_batches(double, 3, tf.constant(X))
    assert traced == [3, 1]
