"""Options that don't go together, and why. Of objects, `training.refusals` says the same."""

from keras_vae.config.image_options import check_resize, parse_background
from keras_vae.config.sections import find

# The priors that an autoencoder may have: each is fitted to its codes after training.
FITTED_PRIORS = ("gaussian_mixture", "real_nvp", "maf", "none")

# (option, the option of its section that it depends on, values of that one for which it has an
# effect). Several rows for one option are alternatives.
_ONLY_WITH = (
    ("hidden", "network", ("mlp", "gated_mlp", "gru", "transformer", "bars")),
    ("hidden", "decoder", ("autoregressive",)),
    ("bar_steps", "network", ("bars",)),
    ("hidden", "structure", ("sequence",)),
    ("filters", "network", ("conv", "gated_conv", "resnet")),
    ("latent_dim", "structure", ("single", "sequence")),
    ("latent_dims", "structure", ("bottom_up", "ladder")),
    ("inference", "structure", ("sequence",)),
    ("blocks", "network", ("resnet",)),
    ("attention_heads", "network", ("conv", "gated_conv", "resnet", "transformer")),
    ("activation", "network", ("mlp", "conv", "resnet", "transformer")),
    ("activation", "structure", ("sequence",)),
    ("posterior_rank", "posterior", ("low_rank",)),
    ("prior_covariance", "prior", ("mixture",)),
    ("prior_components", "prior", ("mixture", "vamp", "categorical", "gaussian_mixture")),
    ("relaxation", "prior", ("categorical",)),
    ("relaxation_temperature", "prior", ("categorical",)),
    ("prior_hidden", "prior", ("conditional_normal",)),
    ("flow_layers", "posterior", ("iaf",)),
    ("flow_layers", "prior", ("real_nvp", "maf")),
    ("flow_hidden", "posterior", ("iaf",)),
    ("flow_hidden", "prior", ("real_nvp", "maf")),
    ("likelihood_scale", "likelihood", ("normal",)),
    ("likelihood_components", "likelihood", ("logistic_mixture",)),
    ("weight_scale", "weights", ("map", "bayes")),
    ("weight_temperature", "weights", ("bayes",)),
    ("visible", "condition", ("image_part",)),
    ("kl", "objective", ("sgvb",)),
    ("gradient", "objective", ("importance_weighted",)),
    ("free_bits", "objective", ("free_bits",)),
)


def check_rules(config) -> None:
    """Raises ValueError saying which options of a Config can't be together, and what to do."""
    parse_background(config.data.alpha_background)
    check_resize(config.data.resize, config.data.image_size)
    _check_prior_as_posterior(config)
    _check_autoencoder(config)
    _check_posterior_and_prior(config.model)
    _check_weights(config)
    _check_gradient(config)
    if config.model.structure in ("bottom_up", "ladder"):
        _check_layers(config.model)
    if config.model.structure == "sequence":
        _check_sequence(config.model)
    _check_network(config.model)
    if config.model.decoder == "autoregressive":
        _check_autoregressive(config.model)
    _check_idle_options(config)
    _check_beta(config)
    decay = config.training.ema_decay
    if decay is not None and decay >= 1:
        raise ValueError(f"ema_decay must be below 1, got {decay}.")


def lacking_for(config, name: str) -> list:
    """[(option, its values)] of which one is needed for option `name` to say anything.

    Empty where one is there, or none is needed.
    """
    section = getattr(config, find(name)[0])
    wanted = [(needed, values) for n, needed, values in _ONLY_WITH if n == name]
    return [] if any(getattr(section, n) in values for n, values in wanted) else wanted


