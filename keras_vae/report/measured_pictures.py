"""Pictures of what evaluation.json holds: numbers that say more side by side."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_vae.config.rules import text
from keras_vae.report import plots
from keras_vae.report.plots import Picture
from keras_vae.vae import VAE


def measured_pictures(vae: VAE, evaluation: Mapping[str, Any]) -> list[Picture]:
    """The pictures that there are numbers for."""
    shown = []
    if evaluation.get("rate_nats_by_layer"):
        shown.append(bits_of_layers(evaluation["rate_nats_by_layer"], vae.prior.latent_shapes))
    if evaluation.get("temperatures"):
        shown.append(temperatures(evaluation))
    return shown


def bits_of_layers(rates: Sequence[float], shapes: Sequence[tuple[int, ...]]) -> Picture:
    """How many bits each stochastic layer holds, and those of one size together.

    Args:
      rates: nats of an example, [L], the layer next to x first.
      shapes: of their latents.
    """
    bits = np.array(rates) / math.log(2.0)
    sizes = [f"{text(s[:-1], 'x')} maps" if len(s) > 1 else f"{s[0]} latents" for s in shapes]
    held = {size: bits[[s == size for s in sizes]].sum() for size in sizes}
    together = ", ".join(f"{size} {total:,.1f}" for size, total in held.items())
    return Picture(
        "bits_of_layers",
        "Bits of each layer",
        plots.bars(
            bits,
            "layers, counted from x",
            "bits",
            [f"{size}: {held[size]:,.1f} bits" for size in sizes],
        ),
        f"Bars of the bits that {len(bits)} stochastic layers hold of an example; by size: "
        f"{together}.",
        "What each stochastic layer says of an example, on average, in bits; the legend adds up "
        "layers of one size. The first layers, next to x, hold detail, and the last what the whole "
        "is. Look for layers near 0, which could be left out.",
        pixelated=False,
    )


def temperatures(evaluation: Mapping[str, Any]) -> Picture:
    """Quality of samples against temperature."""
    tried, n = np.array(evaluation["temperatures"]), evaluation["temperature_num_compared"]

    def measured(name):
        key = f"{name}_by_temperature"
        return np.array(evaluation[key]), np.array(evaluation[f"{key}_stderr"])

    distance, stderr = measured("kernel_distance")
    best, whole = np.argmin(distance), np.argmax(tried)
    if distance[whole] - distance[best] > 2.0 * math.hypot(stderr[whole], stderr[best]):
        advice = f"By the kernel distance, samples are most like the data at {tried[best]:g}."
    else:
        advice = "By the kernel distance, none is surely better than the temperature 1."
    panels = {
        "share": {"precision": measured("precision"), "recall": measured("recall")},
        "kernel distance": {"kernel distance": (distance, stderr)},
    }
    figure = plots.against(tried, panels, "temperature")
    figure.axes[0].set_ylim(-0.03, 1.03)
    return Picture(
        "temperatures",
        "Samples by temperature",
        figure,
        f"Precision, recall and kernel distance of samples at {len(tried)} temperatures from "
        f"{tried.min():g} to {tried.max():g}.",
        f"{n:,} samples of each temperature beside as many test images, with standard errors. A "
        "lower temperature keeps to where the prior is dense: look for precision that rises, at "
        f"the price of recall. A lower kernel distance is better. {advice}",
        pixelated=False,
        section="Samples by temperature",
    )
