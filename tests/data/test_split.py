import hashlib

import numpy as np
import pytest

from keras_vae.data import Streamed, from_arrays
from keras_vae.data.split import InMemory, Split
from keras_vae.modality import Music
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


def test_the_fingerprint_of_neighbours_is_as_it_was():
    """It is what stored runs of streamed sets know their data by."""
    images = streamed(np.zeros((50, 2, 2, 1), np.uint8), chunk_size=8)
    held, rest = images.hold_out(10, derive(3))
    begin = int(held.labels[0])
    np.testing.assert_array_equal(held.labels, np.arange(begin, begin + 10))
    for split, rows in [(held, [(begin, begin + 10)]), (rest, [(0, begin), (begin + 10, 50)])]:
        sha = hashlib.sha256()
        split.update_hash(sha)
        wanted = f"made {rows} (2, 2, 1) uint8".encode()
        assert sha.digest() == hashlib.sha256(wanted).digest()


@pytest.mark.parametrize("order", [None, np.random.default_rng(0).permutation(50)])
def test_a_stream_is_held_out_label_by_label(order):
    rows = np.arange(50 * 4, dtype=np.uint8).reshape(50, 2, 2, 1)
    classes = np.repeat([0, 1, 2], [30, 15, 5])
    images = Streamed(
        (2, 2, 1),
        [np.arange(50)],
        8,
        read_rows=lambda found: rows[found],
        read_labels=lambda found: classes[found],
        binary=False,
        identity="made",
        order=order,
    )
    held, rest = images.hold_out(10, derive(3), stratified=True)
    again, rest = rest.hold_out(20, derive(4), stratified=True)
    for split, counts in [(held, [6, 3, 1]), (again, [12, 6, 2]), (rest, [12, 6, 2])]:
        assert np.bincount(split.labels).tolist() == counts
        assert max(split.chunk_sizes) <= 8
        np.testing.assert_array_equal(split.labels, classes[split.array[:, 0, 0, 0] // 4])
    seen = np.concatenate([split.array for split in (held, again, rest)])
    np.testing.assert_array_equal(np.sort(seen, axis=0), rows)
    hashes = set()
    for seed in (3, 4):
        sha = hashlib.sha256()
        images.hold_out(10, derive(seed), stratified=True)[0].update_hash(sha)
        hashes.add(sha.digest())
    assert len(hashes) == 2


def test_stream_taken_for_binary_that_is_not_is_an_error():
    rows = np.zeros((4, 2, 2, 1), np.uint8)
    rows[:2, 0], rows[3, 0] = 1, 2
    images = streamed(rows, chunk_size=2, binary=True)
    assert images.read(0).dtype == bool
    with pytest.raises(ValueError, match="two values only, chunk 1 holds more"):
        images.read(1)


@pytest.mark.parametrize(("modality", "pitch"), [(Music(7, 60), 60), (Split.modality, None)])
def test_the_lowest_pitch_is_found_by_its_old_name(modality, pitch):
    split = InMemory(np.zeros([2, 4, 3, 1], np.uint8), levels=7, modality=modality)
    with pytest.warns(DeprecationWarning, match=r"Split\.modality\.lowest_pitch"):
        assert split.lowest_pitch == pitch
