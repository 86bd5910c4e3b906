"""Seeds: a path names one seed, other paths others, wherever they are derived."""

import itertools

import numpy as np

from keras_vae import seeds
from keras_vae._compat import tf
from keras_vae.seeds import Site


def test_all_paths_give_different_seeds():
    paths = [
        *itertools.product(range(3), range(4), range(4), Site),
        *itertools.product(range(3), range(4)),
        *((root,) for root in range(3)),
    ]
    found = {tuple(seeds.derive(*path).numpy()) for path in paths}
    assert len(found) == len(paths)


def test_the_order_of_a_path_matters():
    assert tuple(seeds.derive(0, 1, 2).numpy()) != tuple(seeds.derive(0, 2, 1).numpy())


def test_deriving_goes_on_from_a_derived_seed():
    whole, parts = seeds.derive(7, 1, 2), seeds.derive(seeds.derive(7, 1), 2)
    np.testing.assert_array_equal(whole, parts)


def test_eager_graph_and_tf_data_agree():
    wanted = seeds.derive(7, 3, Site.SHUFFLE)
    graph = tf.function(lambda step: seeds.derive(7, step, Site.SHUFFLE))(tf.constant(3, tf.int64))
    np.testing.assert_array_equal(graph, wanted)
    data = tf.data.Dataset.range(3, 4).map(lambda step: seeds.derive(7, step, Site.SHUFFLE))
    np.testing.assert_array_equal(next(iter(data)), wanted)


def test_stored_runs_keep_their_draws():
    """Frozen values: a change here makes stored runs resume with other noise."""
    assert {s.name: s.value for s in Site} == {
        "SPLIT": 0,
        "SHUFFLE": 1,
        "BINARIZE": 2,
        "LATENT": 3,
        "SAMPLE": 4,
        "EVALUATE": 5,
        "STEP": 6,
        "ANNEAL": 7,
        "PROPOSAL": 8,
        "REGRET": 9,
        "COMPLETE": 10,
        "AUGMENT": 11,
    }
    np.testing.assert_array_equal(seeds.derive(0, 1, Site.LATENT), [-1054860931, 3])
