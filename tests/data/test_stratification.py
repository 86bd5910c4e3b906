"""Held-out splits label by label; counts as scikit-learn's where there is but one way."""

import numpy as np
import pytest
from PIL import Image
from sklearn.model_selection import train_test_split

from keras_vae.data import load
from keras_vae.data.stratification import stratify


@pytest.mark.parametrize(
    ("counts", "n"),
    [([50, 30, 20], 10), ([500, 301, 17, 4], 83), ([10] * 10, 20), ([999, 2], 100), ([7], 3)],
)
def test_counts_are_in_proportion_as_scikit_learn_has_them(counts, n):
    labels = np.repeat(np.arange(len(counts)), counts)
    order = np.random.default_rng(0).permutation(len(labels))
    found = stratify(order, labels, n)
    np.testing.assert_array_equal(np.sort(found), np.arange(len(labels)))
    _, held = train_test_split(np.arange(len(labels)), test_size=n, stratify=labels)
    wanted = np.bincount(labels[held], minlength=len(counts))
    np.testing.assert_array_equal(np.bincount(labels[found[:n]], minlength=len(counts)), wanted)
    # Both parts keep the random order; each class's first examples are held out.
    place = np.argsort(order)
    for part in (found[:n], found[n:]):
        assert np.all(np.diff(place[part]) > 0)
    for label in range(len(counts)):
        rows = order[labels[order] == label]
        assert set(rows[: wanted[label]]) == set(found[:n][labels[found[:n]] == label])


@pytest.mark.parametrize("seed", range(5))
def test_one_of_each_label_stays_while_there_are_others(seed):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(6), [30, 9, 4, 1, 1, 2]))
    order = rng.permutation(len(labels))
    for n in range(1, len(labels)):
        rest = labels[stratify(order, labels, n)[n:]]
        assert len(set(rest)) == min(6, len(labels) - n)


def test_labels_of_one_image_each_are_drawn_at_random():
    labels = np.arange(100)
    rng = np.random.default_rng(0)
    orders = [rng.permutation(100) for _ in range(200)]
    held = np.concatenate([stratify(order, labels, 10)[:10] for order in orders])
    # 2,000 draws take each of 100 examples 20 times; the standard deviation is 4.2.
    assert np.abs(np.bincount(held, minlength=100) - 20).max() < 5 * 4.2


def save(folder, counts, **options):
    rng = np.random.default_rng(0)
    labels = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    x = rng.integers(0, 256, (len(labels), 4, 4), dtype=np.uint8)
    np.savez(folder / "made.npz", x=x, y=labels)
    return load(f"npz:{folder / 'made.npz'}", **options)


def test_splits_that_are_drawn_have_all_labels_in_proportion(tmp_path):
    for seed in range(3):
        data = save(tmp_path, [400, 300, 200, 100], seed=seed)
        for split in (data.test, data.validation):
            assert np.bincount(split.labels).tolist() == [40, 30, 20, 10]
        assert np.bincount(data.train.labels).tolist() == [320, 240, 160, 80]
    streamed = save(tmp_path, [400, 300, 200, 100], memory_limit_gb=1e-6)
    for split in (streamed.test, streamed.validation):
        assert np.bincount(split.labels).tolist() == [40, 30, 20, 10]
    tests = [
        save(tmp_path, [400, 300], seed=seed, validation_size=size).test.array.tobytes()
        for seed, size in [(0, None), (0, 0), (0, 200), (1, None)]
    ]
    assert tests[0] == tests[1] == tests[2] != tests[3]
    # Without regard to labels the counts are hypergeometric, and differ from seed to seed.
    counts = {
        tuple(np.bincount(save(tmp_path, [400, 300], seed=s, stratified=False).test.labels))
        for s in range(4)
    }
    assert len(counts) > 1


def test_streamed_folders_are_held_out_label_by_label(tmp_path):
    rng = np.random.default_rng(0)
    names = np.repeat(["ant", "bee", "cow"], [60, 30, 10])
    for i, name in enumerate(names):
        pixels = rng.integers(0, 256, (4, 5), dtype=np.uint8)
        pixels[0, 0] = i  # tells which image it is
        (tmp_path / name).mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / name / f"{i}.png")
    data = load(f"folder:{tmp_path}", memory_limit_gb=1e-6)
    assert np.bincount(data.train.labels).tolist() == [48, 24, 8]
    for split in (data.test, data.validation):
        assert np.bincount(split.labels).tolist() == [6, 3, 1]
    splits = (data.train, data.validation, data.test)
    assert max(size for split in splits for size in split.chunk_sizes) <= 1e3 / 16 / 20
    place = np.concatenate([split.array[:, 0, 0, 0] for split in splits])
    assert sorted(place) == list(range(100))
    labels = np.concatenate([split.labels for split in splits])
    np.testing.assert_array_equal(np.array(["ant", "bee", "cow"])[labels], names[place])
    assert not [note for note in data.notes if "not label by label" in note]


@pytest.mark.parametrize("memory_limit_gb", [4.0, 1e-6])
def test_classes_too_small_for_each_split_are_named(tmp_path, memory_limit_gb):
    notes = save(tmp_path, [150, 4, 1], memory_limit_gb=memory_limit_gb).notes
    assert "validation has no image of class 1 (4 in all), 2 (1 in all)" in notes
    assert "test has no image of class 1 (4 in all), 2 (1 in all)" in notes
    assert not [note for note in notes if note.startswith("train has")]
    notes = save(tmp_path, [1] * 40).notes
    assert [n for n in notes if n.startswith("test has") and n.endswith(" and 26 more")]


def test_a_class_that_train_has_not_is_named(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (30, 4, 4), dtype=np.uint8)
    arrays = {"x_train": x, "y_train": np.arange(30) % 2, "x_test": x, "y_test": np.arange(30) % 3}
    np.savez(tmp_path / "made.npz", **arrays)
    data = load(f"npz:{tmp_path / 'made.npz'}")
    assert (
        "train has no image of class 2 (10 in all), which the model has and learns nothing of"
        in (data.notes)
    )
