"""Objects that can't be trained together, and why. `config.rules` says the same of options."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from keras_vae._compat import tf, tfkl
from keras_vae.messages import conflicts
from keras_vae.messages.sentences import some
from keras_vae.networks.bayesian import bayesian_layers
from keras_vae.objectives import Objective
from keras_vae.ops.whole_numbers import check_whole
from keras_vae.posteriors import Posterior
from keras_vae.priors import Prior
from keras_vae.terms import Terms
from keras_vae.training.schedules import check_beta

if TYPE_CHECKING:
    from keras_vae.vae import VAE


def check_objective(objective: Objective, vae: "VAE", beta: float | Callable) -> None:
    """Raises ValueError for an objective that can't train this model, and says why.

    Args:
      objective: one of `objectives`.
      vae: the model.
      beta: weight of the KL, a number or a function of the step.
    """
    if not isinstance(objective, Objective):
        raise ValueError(
            f"objective must be one of keras_vae.objectives, got {objective!r}. A loss of Keras "
            "compares x with a reconstruction alone; SGVB() is the bound."
        )
    if not callable(beta):
        check_beta(beta)
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


# Arguments of Keras' compile that mean nothing here, and what does what they are for.
_INSTEAD = {
    "loss": "give objective=keras_vae.objectives.SGVB(), or another, which says the loss",
    "loss_weights": "give beta=0.5, or another, which weighs the KL",
    "auto_scale_loss": "leave it out, as gradients are in float32",
    "pss_evaluation_shards": "leave it out, as there are no parameter servers",
}


def refuse_keras_arguments(**given: Any) -> None:
    """Raises an error for arguments of Keras' compile that mean nothing, or that it lacks."""
    for name, value in given.items():
        if name not in _INSTEAD:
            raise TypeError(f"compile() got an unexpected keyword argument {name!r}.")
        if value is not None:
            raise ValueError(f"{name} has no meaning for a VAE: {_INSTEAD[name]}.")


def check_step(objective: Objective, vae: "VAE", skip_threshold: float | None, parts: int) -> None:
    """Raises ValueError for a threshold that can't be, or parts that don't make a whole batch."""
    if skip_threshold is not None and not skip_threshold > 0:
        raise ValueError(f"skip_threshold must be above 0, got {skip_threshold}.")
    check_whole("gradient_accumulation_steps", parts, at_least=1)
    if parts == 1:
        return
    if objective.over_batch:
        raise ValueError(
            f"objective {type(objective).__name__} with gradient_accumulation_steps: "
            f"{conflicts.LOSS_OF_A_WHOLE_BATCH}. Use objectives.SGVB, or 1 step and a smaller "
            "batch_size."
        )
    if any(isinstance(part, tfkl.BatchNormalization) for part in vae.submodules):
        raise ValueError(
            "gradient_accumulation_steps with BatchNormalization, which normalises each part of a "
            "batch by itself. Use 1, or tf_keras.layers.LayerNormalization."
        )


def check_weighted(vae: "VAE") -> None:
    """Raises ValueError unless a model can train on examples that have weights."""
    if vae.objective.over_batch or vae.gradient_accumulation_steps > 1:
        raise ValueError(
            "sample_weight and class_weight weigh the losses of single examples, which objective "
            f"{type(vae.objective).__name__} with gradient_accumulation_steps="
            f"{vae.gradient_accumulation_steps} doesn't have. Use objectives.SGVB and 1."
        )


def check_shared(batch_size: int, replicas: int, parts: int = 1) -> None:
    """Raises ValueError unless replicas share a batch equally, each in as many equal parts."""
    if batch_size % (replicas * parts):
        of_parts = f", each in gradient_accumulation_steps={parts} parts" if parts > 1 else ""
        raise ValueError(
            f"batch_size={batch_size} can't be shared equally by {replicas} replicas{of_parts}. "
            f"Choose a multiple of {replicas * parts}."
        )


def check_parts(vae: "VAE", batch_size: int) -> None:
    """Raises ValueError unless a model that takes batches in parts can share one of this size."""
    parts, replicas = vae.gradient_accumulation_steps, vae.distribute_strategy.num_replicas_in_sync
    if parts > 1:
        check_shared(batch_size, replicas, parts)


def refuse_beside_split(**given: Any) -> None:
    """Raises ValueError for arguments beside a Split, which has its own labels and masks."""
    if names := ", ".join(name for name, value in given.items() if value is not None):
        raise ValueError(
            f"{names}: a Split brings its own labels and mask, and its examples have no weights. "
            f"Leave {names} out, or give arrays."
        )


def refuse_split_of_parts(validation_split: float) -> None:
    """Raises ValueError where Keras would have to split an array with its mask or weights."""
    if validation_split:
        raise ValueError(
            "validation_split is of an array without mask and weights. Cut off the validation "
            "examples yourself, and give them as validation_data."
        )


def check_part(name: str, part: object, kind: type, remedy: str) -> None:
    """Raises ValueError unless a part of a model is of the kind that it must be."""
    if not isinstance(part, kind):
        raise ValueError(f"{name} must be of {kind.__name__}, got {type(part).__name__}: {remedy}.")


def check_tracked(variables: Iterable[tf.Variable], vae: "VAE") -> None:
    """Raises ValueError unless Keras knows all variables that a pass through a model reads."""
    # A layer of mixed precision wraps its variables, and a tape sees what is inside.
    known = {id(variable.handle) for variable in vae.variables}
    lost = sorted({variable.name for variable in variables if id(variable.handle) not in known})
    if lost:
        raise ValueError(
            f"Keras doesn't track the variables {some(lost)}: they would be neither trained nor "
            "saved. Keep their layer in an attribute that __init__ sets and that the class hasn't, "
            "not in a set or in an object that is no layer."
        )


def check_densities(terms: Terms, vae: "VAE") -> None:
    """Raises ValueError unless log-densities of one sample of two examples are of shape [1, 2]."""
    latents = f"z of shape {tuple(terms.z.shape[2:])}"
    shapes = {
        "p(x|z)": (terms.log_likelihood, vae.decoder.likelihood, "the decoder's latent_rank"),
        "p(z)": (terms.log_prior, vae.prior, "the event of its distribution"),
        "q(z|x)": (terms.log_posterior, vae.encoder, "the event of its distribution"),
    }
    for name, (log_prob, part, cause) in shapes.items():
        if log_prob is None and (name == "p(x|z)" or vae.has_bound):
            raise ValueError(
                f"{type(part).__name__} gave no log {name}, which a model with a bound needs. Let "
                "has_bound be False, or let from_noise give log q."
            )
        if log_prob is not None and log_prob.shape != [1, 2]:
            raise ValueError(
                f"{type(part).__name__}: log {name} of one {latents} for each of two examples came "
                f"in shape {log_prob.shape.as_list()}, wanted [1, 2]. Mend {cause}."
            )
    for q, p, _ in terms.rates:
        if q.event_shape != p.event_shape:
            raise ValueError(
                f"posterior and prior must be of the same latents, got distributions of events "
                f"{q.event_shape.as_list()} and {p.event_shape.as_list()}."
            )


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
