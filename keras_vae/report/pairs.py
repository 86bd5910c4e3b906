"""How alike pairs of columns of a table are in data and in samples."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_vae.report.plots import DPI, INK, WIDTH, Picture

if TYPE_CHECKING:
    from keras_vae.columns import Column

_MOST_COLUMNS = 40


def picture(columns: "Sequence[Column]", trends: np.ndarray) -> Picture:
    """A square for each pair of columns, the brighter the more alike: scores [D, D]."""
    from matplotlib.figure import Figure

    size = min(len(columns), _MOST_COLUMNS)
    names = [column.name.replace("$", r"\$")[:16] for column in columns[:size]]
    figure = Figure((WIDTH, WIDTH), dpi=DPI, layout="constrained")
    figure.patch.set_alpha(0.0)
    axes = figure.add_subplot()
    squares = axes.imshow(trends[:size, :size], vmin=0.5, vmax=1.0, cmap="viridis")
    axes.set_xticks(range(size), names, rotation=90)
    axes.set_yticks(range(size), names)
    axes.tick_params(labelsize=max(3, min(7, 200 // size)), colors=INK, length=0)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(squares, ax=axes, shrink=0.6)
    bar.ax.tick_params(labelsize=6, colors=INK)
    bar.outline.set_visible(False)
    i, j = map(int, np.unravel_index(np.nanargmin(trends), trends.shape))
    worst = f"{columns[i].name} and {columns[j].name}"
    return Picture(
        "pairs",
        "Pairs of columns",
        figure,
        f"Squares of {size} by {size} columns; least alike are {worst}, {trends[i, j]:.2f}.",
        "How alike pairs of columns depend on each other in test rows and in as many rows that "
        "the model draws; 1 is the same. Look for dark squares: dependences that the model lacks. "
        f"Least alike are {worst}, {trends[i, j]:.2f}.",
        pixelated=False,
        section="Rows",
    )