def text(value) -> str:
    """A value as a flag has it."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _check_autoencoder(config):
    """A posterior without a density, and what only that bears."""
    model, objective = config.model, config.objective
    autoencoder = model.posterior == "deterministic"
    if autoencoder and model.prior not in FITTED_PRIORS:
        raise ValueError(
            f"posterior=deterministic with prior={model.prior}: it has no density to train a "
            f"prior by. Use a prior that is fitted afterwards, {', '.join(FITTED_PRIORS)}."
        )
    if not autoencoder and model.prior in ("gaussian_mixture", "none"):
        raise ValueError(
            f"posterior={model.posterior} with prior={model.prior}: a posterior with a density "
            "needs a prior that trains with it, such as standard_normal or mixture."
        )
    if autoencoder and objective.objective != "reconstruction":
        raise ValueError(
            f"objective={objective.objective} needs a posterior density, which "
            "posterior=deterministic has not. Use objective=reconstruction."
        )
    if autoencoder and objective.latent_samples > 1 and model.weights != "bayes":
        raise ValueError(
            f"latent_samples={objective.latent_samples} with posterior=deterministic: all samples "
            "of its code are the same. Use latent_samples=1."
        )
    if (
        model.prior == "gaussian_mixture"
        and model.num_examples is not None
        and model.prior_components > model.num_examples
    ):
        raise ValueError(
            f"prior_components={model.prior_components} of prior=gaussian_mixture can't be fitted "
            f"to the codes of {model.num_examples} training examples. Use fewer."
        )
    without_kl = objective.objective == "reconstruction" or objective.beta == 0
    if (
        not autoencoder
        and without_kl
        and (model.prior != "standard_normal" or model.structure != "single")
    ):
        remedy = "a beta above 0" if objective.beta == 0 else "objective=sgvb"
        raise ValueError(
            f"objective={objective.objective} and beta={objective.beta:g} with prior={model.prior} "
            f"and structure={model.structure}: no KL is in the loss, by which alone a prior of "
            f"several layers, of steps, or with weights is trained. Use {remedy}, or "
            "prior=standard_normal and structure=single."
        )


def _check_prior_as_posterior(config):
    """A model without an encoder."""
    model, objective = config.model, config.objective
    if model.posterior != "prior":
        return
    if model.weights == "bayes":
        raise ValueError(
            "weights=bayes with posterior=prior: with one z for an example the decoder learns to "
            "ignore z, and each of several z would draw weights of its own. Use weights=map."
        )
    if objective.objective != "importance_weighted" or objective.latent_samples == 1:
        raise ValueError(
            f"posterior=prior with objective={objective.objective} and latent_samples="
            f"{objective.latent_samples}: no encoder draws z for x, so at one z this loss is "
            "minimised by a decoder that ignores z. Use objective=importance_weighted and more "
            "latent_samples (or recipe=monte_carlo)."
        )
    if model.inference != "smoother":
        raise ValueError(
            f"inference={model.inference} is of an encoder, which posterior=prior has not. Leave "
            "it out."
        )
    if objective.gradient != "plain":
        raise ValueError(
            f"gradient={objective.gradient} is of an encoder, which posterior=prior has not. "
            "Use gradient=plain."
        )
    if objective.beta != 1.0 or objective.beta_schedule != "constant":
        raise ValueError(
            "beta and beta_schedule weigh the KL, which from posterior=prior to the prior is 0."
        )
    if model.prior == "mixture":
        raise ValueError(
            "prior=mixture with posterior=prior: no gradient leads through the choice of a "
            "component, so the mixture's weights can't be learned. Use prior=real_nvp."
        )


def _check_posterior_and_prior(model):
    layered = model.structure in ("bottom_up", "ladder") and model.latent_dims
    sizes = model.latent_dims if layered else (model.latent_dim,)
    if model.posterior == "iaf" and min(sizes) == 1:
        raise ValueError(
            f"posterior=iaf with {'latent_dims' if layered else 'latent_dim'}={text(sizes)}: one "
            "latent has no other to depend on. Use posterior=diagonal."
        )
    if model.prior == "vamp" and model.posterior == "prior":
        raise ValueError(
            "prior=vamp with posterior=prior: it is a mixture of posteriors q(z|x), and there is "
            "none. Use posterior=diagonal, full_covariance or low_rank."
        )
    if model.prior == "vamp" and model.posterior == "iaf":
        raise ValueError(
            "prior=vamp with posterior=iaf: it is a mixture of posteriors q(z|x), each of which "
            "would have to go through all latents in turn at every z. Use posterior=diagonal, "
            "full_covariance or low_rank."
        )
    if model.posterior == "low_rank" and model.posterior_rank > min(sizes):
        raise ValueError(
            f"posterior_rank={model.posterior_rank} of {min(sizes)} latents: no covariance needs "
            "so many columns. Use fewer, or posterior=full_covariance."
        )
    if model.prior in ("real_nvp", "maf") and sizes[-1] < 2:
        raise ValueError(
            f"prior={model.prior} of {sizes[-1]} latent: a flow changes a latent by what others "
            "are. Use two or more, or prior=mixture."
        )
    if model.prior == "conditional_normal" and model.condition == "none":
        raise ValueError(
            "prior=conditional_normal is p(z|c) and needs a condition c. Use condition=label "
            "or condition=image_part, or prior=learned_normal."
        )
    if (model.posterior == "categorical") != (model.prior == "categorical"):
        raise ValueError(
            f"posterior={model.posterior} with prior={model.prior}: a label among the latents "
            "needs both to be categorical (recipe=gmvae). Change one of them."
        )


def _check_weights(config):
    model, objective = config.model, config.objective
    if model.weights != "bayes":
        return
    if model.network not in ("linear", "mlp", "gated_mlp"):
        raise ValueError(
            f"weights=bayes with network={model.network}: tfp.layers has reparameterized dense "
            "layers, but no transposed convolutions, recurrent layers or attention. Use "
            "network=mlp or weights=map."
        )
    if objective.objective == "importance_weighted" and objective.latent_samples > 1:
        raise ValueError(
            f"weights=bayes with importance_weighted and latent_samples={objective.latent_samples}"
            ": each sample draws weights of its own, and the log of a mean over them is no bound "
            "for all examples together, which share the weights. Use objective=sgvb, or "
            "latent_samples=1."
        )


def _check_gradient(config):
    model, objective = config.model, config.objective
    if (
        model.posterior == "categorical"
        and model.relaxation == "straight_through"
        and objective.gradient == "dreg"
    ):
        raise ValueError(
            "gradient=dreg with relaxation=straight_through: it turns the score of q into a path "
            "through z, but the label's path is another one's gradient. Use relaxation=relaxed, or "
            "gradient=plain."
        )


def _check_network(model):
    if not model.filters:
        raise ValueError("filters must have at least one entry.")
    if not model.hidden and model.network in ("gru", "transformer", "bars"):
        raise ValueError(f"hidden must have at least one entry with network={model.network}.")
    if model.event_shape is None or len(model.event_shape) == 3:
        return
    if model.condition == "image_part":
        raise ValueError(
            "condition=image_part is for images (height, width, channels), but examples have "
            f"event_shape={text(model.event_shape)}. Use condition=label."
        )
    if model.network in ("conv", "gated_conv", "resnet"):
        raise ValueError(
            f"network={model.network} is for images (height, width, channels), but examples "
            f"have event_shape={text(model.event_shape)}. Use network=mlp, gru or transformer."
        )


def _check_layers(model):
    """Of a model of several stochastic layers."""
    layers = f"structure={model.structure}"
    if model.latent_dims is None:
        raise ValueError(f"{layers} needs latent_dims, as in latent_dims=100,50 for two layers.")
    if model.network not in ("mlp", "gated_mlp"):
        raise ValueError(
            f"{layers} with network={model.network}: what joins one layer of latents to the next "
            "are dense layers of `hidden` units. Use network=mlp or gated_mlp."
        )
    if len(model.hidden) != len(model.latent_dims):
        raise ValueError(
            f"{layers} needs as many units in hidden as in latent_dims, a number for each "
            f"stochastic layer; got hidden={text(model.hidden)} and "
            f"latent_dims={text(model.latent_dims)}."
        )
    if model.posterior in ("deterministic", "categorical"):
        raise ValueError(
            f"{layers} with posterior={model.posterior}: what ties one layer to the next is a "
            "density of real numbers. Use posterior=diagonal, or structure=single."
        )
    if model.structure == "ladder" and model.posterior not in ("diagonal", "prior"):
        raise ValueError(
            f"{layers} with posterior={model.posterior}: it multiplies what x says of each layer "
            "with that layer's prior, and both are diagonal normals. Use posterior=diagonal, or "
            "structure=bottom_up."
        )
    if model.prior == "vamp" and model.structure == "bottom_up":
        raise ValueError(
            f"{layers} with prior=vamp: it is a mixture of q(z_L|x), which inference from the "
            "bottom up has not in closed form. Use structure=ladder, or prior=mixture."
        )


def _check_autoregressive(model):
    """Of a decoder that goes from value to value."""
    if model.likelihood != "categorical":
        raise ValueError(
            f"decoder=autoregressive with likelihood={model.likelihood}: it says how "
            "likely each level of the next value is. Use likelihood=categorical."
        )
    if not model.hidden:
        raise ValueError("hidden must have at least one entry with decoder=autoregressive.")
    if model.weights == "bayes":
        raise ValueError(
            "decoder=autoregressive with weights=bayes: tfp.layers has no reparameterized "
            "recurrent layers. Use weights=map."
        )


def _check_sequence(model):
    """Of a model with latents of each step."""
    if model.network not in ("linear", "mlp", "gated_mlp"):
        raise ValueError(
            f"structure=sequence with network={model.network}: the body is of one step, a row of "
            "numbers; steps are joined by a GRU. Use network=mlp, or structure=single."
        )
    if not model.hidden:
        raise ValueError("hidden must have at least one entry with structure=sequence.")
    if model.posterior not in ("diagonal", "prior"):
        raise ValueError(
            f"structure=sequence with posterior={model.posterior}: each step's posterior is a "
            "diagonal normal, given the step before it. Use posterior=diagonal, or "
            "structure=single."
        )
    if model.weights == "bayes":
        raise ValueError(
            "structure=sequence with weights=bayes: all steps share the weights, but draws of "
            "them are independent between rows. Use weights=map."
        )


def _check_idle_options(config):
    """An option that says nothing, beside the others, was meant to."""
    for name in dict.fromkeys(row[0] for row in _ONLY_WITH):
        _, option_field = find(name)
        given = config.value(name)
        if given != option_field.default and (wanted := lacking_for(config, name)):
            wanted = " or ".join(f"{n}={' or '.join(values)}" for n, values in wanted)
            raise ValueError(f"{name}={text(given)} is an option of {wanted} alone.")


def _check_beta(config):
    objective, epochs = config.objective, config.training.epochs
    if objective.objective == "reconstruction" and (
        objective.beta != 1.0 or objective.beta_schedule != "constant"
    ):
        raise ValueError(
            "beta and beta_schedule weigh the KL, and objective=reconstruction has none."
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
