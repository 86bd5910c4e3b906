"""Cluster accuracy on assignments of known score."""

import itertools

import numpy as np
import pytest

from keras_vae._compat import tf
from keras_vae.batches import Batch
from keras_vae.evaluation import cluster_accuracy, cluster_scores, label_information
from tests import tiny


def test_names_of_clusters_make_no_difference():
    labels = np.array([0, 0, 1, 1, 2, 2])
    assert cluster_accuracy([2, 2, 0, 0, 1, 1], labels) == 1.0
    assert cluster_accuracy([2, 2, 0, 0, 1, 0], labels) == 5 / 6


def test_more_clusters_than_labels_and_fewer():
    labels = np.array([0, 0, 0, 0, 1, 1])
    assert cluster_accuracy([0, 0, 1, 1, 2, 2], labels) == 4 / 6
    assert cluster_accuracy([0] * 6, labels) == 4 / 6


def test_labels_may_be_any_whole_numbers():
    assert cluster_accuracy([0, 0, 0, 0], [-1, 1, -1, 1]) == 0.5
    assert cluster_accuracy([0, 0, 5, 5], [7, 7, 10**12, 10**12]) == 1.0


def test_it_is_the_best_of_all_namings():
    rng = np.random.default_rng(0)
    clusters, labels = rng.integers(0, 4, (2, 60))
    best = max(
        np.mean(np.array(names)[clusters] == labels) for names in itertools.permutations(range(4))
    )
    assert cluster_accuracy(clusters, labels) == best


def test_scores_of_the_same_clusters_by_other_names_and_of_random_ones():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 400)
    names = ("cluster_accuracy", "cluster_adjusted_rand_index", "cluster_mutual_information")
    perfect = dict.fromkeys(names, pytest.approx(1.0)) | {"cluster_accuracy_stderr": 0.0}
    assert cluster_scores((labels + 1) % 4, labels) == perfect
    found = cluster_scores(rng.integers(0, 4, 400), labels)
    assert abs(found["cluster_adjusted_rand_index"]) < 0.02
    # About (4 - 1)^2 / 2N nats by chance, of log 4.
    assert found["cluster_mutual_information"] < 4 * 9 / 800 / np.log(4)


@pytest.mark.parametrize("labels", [[0] * 20, [0] * 17 + [1] * 3, range(20)])
def test_labels_that_carry_no_score_give_a_sentence(labels):
    """Of one class any clusters are right; of one example a class, they agree by chance."""
    found = cluster_scores(np.arange(20) % 2, np.array(labels))
    assert list(found) == ["cluster_scores_left_out"]
    assert "Scores of clusters aren't measured" in found["cluster_scores_left_out"]


def test_the_labels_information_is_the_mutual_information_of_a_table():
    vae = tiny.randomize(tiny.vae(recipe="gmvae", prior_components=3))
    x = tiny.images(30)
    found = label_information(vae, [Batch(x[:20], None), Batch(x[20:], None)])
    q = np.asarray(tf.nn.softmax(vae.encode(x).logits)) / len(x)  # p(example, label)
    of_product = q.sum(0) * q.sum(1, keepdims=True)
    assert found == pytest.approx(np.sum(q * np.log(q / of_product)), rel=1e-4)
    assert found > 0.01
    assert label_information(tiny.vae(), [Batch(x, None)]) is None
    assert label_information(vae, [Batch(x[:1], None)]) is None  # Nothing to tell apart.
