"""alarms: silent for sound numbers, and a sentence for each that isn't."""

import pytest

from keras_vae.evaluation import alarms

SOUND = {
    "effective_sample_size": 50.0,
    "nll_looseness_nats": 0.01,
    "nll_nats": 100.0,
    "num_samples": 500,
    "rate_nats": 20.0,
    "rate_nats_by_layer": [15.0, 5.0],
}
# Precision that the network which tells samples apart doesn't confirm.
FOOLED = {"told_apart_accuracy": 0.98, "told_apart_accuracy_train": 0.51, "precision": 0.96}


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"rate_nats_by_layer": None},
        {"nll_nats": None, "nll_looseness_nats": None, "rate_nats": None},
        {"label_information_nats": 1.2},
        {"label_information_nats": None},
        {"skipped_steps": 0.001},
        {"ais_below_importance_nats": 0.06, "ais_below_importance_stderr": 0.01},
        {"ais_below_importance_nats": 0.5, "ais_below_importance_stderr": 0.3},
        {"ais_below_importance_nats": 0.05, "ais_below_importance_stderr": None},
        FOOLED | {"told_apart_accuracy": 0.75},
        FOOLED | {"told_apart_accuracy_train": 0.7},
        FOOLED | {"precision": 0.9},
    ],
)
def test_sound_numbers_raise_none(changed):
    assert alarms(SOUND | changed) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"effective_sample_size": 8.5, "nll_looseness_nats": 0.07},
            ["Of 500 importance samples 8.5 count", "some 0.07 nats off", "num_samples"],
        ),
        (
            {"ais_below_importance_nats": 0.5, "ais_below_importance_stderr": 0.1},
            ["Annealing finds 0.50 nats that 500 importance samples miss", "num_samples"],
        ),
        (
            {"effective_sample_size": 1.1, "nll_looseness_nats": None},
            ["Of 500 importance samples 1.1 count, too few", "Quote the ELBO", "ais_examples"],
        ),
        ({"skipped_steps": 0.025}, ["2.5% were skipped", "higher skip_threshold"]),
        ({"label_information_nats": 0.01}, ["label", "0.010 nats", "prior=mixture"]),
        (
            {"rate_nats": 0.01},
            ["beta if it is above 1", "collapsed", "0.010 nats", "objective=free_bits"],
        ),
        ({"probes_left_out": "Probes aren't measured: why."}, ["Probes aren't measured: why."]),
        (
            {"unseen_labels": ["cow", 3], "unseen_num_examples": 12},
            ["no training image is of: 12 (cow, 3).", "Train on such images"],
        ),
        (FOOLED, ["in 98% of cases", "precision calls 96%", "too weak to be believed"]),
        ({"rate_nats_by_layer": [20.0, 0.02, 0.0]}, ["carry nothing: 2, 3.", "ladder"]),
    ],
)
def test_each_has_its_sentence(changed, words):
    (alarm,) = alarms(SOUND | changed)
    assert all(word in alarm for word in words)


def test_a_model_that_has_collapsed_altogether_gets_one_sentence():
    assert len(alarms(SOUND | {"rate_nats": 0.0, "rate_nats_by_layer": [0.0, 0.0]})) == 1


def test_without_an_encoder_nothing_can_collapse():
    assert alarms(SOUND | {"rate_nats": 0.0}, has_encoder=False) == []


def test_a_loose_likelihood_of_layers_of_maps_raises_none():
    """More samples, which the alarm asks for, would hardly tighten it."""
    loose = SOUND | {"effective_sample_size": 1.1, "nll_looseness_nats": None, "num_samples": 10}
    assert len(alarms(loose)) == 1
    assert alarms(loose, has_layers_of_maps=True) == []


def test_unused_layers_of_maps_are_to_be_left_out():
    (alarm,) = alarms(SOUND | {"rate_nats_by_layer": [0.0, 20.0]}, has_layers_of_maps=True)
    assert "carry nothing: 1. They cost time alone: leave out as many in stages." in alarm
