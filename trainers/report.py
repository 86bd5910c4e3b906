"""report.html: everything there is to see of a run, in one file that needs no other."""

import base64
import csv
import json
import math
from html import escape
from pathlib import Path
from string import Template

import numpy as np

from keras_vae import Config, plots, saving
from keras_vae.config import options
from keras_vae.recipes import RECIPES
from trainers.pictures import Picture, pictures
from trainers.run_directory import write_atomically

TEMPLATE = Path(__file__).with_name("report.html.template")
NO_DENSITY = (
    "<p>An autoencoder has no likelihood, and no prior of its own: samples are decoded from a "
    "density fitted to its codes afterwards, where it has one.</p>"
)

# What the numbers of an evaluation are called, and mean: (name, unit, explanation).
NUMBERS = {
    "nll_nats": (
        "Negative log-likelihood",
        "nats",
        "-log p(x) of a test image, estimated by importance sampling: on average an upper bound "
        "of the true value. Lower is better.",
    ),
    "bits_per_dim": (
        "Bits per dimension",
        "bits",
        "The negative log-likelihood of one value of a pixel. Compares images of any size.",
    ),
    "elbo_nats": (
        "ELBO",
        "nats",
        "The evidence lower bound on log p(x): minus distortion minus rate. Higher is better.",
    ),
    "distortion_nats": (
        "Distortion",
        "nats",
        "-E log p(x|z): what is lost when an image goes through its latents. Lower is better.",
    ),
    "rate_nats": (
        "Rate",
        "nats",
        "KL(q(z|x) || p(z)): what the latents say about an image. Near 0, they say nothing.",
    ),
    "rate_nats_by_layer": (
        "Rate of each layer",
        "nats",
        "The parts of the rate, that of the stochastic layer next to the image first. A layer near "
        "0 is not used.",
    ),
    "active_units": (
        "Active units",
        "",
        "How many latents the images move: their posterior mean varies (Burda et al. 2016).",
    ),
    "weight_kl_nats": (
        "KL of the weights",
        "nats",
        "What the data says about the decoder's weights, shared by the training examples. The "
        "bound above leaves it out.",
    ),
    "cluster_accuracy": (
        "Cluster accuracy",
        "",
        "The share of test images in the cluster of their label, clusters named as fits best.",
    ),
    "effective_sample_size": (
        "Effective sample size",
        "",
        "How many of the importance samples count. Near 1, the likelihood above is a loose bound: "
        "more samples would tighten it.",
    ),
    "num_samples": ("Importance samples", "", "Drawn for each image to estimate its likelihood."),
    "num_examples": ("Test images", "", "The numbers are means over all of them."),
}

# The columns of metrics.csv worth a curve: (title, unit, what it shows).
CURVES = {
    "elbo_nats": ("ELBO", "nats", "The bound on log p(x), at beta = 1. It should rise."),
    "distortion": ("Distortion", "nats", "What is lost in reconstruction. It should fall."),
    "rate": ("Rate", "nats", "What the latents say about an image. At 0, they are not used."),
    "loss": ("Loss", "nats", "What training minimises, with the weights it gives its terms."),
}
# These get one where they change.
SCHEDULES = {
    "beta": ("Beta", "", "The weight of the rate in the loss."),
    "learning_rate": ("Learning rate", "", "Of the optimizer."),
}


def write_report(
    run_dir: Path, vae, config: Config, evaluation: dict, batch, labels=None, shown=None
) -> Path:
    """Writes report.html and figures/*.png.

    Args:
      run_dir: a run's directory; curves are drawn from its metrics.csv, if it has one.
      vae: the trained VAE.
      config: its Config.
      evaluation: numbers by name, None where the model has no such number; `x_stderr` is the
        standard error of `x_nats`.
      batch: a Batch of N test examples as the model sees them.
      labels: [N] or None.
      shown: list of Picture; by default what `pictures` makes of the batch.

    Returns:
      The path of report.html, which is replaced only when it is complete.
    """
    (run_dir / "figures").mkdir(exist_ok=True)
    autoencoder = not vae.has_density
    headline = "distortion_nats" if autoencoder else "nll_nats"
    name, unit, meaning = NUMBERS[headline]
    html = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(f"{config.recipe} on {config.data.dataset}"),
        subtitle=escape(_subtitle(config)),
        headline=f"{_number(headline, evaluation)} {unit}",
        headline_meaning=f"{'Reconstruction error' if autoencoder else name}: {escape(meaning)}",
        cards=_cards(evaluation, skip=headline),
        curves=_curves(run_dir),
        remark=NO_DENSITY if autoencoder else "",
        pictures="\n".join(_figure(run_dir, p) for p in shown or pictures(vae, batch, labels)),
        details=_details(config, evaluation, saving.read_run(run_dir)),
    )
    path = run_dir / "report.html"
    write_atomically(path, html)
    return path


