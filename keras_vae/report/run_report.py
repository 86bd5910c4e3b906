"""report.html: everything there is to see of a run, in one file that needs no other."""

import itertools
import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from keras_vae.config import Config, options
from keras_vae.config.recipes import RECIPES
from keras_vae.config.rules import text
from keras_vae.data import Dataset
from keras_vae.measures import EVALUATION, Shown, of_file
from keras_vae.report import class_section, follow_ups, page, pictures, plots
from keras_vae.report.measured_pictures import measured_pictures
from keras_vae.report.numbers_as_text import in_short, measured_on, number
from keras_vae.report.plots import Picture
from keras_vae.runs import loading, run_data
from keras_vae.runs.results import read_history
from keras_vae.runs.run import Run
from keras_vae.vae import VAE

_NUM_SHOWN = 1000  # examples in pictures of latent space

NO_DENSITY = (
    "<p>An autoencoder has no likelihood, and no prior of its own: samples are decoded from a "
    "density fitted to its codes afterwards, where it has one.</p>"
)

# The columns of metrics.csv worth a curve: (title, unit, what it shows).
CURVES = {
    "elbo_nats": ("ELBO", "nats", "The bound on log p(x), at beta = 1. It should rise."),
    "distortion": ("Distortion", "nats", "What is lost in reconstruction. It should fall."),
    "rate": ("Rate", "nats", "What the latents say about an example. At 0, they are not used."),
    "loss": ("Loss", "nats", "What training minimises, with the weights it gives its terms."),
}
# These columns get a curve only if they change.
SCHEDULES = {
    "beta": ("Beta", "", "The weight of the rate in the loss."),
    "learning_rate": ("Learning rate", "", "Of the optimizer."),
    "skipped": ("Skipped steps", "", "Steps of an epoch whose gradients were too large."),
}


def write(run: Run) -> Path:
    """Writes report.html and figures/*.png of a run that has been measured.

    Returns:
      The path of report.html, which is replaced only when it is complete.

    Raises:
      ValueError: there is no evaluation.json of the run's checkpoint.
    """
    if run.evaluation is None:
        raise ValueError(
            f"run={run.path} isn't measured at step {run.step}. First call tasks.evaluate(run)."
        )
    model, dataset = run.model, run.data
    batch = run_data.first_examples(run.config, dataset, _NUM_SHOWN)
    names = dataset.train.class_names
    labels = None if dataset.test.labels is None else dataset.test.labels[: len(batch.x)]
    shown = pictures.pictures(model, batch, labels, names, run.path)
    copies = run.path / "copies.npz"
    if copies.is_file() and model.prior is not None:
        with np.load(copies, allow_pickle=False) as file:
            shown.insert(2, pictures.neighbours(model, file["samples"], file["neighbours"]))
    shown += measured_pictures(model, run.evaluation)
    return write_report(run.path, model, run.config, run.evaluation, shown, dataset)


def write_report(
    run_dir: Path,
    vae: VAE,
    config: Config,
    evaluation: dict[str, Any],
    shown: Sequence[Picture],
    dataset: Dataset | None = None,
) -> Path:
    """Writes report.html and figures/*.png.

    Args:
      run_dir: a run's directory; curves are drawn from its metrics.csv, if it has one.
      vae: the trained VAE.
      config: its Config.
      evaluation: numbers by the keys of `keras_vae.measures`, None where the model has no such
        number, and perhaps others.
      shown: list of Picture.
      dataset: the run's data, whose classes are listed; or None.

    Returns:
      The path of report.html, which is replaced only when it is complete.
    """
    autoencoder = not vae.has_bound
    headline = "distortion_nats" if autoencoder else "nll_nats"
    measure = of_file()[headline]
    lead = (
        f"<p class='soft'>{escape(_subtitle(config, vae))}</p>"
        f"<p class='headline'><strong>{number(headline, evaluation)} {measure.unit}</strong><br>"
        f"{'Reconstruction error' if autoencoder else measure.name}: "
        f"{escape(measure.explanation)}</p>"
        f"<p class='soft'>{escape(measured_on(evaluation))}</p>"
        + "".join(f"<p class='alarm'>{escape(alarm)}</p>" for alarm in evaluation.get("alarms", ()))
    )
    figures = [page.figure(run_dir, p) for p in shown]
    main = [
        *_sections(evaluation, skip=headline),
        _training(run_dir, evaluation),
        "<h2>Pictures</h2>",
        NO_DENSITY if autoencoder else "",
        "<div class='pictures'>",
        *figures,
        "</div>",
        follow_ups.section(run_dir, evaluation["step"]),
        class_section.section(dataset) if dataset else "",
        "<h2>Details</h2>",
        *_details(config, evaluation, loading.read_config_json(run_dir)),
    ]
    path = run_dir / "report.html"
    page.write_page(path, f"{config.recipe} on {config.data.dataset}", lead, "\n".join(main))
    return path


