"""A run: a training and all that is kept of it, in one directory.

run = runs.train(keras_vae.recipe("vae", dataset="digits"), "runs/digits")
run = runs.load("runs/digits")
run.model, run.config, run.data, run.evaluation, run.history
"""

from keras_vae import _names

_NAMES = {
    "Options": "keras_vae.runs.job:Options",
    "Run": "keras_vae.runs.run:Run",
    "load": "keras_vae.runs.run:load",
    "load_model": "keras_vae.runs.loading:load_model",
    # Training is a task: see ALIASES of tests/test_imports.py.
    "train": "keras_vae.tasks.training_run:train",
}
__getattr__, __dir__ = _names.lazy(__name__, _NAMES)
__all__ = list(_NAMES)
