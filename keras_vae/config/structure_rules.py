"""Which options can't be combined with several layers or steps of latents, and why."""

from keras_vae.config.members import AXES
from keras_vae.config.rules import kind_of, text
from keras_vae.config.sections import ModelConfig
from keras_vae.config.stages import stages_of
from keras_vae.messages import conflicts


def check_structure(model: ModelConfig) -> None:
    """Raises ValueError saying which options of a model of several layers or steps can't be."""
    if "latent_dims" in AXES["structure"][model.structure].options:
        _check_layers(model)
    if kind_of(model, "structure").groups == "steps":
        _check_sequence(model)


def has_layers_of_maps(model: ModelConfig) -> bool:
    """Whether the latents of a model's options are several layers of maps."""
    can_be = "stages" in AXES["structure"][model.structure].options
    return can_be and kind_of(model, "network").takes == "images"


def _check_layers(model: ModelConfig):
    """Checks a model of several stochastic layers."""
    layers = f"structure={model.structure}"
    posterior, prior = kind_of(model, "posterior"), kind_of(model, "prior")
    network = AXES["network"][model.network]
    if has_layers_of_maps(model):
        _check_stages(model)
    elif network.kind.takes != "values" or "hidden" not in network.options:
        of_maps = "stages" in AXES["structure"][model.structure].options
        others = ", or network=resnet for images" if of_maps else ""
        raise ValueError(
            f"{layers} with network={model.network}: dense layers of `hidden` units join one layer "
            f"of latents to the next. Use network=mlp or gated_mlp{others}."
        )
    else:
        _check_latent_dims(model, layers)
    if posterior is not None and not (posterior.has_density and posterior.continuous):
        raise ValueError(
            f"{layers} with posterior={model.posterior}: a density of real numbers ties one "
            "layer to the next. Use posterior=diagonal, or structure=single."
        )
    if model.structure == "ladder" and not _is_diagonal(posterior):
        another = "" if has_layers_of_maps(model) else ", or structure=bottom_up"
        raise ValueError(
            f"{layers} with posterior={model.posterior}: {conflicts.LADDER}. Use "
            f"posterior=diagonal{another}."
        )
    if model.structure == "bottom_up" and prior is not None and prior.made_of_posteriors:
        raise ValueError(
            f"{layers} with prior={model.prior}: it is a mixture of {conflicts.OF_POSTERIORS}, "
            "which q(z_L|x) from the bottom up lacks. Use structure=ladder, or prior=mixture."
        )


def _check_latent_dims(model, layers):
    """Checks flat layers of latents."""
    if model.latent_dims is None:
        of_maps = "stages" in AXES["structure"][model.structure].options
        others = ", or network=resnet for layers of maps" if of_maps else ""
        raise ValueError(
            f"{layers} with network={model.network} needs latent_dims, as in latent_dims=100,50 "
            f"for two layers{others}."
        )
    for name in ("stages", "width", "latent_channels"):
        if getattr(model, name) not in (None, getattr(ModelConfig, name)):
            raise ValueError(
                f"{name}={text(getattr(model, name))} with network={model.network}: its latents "
                "have no place. Use network=resnet, or leave it out."
            )
    if len(model.hidden) != len(model.latent_dims):
        raise ValueError(
            f"{layers} needs as many units in hidden as in latent_dims, a number for each "
            f"stochastic layer; got hidden={text(model.hidden)} and "
            f"latent_dims={text(model.latent_dims)}."
        )


def _check_stages(model):
    """Checks a ladder of convolutions."""
    given = f"structure={model.structure} with network={model.network}"
    if "blocks" not in AXES["network"][model.network].options:
        raise ValueError(f"{given}: a ladder of maps has residual blocks. Use network=resnet.")
    for name in ("filters", "blocks", "attention_heads", "latent_dims"):
        if getattr(model, name) != getattr(ModelConfig, name):
            raise ValueError(
                f"{name}={text(getattr(model, name))} has no effect in {given}: its sizes are "
                "stages, width and latent_channels. Leave it out."
            )
    if not kind_of(model, "decoder").takes_maps:
        raise ValueError(
            f"{given} and decoder={model.decoder}: this decoder takes flat latents only. Use "
            "decoder=independent."
        )
    if model.event_shape is not None and len(model.event_shape) == 3:
        _check_top(model, stages_of(model.stages, model.event_shape)[-1])


def _check_top(model, top):
    """Checks that a prior of the top layer has as many latents as it needs."""
    size = top.height * top.width * model.latent_channels
    prior = kind_of(model, "prior")
    if prior is not None and size < prior.least_latents:
        raise ValueError(
            f"prior={model.prior} of {size} latent in the top layer: "
            f"{conflicts.FLOW_OF_ONE_LATENT}. Use more latent_channels, or prior=mixture."
        )


def _check_sequence(model: ModelConfig):
    """Checks a model with latents of each step."""
    if kind_of(model, "network").takes != "values":
        raise ValueError(
            f"structure=sequence with network={model.network}: the body takes one step, a row of "
            "numbers; a GRU joins the steps. Use network=mlp, or structure=single."
        )
    if not model.hidden:
        raise ValueError("hidden must have at least one entry with structure=sequence.")
    if not _is_diagonal(kind_of(model, "posterior")):
        raise ValueError(
            f"structure=sequence with posterior={model.posterior}: each step's posterior is a "
            "diagonal normal, given the step before it. Use posterior=diagonal, or "
            "structure=single."
        )
    if kind_of(model, "weights").drawn:
        raise ValueError(
            f"structure=sequence with weights={model.weights}: all steps share the weights, but "
            "draws of them are independent between rows. Use weights=map."
        )


def _is_diagonal(posterior):
    """Whether a posterior is a diagonal normal; True without a posterior."""
    return posterior is None or posterior.is_diagonal
