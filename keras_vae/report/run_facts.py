"""What a run was: a sentence, and tables of its config, data and versions."""

import itertools
from collections.abc import Iterable
from pathlib import Path

from keras_vae.config import Config, options
from keras_vae.config.recipes import RECIPES
from keras_vae.config.rules import text
from keras_vae.report import page
from keras_vae.runs import loading
from keras_vae.vae import VAE

QUESTION = "What exactly was run?"


def subtitle(config: Config, vae: VAE | None = None) -> str:
    """What kind of model this is; with the size of its latents, if it is given."""
    model = config.model
    prior = "no" if model.prior == "none" else model.prior
    about = RECIPES.get(config.recipe, {}).get("about", config.recipe)
    latents = "" if vae is None else f"{_latents(model, vae)} latents, "
    return (
        f"{about[0].upper()}{about[1:]}. Network {model.network}, {latents}"
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


def tables(config: Config, run_dir: Path) -> Iterable[str]:
    """The HTML of tables that are opened one by one."""
    stored = loading.read_config_json(run_dir)
    rows = [
        (option.name, config.value(option.name), option.metadata["help"])
        for section, option in options()
    ]
    yield page.details("Config", [("recipe", config.recipe, "where options start from"), *rows])
    yield page.details("Data", stored["data"].items())
    yield page.details("Versions at training", stored["versions"].items())
