"""Variational autoencoders for TensorFlow: train, measure, look, ship.

From a data set to a model, its honest likelihood, its pictures and a generator:

    import keras_vae

    run = keras_vae.runs.train(keras_vae.recipe("vae", dataset="digits"), "runs/digits")
    run.evaluation["nll_nats"]  # Also in runs/digits/report.html, with pictures.
    run.model.sample(16)

Or with data and a loop of your own:

    digits = keras_vae.data.load("digits")
    vae = keras_vae.build(keras_vae.recipe("vae", latent_dim=2), data=digits)
    vae.fit(digits.train, epochs=20)
    vae.save("digits.keras")

The model and its parts:
  VAE, Encoder, Decoder, build, load, recipe, Config
  networks, posteriors, priors, likelihoods, objectives, conditions: what parts are made of
What is done with it:
  data: load data sets, files and folders
  modality: what kind of thing an example is: image, music, or one of your own
  runs: train, resume and load a run
  tasks: evaluate, compare, compress, find anomalies, write codes
  evaluation, inference, compression: measures and questions to a model, without a run
  measures: what each measured number is called and means, and the JSON Schema of the files
  report, plots: pages and pictures
"""

from keras_vae import _names
from keras_vae.build import build
from keras_vae.config import Config
from keras_vae.config.recipes import recipe
from keras_vae.decoder import Decoder
from keras_vae.encoder import Encoder
from keras_vae.runs.loading import load_model as load
from keras_vae.vae import VAE

_ROOMS = {
    name: f"keras_vae.{name}"
    for name in (
        "compression",
        "conditions",
        "data",
        "evaluation",
        "inference",
        "likelihoods",
        "measures",
        "modality",
        "networks",
        "objectives",
        "posteriors",
        "priors",
        "report",
        "runs",
        "tasks",
    )
}
_ROOMS["plots"] = "keras_vae.report.plots"
__getattr__, __dir__ = _names.lazy(__name__, _ROOMS)
_names.keep_old_names()

__all__ = ["VAE", "Config", "Decoder", "Encoder", "build", "load", "recipe", *_ROOMS]
