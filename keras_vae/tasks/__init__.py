"""Tasks: each does one thing with a run, and writes its files beside it.

run = runs.load("runs/digits")
tasks.evaluate(run, num_samples=5000)
tasks.compare(["runs/digits", "runs/other"], out="runs/compared")
"""

from keras_vae import _names

_NAMES = {
    "Annealing": "keras_vae.tasks.measuring:Annealing",
    "compare": "keras_vae.tasks.comparison:compare",
    "compress": "keras_vae.tasks.compressed_file:compress",
    "evaluate": "keras_vae.tasks.measuring:evaluate",
    "find_anomalies": "keras_vae.tasks.anomalies:find_anomalies",
    "impute": "keras_vae.tasks.imputed_file:impute",
    "sample": "keras_vae.tasks.sample_files:sample",
    "score": "keras_vae.tasks.example_scores:score",
    "train": "keras_vae.tasks.training_run:train",
    "write_latents": "keras_vae.tasks.latent_files:write_latents",
}
__getattr__, __dir__ = _names.lazy(__name__, _NAMES)
__all__ = list(_NAMES)
