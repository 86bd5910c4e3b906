"""The kernel two-sample test: against its definition, and its level and power."""

import numpy as np

from keras_vae.evaluation import two_sample_test


def normal(n, loc=0.0, seed=0):
    return np.random.default_rng(seed).normal(loc, size=(n, 3))


def test_mmd_is_that_of_its_definition():
    a, b = normal(8), normal(5, 1.0, seed=1)
    points = np.concatenate([a, b])
    squares = ((points[:, None] - points) ** 2).sum(-1)
    width = np.median(squares[np.triu_indices(13, 1)])
    kernel = np.exp(-squares / width)
    wanted = kernel[:8, :8].mean() + kernel[8:, 8:].mean() - 2 * kernel[:8, 8:].mean()
    np.testing.assert_allclose(two_sample_test(a, b)["mmd"] ** 2, wanted, rtol=1e-9)


def test_p_values_of_one_distribution_are_uniform():
    p = [
        two_sample_test(normal(20, seed=2 * i), normal(30, seed=2 * i + 1), 99)["p_value"]
        for i in range(200)
    ]
    # 200 uniform numbers: the share below 0.2 is 0.2 to 4 standard errors.
    assert abs(np.mean(np.array(p) <= 0.2) - 0.2) < 4 * np.sqrt(0.2 * 0.8 / 200)


def test_another_distribution_is_found_out():
    found = two_sample_test(normal(100), normal(100, 1.0, seed=1), 199)
    assert found["p_value"] == 1 / 200
    assert found["mmd"] > 5 * two_sample_test(normal(100), normal(100), 1)["mmd"]
