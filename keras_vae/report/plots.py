"""Figures from arrays.

Every function returns a matplotlib Figure that belongs to no backend and no global state: show it
in a notebook, or `figure.savefig(path)`. Backgrounds are transparent and writing is grey, so that a
figure reads on white and on black.

Images are [..., H, W, C]: uint8 as 0..255, others clipped to [0, 1]. C = 3 is colour; of any other
C the first channel is shown.
"""

import math
import pathlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import color_sequences, colormaps, font_manager
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from keras_vae.files import whole_file

DPI = 192
GRID_WIDTH = 720  # Pixels: smaller grids are enlarged up to this width, by a whole number.
WIDTH = 4.2  # Inches of figures with axes; their 9 point labels then read on a phone.
INK = "#808080"
# A light blue in place of tab10's grey, which would be lost among grey points and axes.
COLOURS = [*color_sequences["tab10"]]
COLOURS[7] = color_sequences["tab20"][1]


# (epochs [E], values [E]).
Line = tuple[np.ndarray, np.ndarray]


class Picture(NamedTuple):
    """A figure and its words.

    Attributes:
      name: of its file, without an ending.
      title: one to four words.
      figure: a matplotlib Figure.
      alt: what it shows, for those who can't see it.
      caption: what it shows and what to look for.
      pixelated: whether it is images alone, to be enlarged without smoothing.
      section: the section of `measures.EVALUATION` whose numbers it stands beside.
    """

    name: str
    title: str
    figure: Figure
    alt: str
    caption: str
    pixelated: bool = True
    section: str = "Latents"


def write(figure: Figure, path: pathlib.Path) -> None:
    """Writes a figure to a file, all of it or none."""
    with whole_file(path) as file:
        figure.savefig(file)


def image_grid(images: np.ndarray, columns: int | None = None) -> Figure:
    """Images [N, H, W, C] row by row; by default about as many columns as rows."""
    return _grid(_rgba(images), columns or math.ceil(math.sqrt(len(images))))


def reconstructions(inputs: np.ndarray, outputs: np.ndarray, columns: int = 10) -> Figure:
    """Pairs, each an input above its output; both [N, H, W, C]."""
    line = [(0, 0), (0, 1), (0, 0), (0, 0)]  # A transparent row of pixels separates the two.
    pairs = np.concatenate([np.pad(_rgba(inputs), line), _rgba(outputs)], axis=1)
    return _grid(pairs, min(columns, len(pairs)), gap=3)


def interpolations(images: np.ndarray) -> Figure:
    """N ways from one image to another, one in each row: [steps, N, H, W, C]."""
    return _picture(_table(_rgba(images).swapaxes(0, 1)))


def piano_rolls(x: np.ndarray, levels: int, bar_steps: int = 16) -> np.ndarray:
    """Images of music, which the functions above show: time to the right, pitch upwards.

    Args:
      x: [..., T, V, 1], level / (levels - 1) of V voices; level 0 is silence.
      levels: how many there are.
      bar_steps: steps between two bar lines.

    Returns:
      uint8 [..., levels - 1, T, 3], a colour for each voice.
    """
    level = np.round(np.asarray(x)[..., 0] * (levels - 1)).astype(int)  # [..., T, V]
    rows = np.arange(levels - 1, 0, -1)[:, np.newaxis]
    picture = np.full((*level.shape[:-2], levels - 1, level.shape[-2], 3), 255, np.uint8)
    picture[..., ::bar_steps, :] = 225
    for voice in range(level.shape[-1]):
        colour = np.round(255 * np.array(COLOURS[voice % len(COLOURS)])).astype(np.uint8)
        picture[level[..., np.newaxis, :, voice] == rows] = colour
    return picture


def manifold(images: np.ndarray) -> Figure:
    """What a grid of codes decodes to, [rows, columns, H, W, C]."""
    return _picture(_table(_rgba(images)))


