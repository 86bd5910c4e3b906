"""Samples that aren't what they should be: each gets bad numbers by the measure that should see it.

The data are scikit-learn's digits, in their principal components.
"""

import functools

import numpy as np
import pytest
import scipy.ndimage
from sklearn.datasets import load_digits

from keras_vae.evaluation import (
    kernel_distance,
    memorization,
    nearest,
    neighbourhoods,
    told_apart,
)
from keras_vae.evaluation.features import principal_components

RNG = np.random.default_rng(0)
DIGITS = RNG.permutation((load_digits().images / 16).astype(np.float32)[..., np.newaxis])
TRAIN, TEST, FRESH = np.split(DIGITS, [997, 1397])
N = len(TEST)
SPACE = principal_components(TRAIN)


MADE = {
    "real": FRESH,
    "blurred": scipy.ndimage.gaussian_filter(FRESH, (0, 0.7, 0.7, 0)),
    "noise": RNG.uniform(size=FRESH.shape).astype(np.float32),
    # Each pixel is distributed as it should be, but independent of the others.
    "pixels": RNG.permuted(FRESH.reshape(N, -1), axis=0).reshape(FRESH.shape),
    "repeated": FRESH[RNG.integers(0, 10, N)],
    "copies": TRAIN[:N],
}


@functools.cache
def measured(kind):
    """All numbers of one kind of samples."""
    points, real = SPACE(MADE[kind]), SPACE(TEST)
    distance, stderr = kernel_distance(points, real)
    found = neighbourhoods(points, real)
    found |= {"kernel_distance": distance, "kernel_distance_stderr": stderr}
    return found | memorization(nearest(MADE[kind], TRAIN), nearest(TEST, TRAIN))


# Of two samples of N from one distribution, a neighbourhood holds a sample of the other unless its
# k nearest of 2N are all of its own kind (Naeem et al. 2020, lemma 2).
K = 5
COVERAGE = 1 - np.prod([(N - i) / (2 * N - i) for i in range(1, K + 1)])


@pytest.mark.parametrize("kind", ["real", "copies"])
def test_real_images_get_good_numbers(kind):
    found = measured(kind)
    assert abs(found["kernel_distance"]) < 4 * found["kernel_distance_stderr"]
    # Neighbourhoods overlap: the errors are up to twice those of independent points.
    error = 2 * np.sqrt(COVERAGE * (1 - COVERAGE) / N)
    assert found["coverage"] == pytest.approx(COVERAGE, abs=4 * error)
    assert found["density"] == pytest.approx(1.0, abs=4 * 2 * found["density_stderr"])
    assert min(found["precision"], found["recall"]) > 0.9


def test_real_images_are_no_copies():
    found = measured("real")
    assert found["copied_fraction"] == found["copied_fraction_test"] == 0.0
    # The standard error of the statistic, of two samples of N, is sqrt((2 N + 1) / (12 N^2)).
    assert abs(found["nearer_than_test"] - 0.5) < 4 * np.sqrt((2 * N + 1) / 12) / N


def test_training_images_are_found_out_as_copies():
    found = measured("copies")
    assert found["copied_fraction"] == found["nearer_than_test"] == 1.0
    assert found["copied_fraction_test"] == 0.0


@pytest.mark.parametrize("kind", ["blurred", "noise", "pixels", "repeated"])
def test_the_kernel_distance_sees_all_that_is_distributed_otherwise(kind):
    found = measured(kind)
    assert found["kernel_distance"] > 6 * found["kernel_distance_stderr"]


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("blurred", {"recall": 0.05, "coverage": 0.8}),
        ("noise", {"precision": 0.02, "recall": 0.02, "density": 0.02, "coverage": 0.02}),
        ("pixels", {"precision": 0.15, "density": 0.05, "coverage": 0.1}),
        ("repeated", {"recall": 0.02, "coverage": 0.3}),
    ],
)
def test_neighbourhoods_see_what_they_should(kind, seen):
    found = measured(kind)
    assert {name: found[name] for name in seen if found[name] > seen[name]} == {}


@pytest.mark.parametrize(
    ("kind", "name"), [("blurred", "precision"), ("repeated", "precision"), ("pixels", "recall")]
)
def test_one_measure_alone_is_fooled(kind, name):
    """Blurred and repeated images are near real ones; noise has real ones in its midst."""
    assert measured(kind)[name] > 0.8
    assert measured(kind)["copied_fraction"] == 0.0


@pytest.mark.parametrize("kind", ["blurred", "noise"])
def test_a_network_tells_them_apart(kind):
    accuracy, _ = told_apart(MADE[kind], TEST, steps=60)
    assert accuracy - 0.5 > 10 * 0.5 / np.sqrt(N)  # Standard errors of one that only guesses.


def test_a_network_does_not_tell_real_images_apart():
    accuracy, stderr = told_apart(FRESH, TEST, steps=60)
    assert abs(accuracy - 0.5) < 4 * stderr