def _subtitle(config, vae):
    model = config.model
    prior = "no" if model.prior == "none" else model.prior
    about = RECIPES.get(config.recipe, {}).get("about", config.recipe)
    return (
        f"{about[0].upper()}{about[1:]}. Network {model.network}, {_latents(model, vae)} latents, "
        f"{model.posterior} posterior, {prior} prior, {model.likelihood} likelihood, "
        f"{config.training.epochs} epochs."
    ).replace("_", " ")


def _latents(model, vae):
    if vae.has_layers_of_maps:
        layers = itertools.groupby(text(shape, "x") for shape in vae.prior.latent_shapes)
        return ", ".join(f"{len([*same])} of {shape}" for shape, same in layers)
    if model.latent_shape is not None:
        return text(model.latent_shape, "x")
    return " + ".join(map(str, model.latent_dims or (model.latent_dim,)))


def _sections(evaluation, skip):
    for section, measures in EVALUATION.items():
        cards = [
            page.card(m.name, number(m.key, evaluation), m.unit, m.explanation)
            for m in measures
            if m.shown >= Shown.CARD and evaluation.get(m.key) is not None and m.key != skip
        ]
        if cards:
            yield page.grid(section, cards)


def _training(run_dir, evaluation):
    path = run_dir / "metrics.csv"
    history = read_history(path)
    shown = [*_curves(history), *_rate_distortion(history, evaluation)]
    if not shown:
        return ""
    figures = [page.figure(run_dir, picture) for picture in shown]
    return "<h2>Training</h2>\n<div class='grid curves'>\n" + "\n".join(figures) + "\n</div>"


def _curves(history):
    for column, (title, unit, caption) in (CURVES | SCHEDULES).items():
        values = history.get(column, np.array([]))
        values = values[np.isfinite(values)]
        if len(values) == 0 or (column in SCHEDULES and np.ptp(values) == 0):
            continue
        figure = plots.curves(history, column, unit or title.lower())
        alt = f"{title} at each epoch; {in_short(values[-1])} at the end."
        yield Picture(f"curve_{column}", title, figure, alt, caption, pixelated=False)


def _rate_distortion(history, evaluation):
    """Where training went, and where test examples are at its end."""
    rate, distortion = evaluation.get("rate_nats"), evaluation["distortion_nats"]
    if rate is None or "rate" not in history:
        return
    # The first tenth of the epochs is left out: it lies far from all others.
    first = len(history["rate"]) // 10
    path = history["rate"][first:], history["distortion"][first:]
    yield Picture(
        "rate_distortion",
        "Rate and distortion",
        plots.rate_distortion({"test": (rate, distortion)}, path=path),
        f"Test examples at a rate of {rate:.1f} and a distortion of {distortion:.1f} nats, and how "
        "training went there.",
        "The epochs of training after the first tenth, and the test examples. To the right, "
        "latents say more of an example; below, less of it is lost. Along a thin line the ELBO is "
        "the same: lower left is better.",
        pixelated=False,
    )


def _details(config, evaluation, stored):
    config_rows = [
        (option.name, config.value(option.name), option.metadata["help"])
        for section, option in options()
    ]
    numbers = [(key, json.dumps(value, default=float)) for key, value in evaluation.items()]
    return [
        page.details(
            "Config", [("recipe", config.recipe, "where options start from"), *config_rows]
        ),
        page.details("All numbers in full", numbers),
        page.details("Data", stored["data"].items()),
        page.details("Versions at training", stored["versions"].items()),
    ]
