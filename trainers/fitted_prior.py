"""The prior of an autoencoder, fitted to the codes of its training images."""

import io

import numpy as np

from keras_vae import inputs
from keras_vae.build import build_fitted_prior
from keras_vae.files import write_atomically
from keras_vae.saving import FITTED_PRIOR
from trainers.measure import Run


def ensure(run: Run) -> None:
    """Fits the run's prior, where its config wants one and there is none; writes prior.npz."""
    prior = build_fitted_prior(run.config)
    if prior is None or run.vae.prior is not None:
        return
    batches = inputs.evaluation_batches(run.config, run.dataset, "train", batch_size=1000)
    codes = np.concatenate([run.vae.code(batch.x, batch.condition) for batch in batches])
    run.vae.fit_prior(prior, codes, seed=run.config.training.seed)
    weights = {f"weight_{i}": weight for i, weight in enumerate(prior.get_weights())}
    content = io.BytesIO()
    np.savez(content, step=run.step, **weights)
    write_atomically(run.path / FITTED_PRIOR, content.getvalue())
