"""too_few: labels that carry a number, and those that don't; labels that training has not seen."""

import numpy as np
import pytest

from keras_vae.evaluation import too_few, unseen


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ([], "there are fewer than two test examples"),
        ([1], "there are fewer than two test examples"),
        ([15], "all 15 test examples are of one class"),
        ([13, 2], "of 15 test examples only 2 are of other classes than the commonest"),
        ([5, 5], None),
        ([100, 3, 2], None),
        ([4, 4, 4], "12 test examples are of 3 classes, fewer than 5 of each"),
    ],
)
def test_labels_must_be_of_two_classes_and_some_of_each(counts, words):
    labels = np.repeat(10 * np.arange(len(counts)), counts)
    assert too_few(labels, "test examples") == words
    assert too_few([*map(str, labels)], "test examples") == words
    if words and "of each" in words:
        assert too_few(labels, "test examples", of_each=False) is None


def test_unseen_labels_are_counted_and_named():
    train, test = np.array([0, 1, 1, 5]), np.array([0, 2, 3, 3, 5])
    assert unseen(train, test) == {"unseen_labels": [2, 3], "unseen_num_examples": 3}
    assert unseen(train, test, tuple("abcdef"))["unseen_labels"] == ["c", "d"]
    assert unseen(train, train) == unseen(train, train[:0]) == {}
