"""How often values of each column of a table come, in data and in samples."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_vae.report.plots import COLOURS, DPI, INK, WIDTH, Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from keras_vae.columns import Column

_SIDE_BY_SIDE = 3
_MOST_COLUMNS = 60
_NUM_BINS = 24
_MOST_BARS = 24


def picture(
    columns: "Sequence[Column]", x: np.ndarray, mask: np.ndarray | None, drawn: np.ndarray
) -> Picture:
    """Histograms of test rows x [N, D], of their known cells, and of samples [M, D]."""
    from matplotlib.figure import Figure

    shown = columns[:_MOST_COLUMNS]
    num_rows = math.ceil(len(shown) / _SIDE_BY_SIDE)
    figure = Figure((2.0 * WIDTH, 1.3 * num_rows), dpi=DPI, layout="constrained")
    figure.patch.set_alpha(0.0)
    for i, column in enumerate(shown):
        axes = figure.add_subplot(num_rows, _SIDE_BY_SIDE, i + 1)
        known = slice(None) if mask is None else mask[:, i]
        _draw(axes, column, x[known, i], drawn[:, i])
    return Picture(
        "samples",
        "Columns",
        figure,
        f"Histograms of {len(shown)} columns: test rows and as many samples.",
        "How often values of each column come, in test rows (bars) and in as many rows that the "
        "model draws (line). Look for bars without a line, and for lines without bars.",
        pixelated=False,
        section="Rows",
    )


def _draw(axes: "Axes", column: "Column", x: np.ndarray, drawn: np.ndarray) -> None:
    axes.set_title(column.name.replace("$", r"\$")[:30], fontsize=7, color=INK)
    axes.tick_params(labelsize=5, colors=INK, length=2)
    axes.set_yticks([])
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.patch.set_alpha(0.0)
    if column.is_choice:
        edges = np.arange(column.num_choices + 1) - 0.5
        if column.num_choices <= 6:
            names = [str(c)[:8] for c in column.categories]
            axes.set_xticks(range(len(names)), names, fontsize=4)
    else:
        x, drawn = (values * column.unit + column.offset for values in (x, drawn))
        low, high = np.percentile(x, [0.5, 99.5]) if len(x) else (0.0, 1.0)
        step, span = column.step or (1.0 if column.kind == "count" else 0.0), high - low
        if step and span / step <= _MOST_BARS:
            edges = np.arange(low - step / 2, high + step, step)
        else:
            edges = np.linspace(low, high if span > 0 else low + 1.0, _NUM_BINS + 1)
    data, made = (np.histogram(values, edges)[0] for values in (x, drawn))
    axes.stairs(data / max(1, len(x)), edges, fill=True, color=COLOURS[0], alpha=0.4)
    axes.stairs(made / max(1, len(drawn)), edges, color=COLOURS[1])
