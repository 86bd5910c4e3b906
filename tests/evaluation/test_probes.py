"""Probes on codes of known worth, against the classifiers written out."""

import numpy as np
import pytest

from keras_vae.evaluation import Labelled, probe_accuracy, probes

RNG = np.random.default_rng(0)


def circles(n, seed):
    """Points on two circles, which no line parts, and which of them each is on."""
    rng = np.random.default_rng(seed)
    labels, angle = rng.integers(0, 2, n), rng.uniform(0, 2 * np.pi, n)
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1) * (1 + labels[:, np.newaxis])
    return points, labels


def test_neighbours_see_what_no_line_parts():
    found = probe_accuracy(*circles(300, 0), *circles(300, 1))
    assert found["knn"] == 1.0
    # Chance, to four standard errors; a line that cuts the outer circle gains a little.
    assert 0.4 < found["linear"] < 0.75


def test_knn_is_the_vote_of_the_five_nearest():
    train, test = RNG.normal(size=(60, 3)), RNG.normal(size=(40, 3))
    labels, wanted = RNG.integers(0, 2, 60), RNG.integers(0, 2, 40)
    nearest = np.argsort(((test[:, np.newaxis] - train) ** 2).sum(-1), axis=1)[:, :5]
    vote = labels[nearest].mean(axis=1) > 0.5
    assert probe_accuracy(train, labels, test, wanted)["knn"] == np.mean(vote == wanted)


def test_a_linear_probe_makes_no_difference_between_units():
    labels = RNG.integers(0, 2, 200)
    codes = np.stack([labels + 0.3 * RNG.normal(size=200), RNG.normal(size=200)], axis=1)
    scaled = codes * [1e-4, 1e4]
    found = [probe_accuracy(c[:100], labels[:100], c[100:], labels[100:]) for c in (codes, scaled)]
    assert found[0]["linear"] == found[1]["linear"] > 0.9


def labelled(n, seed):
    """Images whose mean is the label, beside a loud pixel; codes that are the label."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, n)
    x = labels[:, np.newaxis, np.newaxis, np.newaxis] + 0.1 * rng.normal(size=(n, 4, 4, 1))
    x[:, 0, 0] = 50 * rng.normal(size=(n, 1))
    return Labelled(labels[:, np.newaxis] + 0.01 * rng.normal(size=(n, 1)), x, labels)


def test_codes_are_compared_with_as_many_components_and_with_pixels():
    found = probes(labelled(200, 0), labelled(200, 1))
    assert found["probe_linear_accuracy"] == found["probe_knn_accuracy"] == 1.0
    assert found["probe_linear_accuracy_pixels"] > 0.95
    # The one component is the loud pixel: chance is 0.25, its error 0.03.
    assert found["probe_linear_accuracy_pca"] < 0.25 + 5 * 0.031
    assert found["probe_knn_accuracy_pca"] < 0.25 + 5 * 0.031
    assert found["probe_num_train"] == 200
    # What isn't pixels has codes alone.
    codes = probes(labelled(200, 0)._replace(x=None), labelled(200, 1)._replace(x=None))
    assert codes == {key: n for key, n in found.items() if "_pca" not in key and "_pix" not in key}


def test_they_are_compared_with_guessing():
    train, test = labelled(40, 0), labelled(40, 1)
    train = train._replace(labels=np.repeat([0, 1, 2], [10, 24, 6]))
    test = test._replace(labels=np.repeat([0, 1, 2], [21, 9, 10]))
    assert probes(train, test)["probe_commonest_accuracy"] == 9 / 40


@pytest.mark.parametrize(
    ("train", "test", "words"),
    [
        ([40], [20, 20], "all 40 training examples are of one class"),
        ([1] * 40, [20, 20], "40 training examples are of 40 classes, fewer than 5 of each"),
        ([35, 4, 1], [20, 20], None),
        (
            [36, 4],
            [20, 20],
            "of 40 training examples only 4 are of other classes than the commonest",
        ),
        ([20, 20], [40], "all 40 test examples are of one class"),
        ([20, 20], [37, 3], "of 40 test examples only 3 are of other classes than the commonest"),
        ([4] * 10, [20, 20], "40 training examples are of 10 classes"),
        ([8] * 5, [4] * 10, None),
    ],
)
def test_labels_that_carry_no_accuracy_give_a_sentence(train, test, words):
    """As of 150, 4 and 1 images, of which a test split can hold one class: accuracy would be 1."""
    parts = [
        labelled(40, i)._replace(labels=np.repeat(np.arange(len(counts)), counts))
        for i, counts in enumerate((train, test))
    ]
    found = probes(*parts)
    if words is None:
        assert 0.0 <= found["probe_knn_accuracy"] <= 1.0
        assert "probes_left_out" not in found
    else:
        assert list(found) == ["probes_left_out"]
        assert words in found["probes_left_out"]
