"""The prior of an autoencoder, fitted to the codes of its training images."""

from keras_vae import evaluation
from keras_vae.build import build_fitted_prior
from keras_vae.files import checksums, write_npz
from keras_vae.runs import run_data
from keras_vae.runs.loading import fitted_prior_file
from keras_vae.runs.run import Run


def ensure(run: Run) -> None:
    """Fits the run's prior, where its config wants one and there is none; writes prior-STEP.npz."""
    prior = build_fitted_prior(run.config)
    if prior is None or run.model.prior is not None:
        return
    batches = run_data.evaluation_batches(run.config, run.data, "train", batch_size=1000)
    codes = evaluation.codes(run.model, batches)
    run.model.fit_prior(prior, codes, seed=run.config.training.seed)
    weights = {f"weight_{i}": weight for i, weight in enumerate(prior.get_weights())}
    file = fitted_prior_file(run.path, run.step)
    write_npz(file, weights)
    checksums.write_beside(file.with_suffix(""))
