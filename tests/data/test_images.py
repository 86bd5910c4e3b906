import numpy as np
import pytest

from keras_vae.data import Streamed, from_arrays
from keras_vae.data.images import InMemory
from keras_vae.seeds import derive


def streamed(rows, chunk_size, binary=False):
    return Streamed(
        rows.shape[1:],
        [np.arange(len(rows))],
        chunk_size,
        read_rows=lambda found: rows[found],
        read_labels=lambda found: found,
        binary=binary,
        identity="made",
    )


def test_streamed_split_is_read_in_chunks():
    rows = np.arange(10 * 4, dtype=np.uint8).reshape(10, 2, 2, 1)
    images = streamed(rows, chunk_size=4)
    assert images.chunk_sizes == [4, 4, 2]
    assert images.num_examples == 10
    np.testing.assert_array_equal(images.array, rows)
    np.testing.assert_array_equal(images.read(1), rows[4:8])
    np.testing.assert_array_equal(images.labels, np.arange(10))


def test_names_of_classes_stay_with_what_is_held_out():
    images = InMemory(np.zeros([9, 2, 2, 1]), np.arange(9) % 2, class_names=("cat", "dog"))
    held, rest = images.hold_out(3, derive(0))
    assert held.class_names == rest.class_names == ("cat", "dog")


@pytest.mark.parametrize("make", ["memory", "streamed"])
def test_hold_out_is_a_seeded_partition(make):
    rows = np.arange(50 * 4, dtype=np.uint8).reshape(50, 2, 2, 1)
    if make == "memory":
        images = from_arrays("made", {"train": rows}, {"train": np.arange(50)})[0]["train"]
    else:
        images = streamed(rows, chunk_size=8)
    held, rest = images.hold_out(10, derive(3))
    again, rest = rest.hold_out(15, derive(4))
    assert (held.num_examples, again.num_examples, rest.num_examples) == (10, 15, 25)
    labels = np.concatenate([held.labels, again.labels, rest.labels])
    np.testing.assert_array_equal(np.sort(labels), np.arange(50))
    for split in (held, again, rest):
        np.testing.assert_array_equal(split.array, rows[split.labels])
    np.testing.assert_array_equal(images.hold_out(10, derive(3))[0].labels, held.labels)
    assert not np.array_equal(images.hold_out(10, derive(5))[0].labels, held.labels)


def test_stream_taken_for_binary_that_is_not_is_an_error():
    rows = np.zeros((4, 2, 2, 1), np.uint8)
    rows[:2, 0], rows[3, 0] = 1, 2
    images = streamed(rows, chunk_size=2, binary=True)
    assert images.read(0).dtype == bool
    with pytest.raises(ValueError, match="two values only, chunk 1 holds more"):
        images.read(1)
