"""The prior of an autoencoder, fitted to the codes of its training images."""

from keras_vae import checksums, evaluation, inputs
from keras_vae.build import build_fitted_prior
from keras_vae.files import write_npz
from keras_vae.saving import fitted_prior_file
from trainers.measure import Run


def ensure(run: Run) -> None:
    """Fits the run's prior, where its config wants one and there is none; writes prior-STEP.npz."""
    prior = build_fitted_prior(run.config)
    if prior is None or run.vae.prior is not None:
        return
    batches = inputs.evaluation_batches(run.config, run.dataset, "train", batch_size=1000)
    codes = evaluation.codes(run.vae, batches)
    run.vae.fit_prior(prior, codes, seed=run.config.training.seed)
    weights = {f"weight_{i}": weight for i, weight in enumerate(prior.get_weights())}
    file = fitted_prior_file(run.path, run.step)
    write_npz(file, weights)
    checksums.write_beside(file.with_suffix(""))