def traversals(
    images: np.ndarray, values: Sequence[float] | np.ndarray, names: Sequence[str]
) -> Figure:
    """What changes along each latent.

    Args:
      images: [D, steps, H, W, C], one latent in each row.
      values: [steps], the latent's value in each column; or none.
      names: D strings to write beside the rows.
    """
    pixels = _table(_rgba(images))
    num_latents, steps = images.shape[:2]
    height, width = pixels.shape[0] / num_latents, pixels.shape[1] / steps  # of one image
    # Inches for the names and for the values.
    beside, below = max(0.9, 0.11 * max(map(len, names))), 0.35 if len(values) else 0.05
    figure, axes = _axes(below + (WIDTH - beside) * pixels.shape[0] / pixels.shape[1])
    axes.imshow(pixels, interpolation="nearest")
    axes.set_yticks((np.arange(num_latents) + 0.5) * height, [_literal(name) for name in names])
    whole = [i for i, value in enumerate(values) if np.isclose(value, round(value))]
    axes.set_xticks([(i + 0.5) * width for i in whole], [f"{values[i]:.0f}" for i in whole])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure


def latent_scatter(
    z: np.ndarray,
    labels: np.ndarray | None = None,
    names: Sequence[str] = ("z[0]", "z[1]"),
    behind: np.ndarray | None = None,
    class_names: Sequence[str] | None = None,
) -> Figure:
    """Codes z [N, 2] as points.

    Args:
      z: [N, 2].
      labels: [N], by which they are coloured; or None.
      names: of the two axes.
      behind: [M, 2], other points, grey, behind them; or None.
      class_names: of the labels, which are 0, 1, ... then; or None.
    """
    z = np.asarray(z)
    figure, axes = _axes(3.8)
    style = {"s": 9, "alpha": 0.7, "linewidths": 0}
    if behind is not None:
        axes.scatter(*np.asarray(behind).T, color=INK, **style | {"alpha": 0.25})
    if labels is None:
        axes.scatter(*z.T, color=COLOURS[0], **style)
    else:
        classes, rows = np.unique(labels, return_inverse=True)
        few = len(classes) <= len(COLOURS)
        colours = COLOURS if few else colormaps["turbo"](np.linspace(0.05, 0.95, len(classes)))
        for i, label in enumerate(classes):
            name = str(label) if class_names is None else class_names[label]
            axes.scatter(*z[rows == i].T, color=colours[i], label=_literal(name), **style)
        if len(classes) <= 20:  # A longer legend would fill the figure.
            figure.legend(loc="outside right upper", frameon=False, labelcolor=INK, markerscale=2.5)
    axes.set_xlabel(names[0])
    axes.set_ylabel(names[1])
    axes.set_aspect("equal", "datalim")
    return figure


