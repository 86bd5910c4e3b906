"""Which options can't be combined, and why. `training.refusals` has the same rules for objects.

The rules read facts of a part from its class, so that they hold for new members too.
"""

import math
from typing import TYPE_CHECKING, Any

from keras_vae.config.image_options import check_resize, parse_background
from keras_vae.config.members import AXES, in_words, needed_for
from keras_vae.config.sections import ModelConfig, options
from keras_vae.config.stages import check_form
from keras_vae.config.training_rules import check_training
from keras_vae.messages import conflicts

if TYPE_CHECKING:
    from keras_vae.config.whole_config import Config


def check_rules(config: "Config") -> None:
    """Raises ValueError saying which options of a Config can't be together, and what to do."""
    parse_background(config.data.alpha_background)
    check_resize(config.data.resize, config.data.image_size)
    if config.model.stages:
        check_form(config.model.stages)
    _check_augment(config)
    if kind_of(config.model, "posterior") is None:
        _check_without_encoder(config)
    _check_autoencoder(config)
    _check_posterior_and_prior(config.model)
    _check_weights(config)
    _check_gradient(config)
    _check_channels(config.model)
    if config.model.sees_mask:
        _check_gaps(config.model)
    _check_network(config.model)
    if kind_of(config.model, "decoder").in_turn:
        _check_autoregressive(config.model)
    _check_idle_options(config)
    _check_beta(config)
    check_training(config)


def _check_gaps(model):
    """Some models need all values of their examples."""
    condition = kind_of(model, "condition")
    if condition is not None and condition.in_examples:
        raise ValueError(
            f"condition={model.condition}: all of a given part of x must be known, but values of "
            "this data are unknown. Use condition=none."
        )
    if kind_of(model, "decoder").in_turn:
        raise ValueError(
            f"decoder={model.decoder}: values of x come in turn, so none can be left out, but "
            "values of this data are unknown. Use decoder=independent."
        )
    if model.network == "bars":
        raise ValueError(
            "network=bars reads pitches, of which none may be unknown, but values of this data "
            "are. Use network=gru."
        )


def _check_augment(config):
    """Augmentation moves pixels, which only images have."""
    augment, shape = config.training.augment, config.model.event_shape
    modality = (config.model.modality or {"name": "image"})["name"]
    if augment and shape is not None and (len(shape) != 3 or modality != "image"):
        raise ValueError(
            f"augment={text(augment)} is for images (height, width, channels), but these examples "
            f"are of event_shape={text(shape)} and modality={modality}. Leave it out."
        )


def lacking_for(config: "Config", name: str) -> dict[str, list[str]]:
    """The members that option `name` lacks: one of them would give it an effect, {axis: names}.

    Empty where the option has an effect.
    """
    wanted = needed_for(name)
    return {} if any(config.value(axis) in names for axis, names in wanted.items()) else wanted


def text(value: Any, separator: str = ",") -> str:
    """A value as it is written in a flag."""
    return separator.join(map(str, value)) if isinstance(value, tuple) else str(value)


def kind_of(section: Any, axis: str) -> Any:
    """The class of the part that an option of the section chooses; None where there is none."""
    return AXES[axis][getattr(section, axis)].kind


def _check_autoencoder(config):
    """Checks posteriors without a bound, and posteriors whose prior is fitted afterwards."""
    model, objective = config.model, config.objective
    posterior, prior = kind_of(model, "posterior"), kind_of(model, "prior")
    trains_prior = posterior is None or posterior.trains_prior
    if not trains_prior and not _is_fitted(prior):
        fitted = [name for name, member in AXES["prior"].items() if _is_fitted(member.kind)]
        fitted.sort(key=lambda name: _is_trained(AXES["prior"][name].kind))
        raise ValueError(
            f"posterior={model.posterior} with prior={model.prior}: this posterior has no density "
            f"that could train a prior. Use a prior that is fitted afterwards, {', '.join(fitted)}."
        )
    if trains_prior and not _is_trained(prior):
        raise ValueError(
            f"posterior={model.posterior} with prior={model.prior}: a posterior with a density "
            "needs a prior that trains with it, such as standard_normal or mixture."
        )
    needs_bound = kind_of(objective, "objective").needs_bound
    if needs_bound and not (posterior is None or posterior.has_bound):
        raise ValueError(
            f"objective={objective.objective} needs a posterior density, which "
            f"posterior={model.posterior} lacks. Use objective=reconstruction."
        )
    without_noise = posterior is not None and not posterior.has_density
    if without_noise and objective.latent_samples > 1 and not kind_of(model, "weights").drawn:
        raise ValueError(
            f"latent_samples={objective.latent_samples} with posterior={model.posterior}: all "
            "samples of its code are the same. Use latent_samples=1."
        )
    if (
        _is_fitted_mixture(prior)
        and model.num_examples is not None
        and model.prior_components > model.num_examples
    ):
        raise ValueError(
            f"prior_components={model.prior_components} of prior={model.prior} can't be fitted "
            f"to the codes of {model.num_examples} training examples. Use fewer."
        )
    without_kl = not needs_bound or objective.beta == 0
    if (
        trains_prior
        and without_kl
        and (model.prior != "standard_normal" or kind_of(model, "structure").groups != "latents")
    ):
        remedy = "a beta above 0" if objective.beta == 0 else "objective=sgvb"
        raise ValueError(
            f"objective={objective.objective} and beta={objective.beta:g} with prior={model.prior} "
            f"and structure={model.structure}: no KL is in the loss, {conflicts.KL_TRAINS_PRIOR}. "
            f"Use {remedy}, or prior=standard_normal and structure=single."
        )


