"""Quality of samples against temperature."""

import numpy as np
import pytest

from keras_vae.evaluation import (
    Features,
    by_temperature,
    frechet_distance,
    kernel_distance,
    neighbourhoods,
)

SPACE = Features("pixels", lambda images: images.reshape(len(images), -1))
N = 200
REAL, NOISE = np.random.default_rng(0).normal(size=(2, N, 2, 2, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def found():
    """Of a model whose samples are the data's at temperature 1."""
    return by_temperature(lambda temperature: temperature * NOISE, REAL, SPACE, (0.3, 0.6, 1.0))


def test_numbers_are_those_of_the_samples_of_each_temperature(found):
    assert found["temperatures"] == [0.3, 0.6, 1.0]
    assert found["temperature_num_compared"] == N
    real = SPACE(REAL)
    for i, temperature in enumerate(found["temperatures"]):
        made = SPACE(np.float32(temperature) * NOISE)
        wanted = neighbourhoods(made, real) | {"frechet_distance": frechet_distance(made, real)}
        wanted |= dict(
            zip(
                ("kernel_distance", "kernel_distance_stderr"),
                kernel_distance(made, real),
                strict=True,
            )
        )
        for name in ("precision", "recall", "frechet_distance", "kernel_distance"):
            assert found[f"{name}_by_temperature"][i] == pytest.approx(wanted[name], abs=1e-5)
            if name != "frechet_distance":
                error = found[f"{name}_by_temperature_stderr"][i]
                assert error == pytest.approx(wanted[f"{name}_stderr"], abs=1e-5)


def test_less_temperature_is_less_variety(found):
    recall, distance = found["recall_by_temperature"], found["kernel_distance_by_temperature"]
    assert recall[0] < recall[1] < recall[2]
    assert found["precision_by_temperature"][0] > found["precision_by_temperature"][2]
    errors = found["kernel_distance_by_temperature_stderr"]
    assert abs(distance[2]) < 4 * errors[2]
    assert distance[0] > 4 * errors[0]


def test_a_few_images_are_too_few():
    assert by_temperature(lambda temperature: NOISE[:19], REAL[:19], SPACE) == {}
