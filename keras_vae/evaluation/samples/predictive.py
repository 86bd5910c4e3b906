"""Posterior predictive checks: whether data that the model draws has the data's statistics."""

from collections.abc import Callable
from typing import Any

import numpy as np


def predictive_checks(
    x: np.ndarray, replicated: np.ndarray, num_permutations: int = 500, seed: int = 0
) -> dict[str, float | list[float]]:
    """Compares statistics of test data with those of data that the model draws.

    If the model were true, an example and its replicate could change places: doing so at random
    says how far the two statistics would be apart by chance.

    Args:
      x: test examples [N, H, W, C], as the model sees them.
      replicated: [N, H, W, C], for each a draw of p(x|z) at a z of the prior, given the example's
        condition if there is one.
      num_permutations: random exchanges.
      seed: of them.

    Returns:
      dict: [of the data, of the replicated] `predictive_intensity`, the mean of all values;
      `predictive_intensity_spread`, the deviation of images' means; `predictive_contrast`, the mean
      deviation within an image; `predictive_roughness`, the mean step from a pixel to the next
      (total variation); and of each, with `_p_value` at its end, how often the difference is as
      large as this if the model is true, to either side. `predictive_mean_image_error`, how far
      the mean images are apart (root mean square over pixels), with its `_p_value`.

    References:
      Gelman, Meng & Stern 1996, Posterior predictive assessment of model fitness.
    """
    x, replicated = (np.asarray(part, np.float32) for part in (x, replicated))
    rng = np.random.default_rng(seed)
    exchange = rng.integers(0, 2, (num_permutations, len(x))).astype(bool)
    exchange[0] = False  # The data as it is counts as one: no p-value is 0.
    found: dict[str, float | list[float]] = {}
    of_images = [_statistics(part) for part in (x, replicated)]
    for name, (of_image, over_images) in _STATISTICS.items():
        a, b = (part[of_image] for part in of_images)
        differences = over_images(np.where(exchange, b, a), axis=1) - over_images(
            np.where(exchange, a, b), axis=1
        )
        found[f"predictive_{name}"] = [float(over_images(a)), float(over_images(b))]
        found[f"predictive_{name}_p_value"] = _share_as_large(np.abs(differences))
    difference = np.reshape(x - replicated, [len(x), -1])
    signs = np.where(exchange, -1.0, 1.0).astype(np.float32)
    errors = np.sqrt(np.mean((signs @ difference / len(x)) ** 2, axis=1))
    return found | {
        "predictive_mean_image_error": float(errors[0]),
        "predictive_mean_image_error_p_value": _share_as_large(errors),
    }


# Each check: (statistic of each image, how a data set's statistics are summed up).
_STATISTICS: dict[str, tuple[str, Callable[..., Any]]] = {
    "intensity": ("mean", np.mean),
    "intensity_spread": ("mean", np.std),
    "contrast": ("deviation", np.mean),
    "roughness": ("step", np.mean),
}


def _statistics(x):
    """Of each image of x [N, H, W, C], [N] each."""
    by_axis = [np.abs(np.diff(x, axis=axis)).reshape(len(x), -1) for axis in (1, 2)]
    steps = np.concatenate(by_axis, axis=1)
    return {
        "mean": x.mean(axis=(1, 2, 3)),
        "deviation": x.std(axis=(1, 2, 3)),
        "step": steps.mean(axis=1) if steps.size else np.zeros(len(x)),
    }


def _share_as_large(values):
    """The share of values [P] that are at least the first, but for rounding."""
    return float(np.mean(values >= values[0] * (1.0 - 1e-6)))
