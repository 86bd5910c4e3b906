"""Quality of samples against temperature."""

from collections.abc import Callable, Sequence

import numpy as np

from keras_vae.evaluation.features import Features
from keras_vae.evaluation.samples.distances import frechet_distance, kernel_distance
from keras_vae.evaluation.samples.neighbourhoods import neighbourhoods

_TEMPERATURES = (0.6, 0.7, 0.8, 0.9, 1.0)
_FEWEST = 20  # samples: the kernel distance divides them into ten parts of two or more


def by_temperature(
    draw: Callable[[float], np.ndarray],
    real: np.ndarray,
    features: Features,
    temperatures: Sequence[float] = _TEMPERATURES,
) -> dict[str, list[float] | int]:
    """How samples of each temperature compare with real images.

    Samples of a lower temperature keep to where the prior is dense: they are more like the data,
    and less varied.

    Args:
      draw: temperature -> samples [N, H, W, C]; of the same noise, so that differences are those of
        the temperature.
      real: test images, as many.
      features: `Features` of both.
      temperatures: T of them.

    Returns:
      dict: `temperatures` [T]; at each of them `frechet_distance_by_temperature`, and with their
      standard errors `kernel_distance_by_temperature`, `precision_by_temperature` and
      `recall_by_temperature`, [T] each; `temperature_num_compared`, N. Of fewer than 20
      images nothing.
    """
    if len(real) < _FEWEST:
        return {}
    of_real = features(real)
    found: dict[str, list[float] | int] = {
        "temperatures": [*map(float, temperatures)],
        "temperature_num_compared": len(real),
    }
    columns = [_quality(features(draw(temperature)), of_real) for temperature in temperatures]
    for name in columns[0]:
        key = name.removesuffix("_stderr") + "_by_temperature"
        found[key + "_stderr" * name.endswith("_stderr")] = [column[name] for column in columns]
    return found


def _quality(made, real):
    of_neighbours = neighbourhoods(made, real)
    distance, stderr = kernel_distance(made, real)
    return {
        "frechet_distance": frechet_distance(made, real),
        "kernel_distance": distance,
        "kernel_distance_stderr": stderr,
        **{
            name: of_neighbours[name]
            for name in ("precision", "precision_stderr", "recall", "recall_stderr")
        },
    }