def _is_fitted(prior):
    """Whether a prior may be fitted to the codes of an autoencoder; True without a prior."""
    return prior is None or prior.fits_codes


def _is_fitted_mixture(prior):
    """Whether a prior has components that are fitted, each of which needs a code."""
    return prior is not None and prior.fits_codes and prior.is_mixture


def _is_trained(prior):
    """Whether a prior trains with a model."""
    return prior is not None and prior.trains_with_model


def _check_without_encoder(config):
    model, objective = config.model, config.objective
    prior, without = kind_of(model, "prior"), f"posterior={model.posterior}"
    if kind_of(model, "weights").drawn:
        raise ValueError(
            f"weights={model.weights} with {without}: {conflicts.DRAWN_WEIGHTS_WITHOUT_ENCODER}. "
            "Use weights=map."
        )
    if not _averages_samples(objective):
        raise ValueError(
            f"{without} with objective={objective.objective} and latent_samples="
            f"{objective.latent_samples}: {conflicts.ONE_SAMPLE_WITHOUT_ENCODER}. Use "
            "objective=importance_weighted and more latent_samples (or recipe=monte_carlo)."
        )
    if model.inference != ModelConfig.inference:
        raise ValueError(
            f"inference={model.inference} is for an encoder, which {without} lacks. Leave it out."
        )
    if objective.gradient != "plain":
        raise ValueError(
            f"gradient={objective.gradient} is for an encoder, which {without} lacks. Use "
            "gradient=plain."
        )
    if objective.beta != 1.0 or objective.beta_schedule != "constant":
        raise ValueError(
            f"beta and beta_schedule weigh the KL, which from {without} to the prior is 0."
        )
    if prior is not None and prior.made_of_posteriors:
        raise ValueError(
            f"prior={model.prior} with {without}: it is a mixture of {conflicts.OF_POSTERIORS}, "
            "and there is none. Use posterior=diagonal, full_covariance or low_rank."
        )
    if prior is not None and prior.is_mixture:
        raise ValueError(
            f"prior={model.prior} with {without}: {conflicts.MIXTURE_WITHOUT_ENCODER}. Use "
            "prior=real_nvp."
        )


def _averages_samples(objective):
    """Whether the loss of an example is a mean over several weighted samples."""
    return kind_of(objective, "objective").averages_weights and objective.latent_samples > 1


def _check_posterior_and_prior(model: ModelConfig):
    posterior, prior = kind_of(model, "posterior"), kind_of(model, "prior")
    layered = "latent_dims" in AXES["structure"][model.structure].options
    latent_dims = model.latent_dims if layered else None
    sizes = latent_dims or (math.prod(model.latent_shape or (model.latent_dim,)),)
    if posterior is not None and min(sizes) < posterior.least_latents:
        raise ValueError(
            f"posterior={model.posterior} with {'latent_dims' if latent_dims else 'latent_dim'}="
            f"{text(sizes)}: {conflicts.AUTOREGRESSION_OF_ONE_LATENT}. Use posterior=diagonal."
        )
    of_posteriors = prior is not None and prior.made_of_posteriors
    if posterior is not None and of_posteriors and not posterior.density_in_one_pass:
        raise ValueError(
            f"prior={model.prior} with posterior={model.posterior}: it is a mixture of "
            f"{conflicts.OF_POSTERIORS}, which {model.posterior} lacks. Use posterior=diagonal, "
            "full_covariance or low_rank."
        )
    has_rank = "posterior_rank" in AXES["posterior"][model.posterior].options
    if has_rank and model.posterior_rank > min(sizes):
        raise ValueError(
            f"posterior_rank={model.posterior_rank} of {min(sizes)} latents: no covariance needs "
            "so many columns. Use fewer, or posterior=full_covariance."
        )
    if prior is not None and sizes[-1] < prior.least_latents:
        raise ValueError(
            f"prior={model.prior} of {sizes[-1]} latent: {conflicts.FLOW_OF_ONE_LATENT}. Use two "
            "or more, or prior=mixture."
        )
    if prior is not None and prior.needs_context and kind_of(model, "condition") is None:
        raise ValueError(
            f"prior={model.prior} is p(z|c) and needs a condition c. Use condition=label or "
            "condition=image_part, or prior=learned_normal."
        )
    if _has_label(posterior) != _has_label(prior):
        raise ValueError(
            f"posterior={model.posterior} with prior={model.prior}: a label among the latents "
            "needs both to be categorical (recipe=gmvae). Change one of them."
        )


