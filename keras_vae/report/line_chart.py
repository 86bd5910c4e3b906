"""Lines over epochs as SVG, whose values can be read by mouse and by keyboard."""

import json
from collections.abc import Mapping
from html import escape

import numpy as np

from keras_vae.report.numbers_as_text import in_short
from keras_vae.report.plots import COLOURS, Line

_WIDTH, _HEIGHT = 420, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 410, 8, 196  # where the lines are drawn
_MOST_POINTS = 500  # of a line: more can't be told apart


def line_chart(
    title: str,
    unit: str,
    caption: str,
    lines: Mapping[str, Line],
    dashed: Mapping[str, Line] | None = None,
) -> str:
    """The HTML of a figure of numbers over the epochs.

    Args:
      title, unit: of the number; unit "" if it has none.
      caption: what it is, and what to look for.
      lines: dict name -> (epochs [E], values [E]); values that are not finite are left out, and
        each line has one that is.
      dashed: the same in training, drawn with dashes; each has the colour of its name.
    """
    from matplotlib.colors import to_hex

    lines, dashed = (
        {name: _thinned(*line) for name, line in several.items()}
        for several in (lines, dashed or {})
    )
    names = [*lines, *(name for name in dashed if name not in lines)]
    colours = {name: to_hex(COLOURS[i % len(COLOURS)]) for i, name in enumerate(names)}
    drawn = [(name, line, False) for name, line in lines.items()]
    drawn += [(name, line, True) for name, line in dashed.items()]
    epochs = np.unique(np.concatenate([line[0] for _, line, _ in drawn]))
    values = np.concatenate([line[1] for _, line, _ in drawn])
    x, y = _scale(epochs, _LEFT, _RIGHT), _scale(values, _BOTTOM, _TOP)
    shown = {
        "epochs": epochs.tolist(),
        "places": np.round(x(epochs), 1).tolist(),
        "lines": [
            {"name": name + ", training" * (dash and name in lines), "values": _texts(epochs, line)}
            for name, line, dash in drawn
        ],
    }
    last = ((line["name"], line["values"][-1]) for line in shown["lines"])
    ends = ", ".join(f"{name} {value}" for name, value in last if value is not None)
    paths = "".join(_path(x, y, line, colours[name], dash) for name, line, dash in drawn)
    key = "".join(
        f"<span><i style='background:{colours[name]}'></i>{escape(name)}</span>" for name in names
    )
    return (
        f"<figure class='curve'><h3>{escape(title)}</h3>"
        f"<svg class='chart' viewBox='0 0 {_WIDTH} {_HEIGHT}' tabindex='0' role='slider' "
        f"aria-label='{escape(title)} at each epoch' aria-valuemin='{epochs[0]}' "
        f"aria-valuemax='{epochs[-1]}' aria-valuenow='{epochs[-1]}' "
        f"data-shown='{escape(json.dumps(shown))}'>"
        f"{_grid(x, y, epochs, values, unit)}{paths}"
        f"<path class='cursor' d='M0 {_TOP}V{_BOTTOM}' "
        f"transform='translate({x(epochs[-1]):.1f} 0)'/></svg>"
        f"<output>Epoch {epochs[-1]}: {escape(ends)}</output>"
        + (f"<p class='key'>{key}</p>" if len(names) > 1 else "")
        + f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _thinned(epochs, values):
    """The points of a line that are finite, evenly as many as can be told apart."""
    epochs, values = np.asarray(epochs), np.asarray(values, float)
    finite = np.flatnonzero(np.isfinite(values))
    rows = finite[np.unique(np.linspace(0, len(finite) - 1, _MOST_POINTS).round().astype(int))]
    return epochs[rows].astype(int), values[rows]


def _texts(epochs, line):
    """The values of a line at each of `epochs`, as a reader sees them; None where it has none."""
    known = dict(zip(line[0].tolist(), line[1].tolist(), strict=True))
    return [in_short(known[e]) if e in known else None for e in epochs.tolist()]


def _scale(values, low, high):
    """The function from values to places between `low` and `high`, in units of the picture."""
    least, span = values.min(), float(np.ptp(values))
    if span == 0.0:
        return lambda v: np.full(np.shape(v), (low + high) / 2.0)
    return lambda v: low + (np.asarray(v) - least) / span * (high - low)


def _path(x, y, line, colour, dash):
    epochs, values = line
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x(epochs), y(values), strict=True))
    style = " stroke-dasharray='4 3' stroke-width='1'" if dash else ""
    if len(epochs) == 1:  # A line through a single point would be invisible.
        return f"<circle cx='{x(epochs)[0]:.1f}' cy='{y(values)[0]:.1f}' r='3' fill='{colour}'/>"
    return f"<polyline points='{points}' stroke='{colour}'{style}/>"


def _grid(x, y, epochs, values, unit):
    """Lines and numbers at the axes."""
    from matplotlib.ticker import MaxNLocator

    def ticks(found, **options):
        at = MaxNLocator(5, **options).tick_values(found.min(), found.max())
        return at[(at >= found.min()) & (at <= found.max())] if np.ptp(found) else found[:1]

    parts = [
        f"<path class='grid-line' d='M{_LEFT} {y(v):.1f}H{_RIGHT}'/>"
        f"<text x='{_LEFT - 6}' y='{y(v) + 4:.1f}' text-anchor='end'>{v:,.6g}</text>"
        for v in ticks(values)
    ]
    parts += [
        f"<text x='{x(e):.1f}' y='{_BOTTOM + 16}' text-anchor='middle'>{e:,.0f}</text>"
        for e in ticks(epochs, integer=True)
    ]
    parts.append(f"<text x='{_LEFT}' y='{_HEIGHT - 4}'>{escape(unit)}</text>")
    parts.append(f"<text x='{_RIGHT}' y='{_HEIGHT - 4}' text-anchor='end'>epoch</text>")
    return "".join(parts)