def bars(
    values: Sequence[float] | np.ndarray, name: str, label: str, groups: Sequence[str] = ()
) -> Figure:
    """Values [N] as bars side by side.

    Args:
      values: [N].
      name: of the horizontal axis, which counts from 1.
      label: of the vertical one.
      groups: of each value the group, [N], which has a colour and is named in a legend; or none.
    """
    figure, axes = _axes(2.6)
    of_group = np.array(groups or [""] * len(values))
    for i, group in enumerate(dict.fromkeys(of_group)):
        rows = np.flatnonzero(of_group == group)
        colour = COLOURS[i % len(COLOURS)]
        axes.bar(1 + rows, np.asarray(values)[rows], width=0.85, color=colour, label=group)
    if groups:
        axes.legend(frameon=False, labelcolor=INK, fontsize=8)
    axes.set_xlabel(name)
    axes.set_ylabel(label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
    return figure


def against(x: np.ndarray, panels: Mapping[str, Mapping[str, tuple]], name: str) -> Figure:
    """Values with their standard errors over x [N], in panels one above the other.

    Args:
      panels: dict name of the vertical axis -> dict name of a curve -> (values [N], errors [N]).
      name: of the horizontal axis.
    """
    figure = Figure((WIDTH, 2.0 * len(panels)), DPI, layout="constrained", facecolor="none")
    for i, (label, curves) in enumerate(panels.items(), 1):
        axes = _plain(figure.add_subplot(len(panels), 1, i, facecolor="none"))
        for j, (curve, (values, errors)) in enumerate(curves.items()):
            axes.errorbar(x, values, errors, color=COLOURS[j], marker="o", ms=3, label=curve)
        if len(curves) > 1:
            axes.legend(frameon=False, labelcolor=INK, fontsize=8)
        axes.grid(color=INK, alpha=0.2)
        axes.set_ylabel(label)
    axes.set_xlabel(name)
    return figure


def heat_map(values: np.ndarray, label: str) -> Figure:
    """Values [h, w] from 0 on as the colours of squares, beside a scale of them.

    Args:
      values: [h, w].
      label: of the scale.
    """
    figure, axes = _axes(2.6)
    scale = figure.colorbar(axes.imshow(values, vmin=0.0))
    scale.set_label(label, color=INK)
    scale.ax.tick_params(colors=INK, labelsize=9)
    scale.outline.set_visible(False)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    return figure


def histograms(groups: Mapping[str, np.ndarray], label: str) -> Figure:
    """How the values of several groups are spread.

    Args:
      groups: dict name -> values [N].
      label: what the values are.
    """
    figure, axes = _axes(2.6)
    edges = np.histogram_bin_edges(np.concatenate(list(groups.values())), 50)
    for i, (name, values) in enumerate(groups.items()):
        weights = np.full(len(values), 1.0 / len(values))
        axes.hist(values, edges, weights=weights, color=COLOURS[i], alpha=0.6, label=name)
    axes.legend(frameon=False, labelcolor=INK, fontsize=9)
    axes.set_xlabel(label)
    axes.set_ylabel("share")
    return figure


def curves(
    history: Mapping[str, Sequence[float] | np.ndarray], name: str, label: str | None = None
) -> Figure:
    """One metric over the epochs, in training and (where there is one) validation.

        plots.curves(vae.fit(images, validation_split=0.1).history, "elbo_nats")

    Args:
      history: dict name -> values [E], as Keras' History.history. Validation's names begin with
        `val_`; `epoch`, if there, counts from 0; values that are not finite are left out.
      name: the metric.
      label: what to write on the axis; by default the name.
    """
    figure, axes = _axes(2.6)
    epochs = 1 + np.asarray(history.get("epoch", np.arange(len(history[name]))))
    for column, part, colour in (
        (name, "training", COLOURS[0]),
        (f"val_{name}", "validation", COLOURS[1]),
    ):
        if column in history:
            _curve(axes, epochs, np.asarray(history[column], float), colour, part)
    if f"val_{name}" in history:
        axes.legend(frameon=False, labelcolor=INK, fontsize=9)
    _over_epochs(axes, label or name)
    return figure


def rate_distortion(
    points: Mapping[str, tuple[float, float]], connected: bool = False, path: Line | None = None
) -> Figure:
    """Where runs stand between saying little and losing much, with lines of equal ELBO.

    Args:
      points: dict name of the run -> (rate, distortion), nats.
      connected: whether a curve goes through them, as through one model's at several betas.
      path: (rates [E], distortions [E]) that a run came by, the last of them last; or None.

    References:
      Alemi et al. 2018, Fixing a broken ELBO, figure 1.
    """
    figure, axes = _axes(3.6)
    rates, distortions = np.array(list(points.values())).T
    if connected:
        axes.plot(*np.array(sorted(points.values())).T, color=INK, alpha=0.5, lw=1, zorder=1)
    if path is not None:
        rates, distortions = (
            np.append(v, p) for v, p in zip((rates, distortions), path, strict=True)
        )
        axes.plot(*path, color=INK, alpha=0.5, lw=1, marker=".", ms=3, zorder=1)
    for i, (name, (rate, distortion)) in enumerate(points.items()):
        axes.scatter(rate, distortion, s=30, color=COLOURS[i % len(COLOURS)], label=name, zorder=2)
        axes.axline((rate, distortion), slope=-1, color=INK, alpha=0.25, lw=0.6, zorder=0)
    for set_limits, values in ((axes.set_xlim, rates), (axes.set_ylim, distortions)):
        margin = 0.1 * np.ptp(values) + 1.0
        set_limits(max(0.0, values.min() - margin), values.max() + margin)
    axes.legend(frameon=False, labelcolor=INK, fontsize=8)
    axes.set_xlabel("rate, nats")
    axes.set_ylabel("distortion, nats")
    return figure


def can_write(text: str) -> bool:
    """Whether the figures' font has a glyph for each letter."""
    font = font_manager.get_font(font_manager.findfont(font_manager.FontProperties()))
    return all(font.get_char_index(ord(letter)) for letter in text)


def _literal(name: str) -> str:
    """The name as matplotlib writes it out: "$" begins no formula, and "_" hides no entry."""
    return ("\u200b" if name.startswith("_") else "") + name.replace("$", r"\$")


def _curve(axes, epochs, values, colour, name, **line):
    """A line through the values that are finite."""
    shown = np.isfinite(values)
    # A line through a single point would be invisible.
    marker = "o" if shown.sum() <= 20 else ""
    axes.plot(epochs[shown], values[shown], color=colour, marker=marker, ms=3, label=name, **line)


def _over_epochs(axes, label):
    axes.grid(color=INK, alpha=0.2)
    axes.set_xlabel("epoch")
    axes.set_ylabel(label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))