def _subtitle(config):
    model = config.model
    prior = "no" if model.prior == "none" else model.prior
    about = RECIPES.get(config.recipe, {}).get("about", config.recipe)
    return (
        f"{about[0].upper()}{about[1:]}. Network {model.network}, {_latents(model)} latents, "
        f"{model.posterior} posterior, {prior} prior, {model.likelihood} likelihood, "
        f"{config.training.epochs} epochs."
    ).replace("_", " ")


def _latents(model):
    return " + ".join(map(str, model.latent_dims or (model.latent_dim,)))


def _cards(evaluation, skip):
    cards = [
        f"<div class='card'><h3>{name}</h3><strong>{_number(key, evaluation)}</strong> {unit}"
        f"<p>{escape(meaning)}</p></div>"
        for key, (name, unit, meaning) in NUMBERS.items()
        if evaluation.get(key) is not None and key != skip
    ]
    return "\n".join(cards)


def _curves(run_dir):
    path = run_dir / "metrics.csv"
    history = _read_history(path) if path.exists() else {}
    figures = []
    for column, (title, unit, caption) in (CURVES | SCHEDULES).items():
        values = history.get(column, np.array([]))
        values = values[np.isfinite(values)]
        if len(values) == 0 or (column in SCHEDULES and np.ptp(values) == 0):
            continue
        figure = plots.curves(history, column, unit or title.lower())
        alt = f"{title} at each epoch; {_format(values[-1])} at the end."
        curve = Picture(f"curve_{column}", title, figure, alt, caption, pixelated=False)
        figures.append(_figure(run_dir, curve))
    if not figures:
        return ""
    return "<h2>Training</h2>\n<div class='grid curves'>\n" + "\n".join(figures) + "\n</div>"


def _read_history(path):
    """metrics.csv as dict name -> [E], NaN where there is no number."""
    with path.open(newline="") as file:
        names, *rows = csv.reader(file)
    history = {name: np.array([_float(row[i]) for row in rows]) for i, name in enumerate(names)}
    # Validation's loss is the bound, whatever training minimises: on one axis they would mislead.
    history.pop("val_loss", None)
    return history


def _float(text):
    try:
        return float(text)
    except ValueError:
        return math.nan


def _details(config, evaluation, stored):
    config_rows = [
        (option.name, getattr(getattr(config, section), option.name), option.metadata["help"])
        for section, option in options()
    ]
    numbers = [(key, json.dumps(value, default=float)) for key, value in evaluation.items()]
    return "\n".join(
        f"<details><summary>{title}</summary><div class='scroll'><table>{_rows(rows)}</table></div>"
        "</details>"
        for title, rows in (
            ("Config", [("recipe", config.recipe, "where the options start from"), *config_rows]),
            ("All numbers in full", numbers),
            ("Data", stored["data"].items()),
            ("Versions at training", stored["versions"].items()),
        )
    )


def _rows(rows):
    return "\n".join(
        f"<tr><th scope='row'>{escape(str(name))}</th>"
        + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells)
        + "</tr>"
        for name, *cells in rows
    )


def _figure(run_dir, picture):
    """The HTML of a Picture, which is also written to figures/."""
    file = run_dir / "figures" / f"{picture.name}.png"
    picture.figure.savefig(file)
    data = base64.b64encode(file.read_bytes()).decode()
    return (
        f"<figure><h3>{escape(picture.title)}</h3>"
        f"<img {'class=pixelated ' if picture.pixelated else ''}alt='{escape(picture.alt)}' "
        f"src='data:image/png;base64,{data}'>"
        f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
    )


def _number(key, evaluation):
    """A number of the evaluation, with its error if there is one: '97.31 ± 0.42'."""
    value, stderr = evaluation[key], evaluation.get(key.removesuffix("_nats") + "_stderr")
    if value is None or stderr is None:
        return _format(value)
    # As many digits as the error has two of.
    digits = max(0, 1 - math.floor(math.log10(stderr))) if stderr > 0 else 2
    return f"{value:,.{digits}f} ± {stderr:,.{digits}f}"


def _format(value):
    if value is None:
        return "none"
    if isinstance(value, list):
        return ", ".join(map(_format, value))
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.2f}" if abs(value) >= 10 else f"{value:.4g}"
