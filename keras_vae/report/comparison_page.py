"""compare.html: measured runs side by side, their curves, samples and holes."""

import pathlib
from collections.abc import Sequence
from html import escape
from typing import Any

from keras_vae.report import class_section, latent_pictures, page, plots, run_report
from keras_vae.report.numbers_as_text import measured_on
from keras_vae.report.plots import Picture
from keras_vae.runs import loading


def write(
    runs: Sequence[Any],
    out: pathlib.Path,
    table: tuple[list[str], list[list[tuple]]],
    notes: Sequence[str],
    connected: bool,
) -> pathlib.Path:
    """Writes compare.html and figures/ to the folder `out`; returns the page's path.

    Args:
      runs: list of `comparison.Measured`.
      out: a folder, made if it isn't there.
      table: (names of columns, rows), see `comparison.table`.
      notes: sentences on what doesn't compare.
      connected: whether a line leads through the runs' rates and distortions.
    """
    models = [loading.load_model(run.path, run.numbers["checkpoint"]) for run in runs]
    pairs = list(zip(runs, models, strict=True))
    out.mkdir(parents=True, exist_ok=True)
    notes = [
        *notes,
        *(f"{run.name}: {alarm}" for run in runs for alarm in run.numbers.get("alarms", ())),
    ]
    lead = f"<p class='soft'>{len(runs)} runs on {escape(runs[0].numbers['dataset'])}.</p>"
    lead += "".join(f"<p class='alarm'>{escape(note)}</p>" for note in notes)
    measured = [(run.name, measured_on(run.numbers)) for run in runs]
    main = [
        "<h2>Numbers</h2>",
        page.sortable(*table),
        page.details("What was measured", measured),
        *_figures("Training and balance", [*_curves(runs), *_balance(runs, connected)], out),
        *_figures("Samples", _all_samples(pairs), out),
        *_figures("Holes in latent space", _all_holes(pairs), out),
    ]
    page.write_page(out / "compare.html", "Runs compared", lead, "\n".join(main))
    return out / "compare.html"


def _figures(title, shown, out):
    if shown:
        yield f"<h2>{title}</h2>"
        yield "<div class='pictures'>" + "\n".join(page.figure(out, p) for p in shown) + "</div>"


def _curves(runs):
    for column, (title, unit, caption) in run_report.CURVES.items():
        lines, dashed = (
            {r.name: line for r in runs if (line := _curve(r.history, f"{part}{column}"))}
            for part in ("val_", "")
        )
        if dashed:
            alt = f"{title} at each epoch of {', '.join(dashed)}."
            figure = plots.overlaid(lines, unit, dashed)
            if lines:
                caption += " Dashed: of training images."
            yield Picture(f"curve_{column}", title, figure, alt, caption, False)


def _balance(runs, connected):
    points = {
        run.name: (run.numbers["rate_nats"], run.numbers["distortion_nats"])
        for run in runs
        if run.numbers.get("rate_nats") is not None
    }
    if len(points) > 1:
        yield Picture(
            "rate_distortion",
            "Rate and distortion",
            plots.rate_distortion(points, connected),
            "Rate and distortion of "
            + "; ".join(f"{n}: {r:.1f} and {d:.1f} nats" for n, (r, d) in points.items())
            + ".",
            "To the right, latents say more of an image; below, less of it is lost. Along a thin "
            "line the ELBO is the same: lower left is better.",
            False,
        )


def _all_samples(pairs):
    return [
        Picture(
            f"samples_{i}",
            run.name,
            figure,
            f"Samples of {run.name}.",
            "Examples decoded from draws of the prior, the same seed for all runs"
            + (f", in rows of the labels {', '.join(called)}." if called else "."),
            not called,
        )
        for i, (run, vae) in enumerate(pairs)
        for figure, called in _samples(vae)
    ]


def _all_holes(pairs):
    return [
        _holes(run, vae)._replace(name=f"holes_{i}", title=run.name)
        for i, (run, vae) in enumerate(pairs)
        if run.examples is not None
    ]


def _curve(history, column):
    """(epochs, values) of a column of metrics.csv; None where there is none."""
    return (1 + history["epoch"], history[column]) if column in history else None


def _samples(vae):
    """[(figure of samples, labels of its rows)], or [] where there are none.

    There are none without a prior, and of models that are to be given examples.
    """
    if vae.prior is None:
        return []
    if vae.condition is None:
        made = vae.sample(vae.modality.num_shown, seed=0).numpy()
        return [(plots.image_grid(vae.modality.as_images(made)), [])]
    return [] if vae.condition.in_examples else [class_section.samples(vae, 8, seed=0)]


def _holes(run, vae):
    """What lies between and around the codes: for every model at the moments of its codes."""
    latents = latent_pictures.measure_latents(vae, run.examples)
    moments = {"loc": latents.codes.mean(axis=0), "scale": latents.codes.std(axis=0)}
    return latent_pictures.holes(vae, run.examples, latents._replace(**moments))._replace(
        caption="Examples decoded from a normal with the mean and deviation of each latent's "
        "codes. What is like no data stands for a hole: training put no codes there."
    )