def _rgba(images):
    """Images [..., H, W, C] as opaque uint8 [..., H, W, 4]."""
    images = np.asarray(images)
    if images.dtype != np.uint8:
        images = np.round(255 * np.clip(images.astype(np.float32), 0, 1)).astype(np.uint8)
    if images.shape[-1] != 3:
        images = np.repeat(images[..., :1], 3, axis=-1)
    return np.concatenate([images, np.full_like(images[..., :1], 255)], axis=-1)


def _table(rgba, gap: int = 1):
    """One big image of images [rows, columns, H, W, 4]; the gaps between them are transparent.

    Returns:
      [rows * (H + gap) - gap, columns * (W + gap) - gap, 4].
    """
    padded = np.pad(rgba, [(0, 0), (0, 0), (0, gap), (0, gap), (0, 0)])
    rows, columns, height, width, _ = padded.shape
    pixels = padded.swapaxes(1, 2).reshape(rows * height, columns * width, 4)
    return pixels[: rows * height - gap, : columns * width - gap]


def _grid(rgba, columns: int, gap: int = 1) -> Figure:
    """Images [N, H, W, 4] row by row; what is left of the last row is transparent."""
    rows = math.ceil(len(rgba) / columns)
    filled = np.pad(rgba, [(0, rows * columns - len(rgba)), (0, 0), (0, 0), (0, 0)])
    return _picture(_table(filled.reshape(rows, columns, *rgba.shape[1:]), gap))


def _picture(pixels) -> Figure:
    """A figure that is nothing but these pixels [height, width, 4], enlarged."""
    height, width = pixels.shape[:2]
    zoom = max(1, GRID_WIDTH // width)
    figure = Figure((zoom * width / DPI, zoom * height / DPI), DPI, facecolor="none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    axes.imshow(pixels, interpolation="nearest", aspect="auto")
    return figure


def _axes(height: float):
    """A figure of this height in inches and its axes."""
    figure = Figure((WIDTH, height), DPI, layout="constrained", facecolor="none")
    return figure, _plain(figure.add_subplot(facecolor="none"))


def _plain(axes):
    """Axes with grey writing and without a frame."""
    axes.tick_params(colors=INK, labelsize=9)
    axes.spines[:].set_color(INK)
    axes.spines[["top", "right"]].set_visible(False)
    for axis in (axes.xaxis, axes.yaxis):
        axis.label.set_color(INK)
    return axes
