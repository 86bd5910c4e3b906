"""Measures of samples: closed forms, loops, and cases whose result is known."""

import numpy as np
import pytest
import scipy.linalg
import scipy.ndimage
import scipy.stats

from keras_vae.evaluation import (
    Features,
    Nearest,
    frechet_distance,
    kernel_distance,
    memorization,
    nearest,
    neighbourhoods,
    predictive_checks,
    sample_quality,
    told_apart,
)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def whitened(points):
    """The points with mean 0 and covariance I, exactly."""
    points = points - points.mean(axis=0)
    return points @ np.linalg.inv(np.linalg.cholesky(np.atleast_2d(np.cov(points.T)))).T


# Distances ---------------------------------------------------------------------------------------


def test_frechet_distance_of_shifted_points_is_the_shift_squared():
    points = normal(50, 3)
    assert frechet_distance(points, points + [3.0, 0.0, 4.0]) == pytest.approx(25.0, rel=1e-9)
    assert frechet_distance(points, points) == pytest.approx(0.0, abs=1e-9)


def test_frechet_distance_is_that_of_the_two_normals():
    factors = normal(3, 3, seed=1), normal(3, 3, seed=2)
    a, b = (whitened(normal(40, 3)) @ f.T for f in factors)
    covariances = [f @ f.T for f in factors]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    wanted = np.trace(covariances[0] + covariances[1] - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(wanted, rel=1e-6)
    assert frechet_distance(b, a) == pytest.approx(wanted, rel=1e-6)


def test_frechet_distance_of_fewer_points_than_dimensions():
    """Both lie on a line: sum of (scale - scale)^2 there."""
    line = normal(1, 20, seed=1)
    line /= np.linalg.norm(line)
    t = whitened(normal(5, 1))
    assert frechet_distance(t * line, 3 * t * line) == pytest.approx(4.0, rel=1e-5)


def test_kernel_distance_by_hand():
    a, b = np.array([[0.0], [1.0], [1.0], [0.0]]), np.full((4, 1), 2.0)
    # Subsets of two: among a, k(0, 1) = 1, k(0, 0) = 1, k(1, 1) = 8; among b, k(2, 2) = 125;
    # between, k(0, 2) = 1 and k(1, 2) = 27.
    subsets = {"mixed": 1 + 125 - 2 * 14, "zeros": 1 + 125 - 2 * 1, "ones": 8 + 125 - 2 * 27}
    found = {round(kernel_distance(a, b, 2, seed)[0], 6) for seed in range(20)}
    assert found == {subsets["mixed"], (subsets["zeros"] + subsets["ones"]) / 2}
    assert kernel_distance(a, b, 2)[1] in (0.0, (subsets["zeros"] - subsets["ones"]) / 2)


def test_kernel_distance_has_no_bias_and_its_error_is_right():
    found = np.array(
        [
            kernel_distance(normal(40, 4, seed=2 * i), normal(60, 4, seed=2 * i + 1))
            for i in range(200)
        ]
    )
    distances, errors = found.T
    spread = distances.std(ddof=1)
    assert abs(distances.mean()) < 4 * spread / np.sqrt(200)
    # The mean square of the errors is the variance; that of 200 is known to some 20%.
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(spread, rel=0.4)
    assert kernel_distance(normal(40, 4), normal(40, 4, seed=1) + 1)[0] > 5 * spread


# Neighbourhoods ----------------------------------------------------------------------------------


def test_neighbourhoods_of_the_same_points_and_of_far_ones():
    points = normal(30, 3)
    same = neighbourhoods(points, points)
    assert same["precision"] == same["recall"] == same["coverage"] == 1.0
    far = neighbourhoods(points + 100, points)
    assert len(far) == 8
    assert set(far.values()) == {0.0}


def test_neighbourhoods_are_those_of_their_definition():
    made, real, k = normal(25, 2) + 0.7, 1.5 * normal(40, 2, seed=1), 3

    def radius(points, i):
        return sorted(np.linalg.norm(points[i] - p) for j, p in enumerate(points) if j != i)[k - 1]

    def is_in(x, points, i):
        return np.linalg.norm(x - points[i]) <= radius(points, i)

    in_real = np.array([[is_in(x, real, i) for i in range(40)] for x in made])
    in_made = np.array([[is_in(x, made, i) for i in range(25)] for x in real])
    of_points = {
        "precision": in_real.any(axis=1),
        "recall": in_made.any(axis=1),
        "density": in_real.sum(axis=1) / k,
        "coverage": in_real.any(axis=0),
    }
    found = neighbourhoods(made, real, k)
    for name, values in of_points.items():
        assert found[name] == pytest.approx(values.mean())
        assert found[f"{name}_stderr"] == pytest.approx(scipy.stats.sem(values.astype(float)))


def test_a_lost_mode_costs_recall_and_coverage_but_no_precision():
    real = normal(200, 2)
    real[100:] += 50
    found = neighbourhoods(normal(200, 2, seed=1), real)
    assert found["precision"] > 0.9
    assert found["recall"] <= 0.5
    assert found["coverage"] <= 0.5


def test_density_is_1_where_both_are_alike():
    found = [
        neighbourhoods(normal(100, 2, seed=2 * i), normal(100, 2, seed=2 * i + 1))["density"]
        for i in range(20)
    ]
    assert abs(np.mean(found) - 1.0) < 4 * np.std(found, ddof=1) / np.sqrt(20)


def test_neighbourhoods_need_more_points_than_neighbours():
    with pytest.raises(ValueError, match="more than k=5 points, got 5 and 8"):
        neighbourhoods(normal(5, 2), normal(8, 2))


# Copies ------------------------------------------------------------------------------------------


def test_nearest_are_found_with_their_distances():
    train = normal(20, 2, 2, 1)
    images = train[[7, 3]] + 0.01
    found = nearest(images, train)
    np.testing.assert_array_equal(found.rows[:, 0], [7, 3])
    np.testing.assert_allclose(found.distances[:, 0], 0.02, rtol=1e-6)
    every = np.sqrt(((images[:, np.newaxis] - train) ** 2).sum(axis=(2, 3, 4)))
    np.testing.assert_allclose(found.distances, np.sort(every, axis=1)[:, :2], rtol=1e-6)


def test_copies_are_told_from_new_and_from_blurred_images():
    train, test = normal(100, 4, 4, 1), normal(50, 4, 4, 1, seed=1)
    of_test = nearest(test, train)
    copied = memorization(nearest(train[:50] + 1e-3, train), of_test)
    assert copied["copied_fraction"] == copied["nearer_than_test"] == 1.0
    assert copied["copied_fraction_test"] == 0.0
    new = memorization(nearest(normal(50, 4, 4, 1, seed=2), train), of_test)
    assert new["copied_fraction"] == 0.0
    # Two samples of 50: the standard error of the statistic is 0.058.
    assert abs(new["nearer_than_test"] - 0.5) < 4 * 0.058
    blurred = memorization(nearest(0.1 * test, train), of_test)
    assert blurred["copied_fraction"] == 0.0
    assert blurred["nearer_than_test"] > 0.9


def test_nearer_than_test_is_a_count_of_pairs():
    made, test = (
        Nearest(np.zeros((2, 2)), np.array(d)) for d in ([[1.0, 9.0], [2.0, 2.0]], [[2.0, 9.0]])
    )
    found = memorization(made, test)
    assert found["nearer_than_test"] == (1 + 0.5) / 2
    assert found["copied_fraction"] == 0.5


def test_what_the_data_holds_twice_is_a_copy_too():
    train = np.repeat(normal(5, 2, 2, 1), 2, axis=0)
    assert nearest(train[:1], train).ratio[0] == 0.0


# Posterior predictive checks ---------------------------------------------------------------------


def test_p_values_are_uniform_if_the_model_is_true():
    names = ("intensity", "intensity_spread", "contrast", "roughness", "mean_image_error")
    found = np.array(
        [
            [
                predictive_checks(
                    normal(20, 3, 3, 1, seed=2 * i), normal(20, 3, 3, 1, seed=2 * i + 1), 99, i
                )[f"predictive_{name}_p_value"]
                for name in names
            ]
            for i in range(150)
        ]
    )
    # 150 uniform numbers: the share up to 0.2 is 0.2 to 4 standard errors.
    shares = np.mean(found <= 0.2, axis=0)
    np.testing.assert_allclose(shares, 0.2, atol=4 * np.sqrt(0.2 * 0.8 / 150))


@pytest.mark.parametrize(
    ("change", "seen", "unseen"),
    [
        (lambda x: x + 0.5, "intensity", "contrast"),
        (lambda x: 1.5 * x, "contrast", "intensity"),
        (lambda x: np.sort(x, axis=1), "roughness", "intensity"),
        (lambda x: x + np.array([[[1.0], [-1.0], [0.0]]]), "mean_image_error", "intensity"),
    ],
)
def test_each_check_sees_its_own_difference(change, seen, unseen):
    x = normal(100, 3, 3, 1)
    found = predictive_checks(x, change(normal(100, 3, 3, 1, seed=1)), 199)
    assert found[f"predictive_{seen}_p_value"] == 1 / 199
    assert found[f"predictive_{unseen}_p_value"] > 0.01


def test_statistics_are_those_of_their_names():
    x = np.zeros((2, 2, 2, 1))
    x[0] = 1.0
    x[1, 0, 0] = 1.0
    found = predictive_checks(x, np.zeros((2, 2, 2, 1)), 10)
    assert found["predictive_intensity"] == [0.625, 0.0]
    assert found["predictive_intensity_spread"] == [0.375, 0.0]
    assert found["predictive_contrast"] == pytest.approx([np.sqrt(3) / 8, 0.0])
    assert found["predictive_roughness"] == [0.25, 0.0]
    np.testing.assert_allclose(
        found["predictive_mean_image_error"], np.sqrt((1 + 3 * 0.25) / 4), rtol=1e-6
    )


# Told apart -------------------------------------------------------------------------------------


def test_a_network_tells_sets_apart_as_often_as_can_be():
    """Means a quarter apart in 64 values of variance 1: the best rule is right in Phi(1)."""
    a, b = normal(1000, 8, 8, 1), normal(1000, 8, 8, 1, seed=1)
    accuracy, stderr = told_apart(a, b)
    assert stderr == pytest.approx(0.5 / np.sqrt(1000), rel=0.02)
    assert abs(accuracy - 0.5) < 4 * stderr
    accuracy, stderr = told_apart(a + 0.25, b)
    best = scipy.stats.norm.cdf(1)
    assert best - 0.06 < accuracy < best + 4 * stderr
    assert told_apart(a + 0.25, b) == (accuracy, stderr)


def test_a_hundred_images_teach_what_a_texture_is_wherever_it_is():
    """Noise that is smoothed by other widths, scaled to the same mean and variance."""

    def smoothed(width, seed):
        noise = normal(100, 32, 32, 1, seed=seed)
        made = scipy.ndimage.gaussian_filter(noise, (0, width, width, 0), mode="wrap")
        return np.float32(made / made.std())

    accuracy, _ = told_apart(smoothed(1.0, 0), smoothed(1.3, 1))
    assert accuracy > 0.9


def test_images_made_again_and_again_are_found_out():
    real = normal(400, 8, 8, 1)
    made = normal(1000, 8, 8, 1, seed=1)[np.random.default_rng(0).integers(0, 5, 1000)]
    accuracy, stderr = told_apart(made, real)
    assert accuracy > 0.95
    assert stderr == pytest.approx(np.sqrt(accuracy * (1 - accuracy) / 400))


# All of it ---------------------------------------------------------------------------------------


def test_quality_says_where_it_was_measured_and_what_training_images_get():
    space = Features("pixels", lambda images: images.reshape(len(images), -1))
    made, real, train = (normal(60, 2, 2, 1, seed=i) for i in range(3))
    found = sample_quality(made + 1, real, train, space, seed=3)
    a, b, c = (x.reshape(60, 4) for x in (made + 1, real, train))
    assert found["feature_space"] == "pixels"
    assert found["num_compared"] == 60
    assert found["frechet_distance"] == pytest.approx(frechet_distance(a, b), rel=1e-5)
    assert found["frechet_distance_train"] == pytest.approx(frechet_distance(c, b), rel=1e-5)
    assert found["kernel_distance"] == pytest.approx(kernel_distance(a, b)[0], rel=1e-5)
    assert found["precision"] == neighbourhoods(a, b)["precision"]
    told = told_apart(made + 1, real, seed=3, steps=20)  # As conftest.py has it.
    assert (found["told_apart_accuracy"], found["told_apart_accuracy_stderr"]) == told
    assert found["told_apart_accuracy_train"] == told_apart(train, real, seed=3, steps=20)[0]


def test_quality_of_a_few_images_leaves_out_what_needs_more():
    space = Features("pixels", lambda images: images.reshape(len(images), -1))
    few = normal(5, 2, 2, 1)
    assert sample_quality(few, few, few, space) == {"feature_space": "pixels", "num_compared": 5}
