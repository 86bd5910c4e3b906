"""compare.html: measured runs side by side: their pictures, numbers and curves."""

import pathlib
from collections.abc import Sequence
from html import escape
from typing import Any

from keras_vae.measures import QUESTIONS
from keras_vae.report import class_section, latent_pictures, page, plots, training_curves
from keras_vae.report.line_chart import line_chart
from keras_vae.report.numbers_as_text import measured_on
from keras_vae.report.plots import Picture
from keras_vae.runs import loading

# The questions of a report that a comparison answers too.
_, _, _LATENTS, _TRAINING, _ALARMS = QUESTIONS


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
    lead = f"<p class='soft'>{len(runs)} runs on {escape(runs[0].numbers['dataset'])}.</p>"
    lead += page.alarms(notes)
    alarms = [f"{run.name}: {alarm}" for run in runs for alarm in run.numbers.get("alarms", ())]
    measured = [(run.name, measured_on(run.numbers)) for run in runs]
    main = [
        *_row("Samples", _drawn(out, _all_samples(pairs))),
        *_row("Reconstructions", _all_reconstructions(runs)),
        "<h2>Numbers</h2>",
        page.sortable(*table),
        page.details("What was measured", measured),
        *_fold(_LATENTS, _drawn(out, _all_holes(pairs)), "<h3>Holes in latent space</h3>"),
        *_fold(_TRAINING, [*_curves(runs), *_drawn(out, _balance(runs, connected))]),
        page.fold(_ALARMS, page.alarms(alarms), is_open=True) if alarms else "",
    ]
    page.write_page(out / "compare.html", "Runs compared", lead, "\n".join(main))
    return out / "compare.html"


def _drawn(out, shown):
    return [page.figure(out, picture) for picture in shown]


def _row(title, figures):
    """Figures of the runs side by side, in the order of the runs."""
    if figures:
        yield f"<h2>{title}</h2>"
        yield page.side_by_side(figures)


def _fold(question, figures, title=""):
    if figures:
        yield page.fold(question, title + page.side_by_side(figures))


def _curves(runs):
    for column, (title, unit, caption) in training_curves.CURVES.items():
        lines, dashed = (
            {
                r.name: line
                for r in runs
                if (line := training_curves.line(r.history, f"{part}{column}"))
            }
            for part in ("val_", "")
        )
        if dashed:
            if lines:
                caption += " Dashed: of training images."
            yield line_chart(title, unit, caption, lines, dashed)


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


def _all_reconstructions(runs):
    """Those that each run's own report shows: of the first test examples."""
    return [
        page.image(
            file,
            run.name,
            f"Test examples, each with its reconstruction by {run.name} beneath it.",
            "Test examples, each with its reconstruction beneath. Look for what gets lost.",
        )
        for run in runs
        if (file := run.path / "figures" / "reconstructions.png").is_file()
    ]


def _all_holes(pairs):
    return [
        _holes(run, vae)._replace(name=f"holes_{i}", title=run.name)
        for i, (run, vae) in enumerate(pairs)
        if run.examples is not None
    ]


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