def _has_label(part):
    """Whether the first of the latents of a posterior or a prior stand for a label."""
    return part is not None and not part.continuous


def _check_weights(config):
    model, objective = config.model, config.objective
    if not kind_of(model, "weights").drawn:
        return
    if kind_of(model, "network").takes != "values":
        raise ValueError(
            f"weights={model.weights} with network={model.network}: tfp.layers has "
            "reparameterized dense layers, but no transposed convolutions, recurrent layers or "
            "attention. Use network=mlp or weights=map."
        )
    if _averages_samples(objective):
        raise ValueError(
            f"weights={model.weights} with {objective.objective} and latent_samples="
            f"{objective.latent_samples}: {conflicts.DRAWN_WEIGHTS_OF_SAMPLES}. Use "
            "objective=sgvb, or latent_samples=1."
        )


def _check_channels(model: ModelConfig):
    """Checks channels that depend on each other."""
    if model.channel_dependence != "autoregressive":
        return
    dependence = f"channel_dependence={model.channel_dependence}"
    if model.event_shape is not None and model.event_shape[-1] < 2:
        raise ValueError(
            f"{dependence} with event_shape={text(model.event_shape)}: a single channel has no "
            "channel before it to depend on. Leave it out."
        )
    if kind_of(model, "weights").drawn:
        raise ValueError(
            f"{dependence} with weights={model.weights}: the last layer's weights are averaged "
            "over separately for each value of x. Use channel_dependence=none, or weights=map."
        )


def _check_gradient(config):
    model, objective = config.model, config.objective
    if (
        _has_label(kind_of(model, "posterior"))
        and model.relaxation == "straight_through"
        and objective.gradient == "dreg"
    ):
        raise ValueError(
            "gradient=dreg with relaxation=straight_through: dreg turns the score of q into a "
            "path through z, but a straight-through label has the gradient of another function. "
            "Use relaxation=relaxed, or gradient=plain."
        )


def _check_network(model: ModelConfig):
    takes = kind_of(model, "network").takes
    if not model.filters:
        raise ValueError("filters must have at least one entry.")
    if not model.hidden and takes == "steps":
        raise ValueError(f"hidden must have at least one entry with network={model.network}.")
    if model.event_shape is None or len(model.event_shape) == 3:
        return
    condition = kind_of(model, "condition")
    if condition is not None and condition.in_examples:
        raise ValueError(
            f"condition={model.condition} is for images (height, width, channels), but examples "
            f"have event_shape={text(model.event_shape)}. Use condition=label."
        )
    if takes == "images":
        raise ValueError(
            f"network={model.network} is for images (height, width, channels), but examples "
            f"have event_shape={text(model.event_shape)}. Use network=mlp, gru or transformer."
        )


def _check_autoregressive(model: ModelConfig):
    """Checks a decoder that draws one value after the other."""
    likelihood, decoder = kind_of(model, "likelihood"), kind_of(model, "decoder")
    if not issubclass(likelihood, decoder.likelihood_class):
        raise ValueError(
            f"decoder={model.decoder} with likelihood={model.likelihood}: it says how "
            "likely each level of the next value is. Use likelihood=categorical."
        )
    if not model.hidden:
        raise ValueError(f"hidden must have at least one entry with decoder={model.decoder}.")
    if kind_of(model, "weights").drawn:
        raise ValueError(
            f"decoder={model.decoder} with weights={model.weights}: tfp.layers has no "
            "reparameterized recurrent layers. Use weights=map."
        )


def _check_idle_options(config):
    """Refuses options that have no effect beside the others, unless the data set them."""
    for _, option_field in options():
        name, given = option_field.name, config.value(option_field.name)
        idle = option_field.default, option_field.metadata["before"]
        if not option_field.metadata["flag"] or given in idle:
            continue
        if wanted := lacking_for(config, name):
            written = text(given, option_field.metadata["separator"])
            chosen = " and ".join(f"{axis}={config.value(axis)}" for axis in wanted)
            raise ValueError(
                f"{name}={written} is an option of {in_words(wanted)} alone, and here {chosen}. "
                f"Choose one of these, or leave {name} out."
            )


def _check_beta(config):
    objective, epochs = config.objective, config.training.epochs
    if not kind_of(objective, "objective").needs_bound and (
        objective.beta != 1.0 or objective.beta_schedule != "constant"
    ):
        raise ValueError(
            f"beta and beta_schedule weigh the KL, and objective={objective.objective} has none."
        )
    warmup = objective.beta_warmup_epochs
    if (objective.beta_schedule == "constant") != (warmup == 0):
        raise ValueError(
            f"beta_schedule={objective.beta_schedule} with beta_warmup_epochs={warmup:g}: a "
            "schedule needs a length, and a length a schedule. Set both or neither."
        )
    if warmup > epochs:
        raise ValueError(
            f"beta_warmup_epochs={warmup:g} can't finish within epochs={epochs}. "
            "Train for longer or warm up faster."
        )
