"""Objects that can't be trained together, and why. Of options, `config.rules` says the same."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from keras_vae.messages import conflicts
from keras_vae.networks.bayesian import bayesian_layers
from keras_vae.objectives import Objective
from keras_vae.posteriors import Posterior
from keras_vae.priors import Prior

if TYPE_CHECKING:
    from keras_vae.vae import VAE


def check_objective(objective: Objective, vae: "VAE", beta: float | Callable) -> None:
    """Raises ValueError for an objective that can't train this model, and says why.

    Args:
      objective: one of `objectives`.
      vae: the model.
      beta: weight of the KL, a number or a function of the step.
    """
    name = type(objective).__name__
    if objective.needs_bound and not vae.has_bound:
        raise ValueError(
            f"objective {name} needs a prior and a posterior density, which an autoencoder has "
            "not. Use objectives.Reconstruction."
        )
    if objective.kl_loss == "analytic" and not vae.has_analytic_kl:
        raise ValueError(
            "kl='analytic': there is no closed form of the KL between this posterior and this "
            "prior. Use kl='sampled' or 'auto'."
        )
    without_kl = not objective.needs_bound or beta == 0
    if vae.trains_prior and without_kl and vae.prior.trainable_variables:
        raise ValueError(
            f"objective {name} with beta={beta} has no KL, {conflicts.KL_TRAINS_PRIOR}. Use "
            "objectives.SGVB and a beta above 0."
        )
    averages_samples = objective.averages_weights and objective.num_samples > 1
    if not vae.has_encoder:
        _check_without_encoder(objective, vae, averages_samples)
    if averages_samples and bayesian_layers(vae):
        raise ValueError(
            f"objective {name} of several samples with Bayesian weights: "
            f"{conflicts.DRAWN_WEIGHTS_OF_SAMPLES}. Use num_samples=1, or objectives.SGVB."
        )


def _check_without_encoder(objective, vae, averages_samples):
    if bayesian_layers(vae):
        raise ValueError(
            f"Bayesian weights without an encoder: {conflicts.DRAWN_WEIGHTS_WITHOUT_ENCODER}. Use "
            "ordinary layers."
        )
    if not averages_samples:
        raise ValueError(
            f"objective {type(objective).__name__} of {objective.num_samples} samples: "
            f"{conflicts.ONE_SAMPLE_WITHOUT_ENCODER}. Use objectives.ImportanceWeighted of more "
            "samples."
        )
    if any(
        isinstance(part, Prior) and part.is_mixture for part in (vae.prior, *vae.prior.submodules)
    ):
        raise ValueError(
            f"a mixture as prior without an encoder: {conflicts.MIXTURE_WITHOUT_ENCODER}. Use "
            "priors.RealNVP."
        )


def refuse_conditions(y: Any) -> None:
    """Raises ValueError for conditions beside a Split, which has its own."""
    if y is not None:
        raise ValueError("y: the labels of a Split are the conditions. Leave y out.")


def check_part(name: str, part: object, kind: type, remedy: str) -> None:
    """Raises ValueError unless a part of a model is of the kind that it must be."""
    if not isinstance(part, kind):
        raise ValueError(f"{name} must be of {kind.__name__}, got {type(part).__name__}: {remedy}.")


def check_same_latents(posterior: Posterior, prior: Prior) -> None:
    """Raises ValueError unless both are of as many latents, with the same label among them."""

    def latents(part):
        beside = f" beside {part.num_labels} labels ({part.family})" if part.num_labels else ""
        size = part.latent_dim if len(part.latent_shape) == 1 else part.latent_shape
        return f"{size} latents{beside}"

    if latents(posterior) != latents(prior):
        raise ValueError(
            f"{type(posterior).__name__} of {latents(posterior)} with {type(prior).__name__} of "
            f"{latents(prior)}: posterior and prior must be of the same latents."
        )
