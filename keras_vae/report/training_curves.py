"""How training went: the columns of metrics.csv as charts."""

from collections.abc import Iterator, Mapping

import numpy as np

from keras_vae.report.line_chart import line_chart
from keras_vae.report.plots import Line

# The columns worth a curve: (title, unit, what it shows).
CURVES = {
    "elbo_nats": ("ELBO", "nats", "The bound on log p(x), at beta = 1. It should rise."),
    "distortion": ("Distortion", "nats", "What is lost in reconstruction. It should fall."),
    "rate": ("Rate", "nats", "What the latents say about an example. At 0, they are not used."),
    "loss": ("Loss", "nats", "What training minimises, with the weights it gives its terms."),
}
# These columns get a curve only if they change.
SCHEDULES = {
    "beta": ("Beta", "", "The weight of the rate in the loss. It should end at the beta you want."),
    "learning_rate": ("Learning rate", "", "Of the optimizer. It should change as planned."),
    "skipped": (
        "Skipped steps",
        "",
        "Steps of an epoch whose gradients were too large. They should be few.",
    ),
}


def curves(history: Mapping[str, np.ndarray]) -> Iterator[str]:
    """The HTML of a chart for each column that has one, of training and of validation.

    Args:
      history: metrics.csv, as `results.read_history` has it.
    """
    for column, (title, unit, caption) in (CURVES | SCHEDULES).items():
        values = history.get(column, np.array([]))
        values = values[np.isfinite(values)]
        if len(values) == 0 or (column in SCHEDULES and np.ptp(values) == 0):
            continue
        lines = {
            part: curve
            for part, name in (("training", column), ("validation", f"val_{column}"))
            if (curve := line(history, name))
        }
        yield line_chart(title, unit, caption, lines)


def line(history: Mapping[str, np.ndarray], column: str) -> Line | None:
    """A column of metrics.csv over the epochs from 1 on; None where there is none."""
    return (1 + history["epoch"], history[column]) if column in history else None
