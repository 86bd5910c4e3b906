"""Config -> model. The one place where names become parts."""

import contextlib
import dataclasses
import functools
import math
import random
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from keras_vae import conditions, likelihoods, networks, objectives, posteriors, priors
from keras_vae._compat import tfk, tfkl
from keras_vae.autoregressive import AutoregressiveDecoder
from keras_vae.config import Config
from keras_vae.decoder import Decoder
from keras_vae.encoder import Encoder, PriorEncoder
from keras_vae.hierarchical import (
    BottomUpEncoder,
    HierarchicalVAE,
    LadderEncoder,
    LayeredPrior,
    LayeredPriorEncoder,
    TopDownBlock,
)
from keras_vae.networks.bayesian import BayesianDense
from keras_vae.sequence import GatedTransition, MarkovEncoder, MarkovPrior, SequenceVAE
from keras_vae.training import schedules
from keras_vae.vae import VAE


class Weights(NamedTuple):
    """How a decoder has its weights.

    Attributes:
      dense: from the model's options to what makes its dense layers.
      options: from the model's options and a likelihood to arguments of the Decoder.
    """

    dense: Callable
    options: Callable


WEIGHTS = {
    "point": Weights(lambda m: tfkl.Dense, lambda m, likelihood: {}),
    "map": Weights(
        lambda m: tfkl.Dense,
        lambda m, likelihood: {"weight_decay": 1.0 / (m.weight_scale**2 * m.num_examples)},
    ),
    "bayes": Weights(
        lambda m: functools.partial(
            BayesianDense,
            prior_scale=m.weight_scale,
            num_examples=m.num_examples,
            temperature=m.weight_temperature,
        ),
        lambda m, likelihood: {
            "projection": WEIGHTS["bayes"].dense(m)(
                math.prod(m.event_shape) * likelihood.params_per_value
            )
        },
    ),
}

# How values of x depend on each other, given z: from the model's options, a body, a likelihood and
# further arguments to the decoder.
DECODERS = {
    "independent": lambda m, body, likelihood, **options: Decoder(body, likelihood, **options),
    "autoregressive": lambda m, body, likelihood, **options: AutoregressiveDecoder(
        body, likelihood, m.hidden[0], **options
    ),
}

# Each network: (encoder body, decoder body) from the model's options.
NETWORKS = {
    "linear": (lambda m: networks.linear(), lambda m: networks.linear()),
    "mlp": (
        lambda m: networks.mlp(m.hidden, m.activation),
        lambda m: networks.mlp(m.hidden[::-1], m.activation, WEIGHTS[m.weights].dense(m)),
    ),
    "gated_mlp": (
        lambda m: networks.gated_mlp(m.hidden),
        lambda m: networks.gated_mlp(m.hidden[::-1], WEIGHTS[m.weights].dense(m)),
    ),
    "conv": (
        lambda m: networks.conv_encoder(m.filters, m.activation, m.attention_heads),
        lambda m: networks.conv_decoder(m.event_shape, m.filters, m.activation, m.attention_heads),
    ),
    "gated_conv": (
        lambda m: networks.gated_conv_encoder(m.filters, m.attention_heads),
        lambda m: networks.gated_conv_decoder(m.event_shape, m.filters, m.attention_heads),
    ),
    "resnet": (
        lambda m: networks.resnet_encoder(m.filters, m.blocks, m.activation, m.attention_heads),
        lambda m: networks.resnet_decoder(
            m.event_shape, m.filters, m.blocks, m.activation, m.attention_heads
        ),
    ),
    "gru": (
        lambda m: networks.gru_encoder(m.event_shape, m.hidden),
        lambda m: networks.gru_decoder(m.event_shape, m.hidden),
    ),
    "bars": (
        lambda m: networks.bars_encoder(m.event_shape, m.hidden, m.levels),
        lambda m: networks.bars_decoder(m.event_shape, m.hidden, m.bar_steps),
    ),
    "transformer": (
        lambda m: networks.transformer_encoder(
            m.event_shape, m.hidden, m.attention_heads or 4, m.activation
        ),
        lambda m: networks.transformer_decoder(
            m.event_shape, m.hidden, m.attention_heads or 4, m.activation
        ),
    ),
}

# Each posterior from the model's options; None for the prior itself.
POSTERIORS = {
    "diagonal": lambda m: posteriors.DiagonalNormal(m.latent_dim),
    "full_covariance": lambda m: posteriors.FullCovarianceNormal(m.latent_dim),
    "low_rank": lambda m: posteriors.LowRankNormal(m.latent_dim, m.posterior_rank),
    "iaf": lambda m: posteriors.InverseAutoregressive(m.latent_dim, m.flow_layers, m.flow_hidden),
    "categorical": lambda m: posteriors.CategoricalNormal(*_label_options(m)),
    "deterministic": lambda m: posteriors.Deterministic(m.latent_dim),
    "prior": lambda m: None,
}

# Each prior from the model's options.
PRIORS = {
    "standard_normal": lambda m: priors.StandardNormal(m.latent_dim),
    "learned_normal": lambda m: priors.LearnedNormal(m.latent_dim),
    "mixture": lambda m: priors.MixtureOfNormals(
        m.latent_dim, m.prior_components, m.prior_covariance
    ),
    "vamp": lambda m: priors.VampPrior(
        m.latent_dim,
        m.prior_components,
        unit_range=LIKELIHOODS[m.likelihood][0].support in _UNIT_RANGE,
    ),
    "real_nvp": lambda m: priors.RealNVP(m.latent_dim, m.flow_layers, m.flow_hidden),
    "maf": lambda m: priors.MAF(m.latent_dim, m.flow_layers, m.flow_hidden),
    "conditional_normal": lambda m: priors.ConditionalNormal(m.latent_dim, m.prior_hidden),
    "categorical": lambda m: priors.LabelledMixture(*_label_options(m)),
    "gaussian_mixture": lambda m: priors.GaussianMixture(m.latent_dim, m.prior_components),
    "none": lambda m: None,
}
_UNIT_RANGE = (
    likelihoods.Support.BINARY,
    likelihoods.Support.UNIT,
    likelihoods.Support.LEVELS,
)

# Each likelihood: its class and, beside the shape of x, its arguments from the model's options.
LIKELIHOODS = {
    "bernoulli": (likelihoods.Bernoulli, lambda m: ()),
    "continuous_bernoulli": (likelihoods.ContinuousBernoulli, lambda m: ()),
    "normal": (likelihoods.Normal, lambda m: (m.likelihood_scale,)),
    "normal_learned_scale": (likelihoods.LearnedScaleNormal, lambda m: ()),
    "normal_per_pixel_scale": (likelihoods.PerPixelScaleNormal, lambda m: ()),
    "discretized_logistic": (likelihoods.DiscretizedLogistic, lambda m: (m.levels,)),
    "categorical": (likelihoods.Categorical, lambda m: (m.levels,)),
    "logistic_mixture": (
        likelihoods.MixtureOfLogistics,
        lambda m: (m.levels, m.likelihood_components),
    ),
    "laplace": (likelihoods.Laplace, lambda m: ()),
    "student_t": (likelihoods.StudentT, lambda m: ()),
    "poisson": (likelihoods.Poisson, lambda m: ()),
}

CONDITIONS = {
    "none": lambda m: None,
    "label": lambda m: conditions.Label(m.num_classes, m.class_names),
    "image_part": lambda m: conditions.ImagePart(_visible(m), m.event_shape[-1]),
}

OBJECTIVES = {
    "sgvb": lambda o: objectives.SGVB(o.kl, o.latent_samples),
    "free_bits": lambda o: objectives.FreeBits(o.free_bits, o.latent_samples),
    "importance_weighted": lambda o: objectives.ImportanceWeighted(o.latent_samples, o.gradient),
    "reconstruction": lambda o: objectives.Reconstruction(o.latent_samples),
}

OPTIMIZERS = {
    "adam": tfk.optimizers.Adam,
    "adamax": tfk.optimizers.Adamax,
    "sgd": tfk.optimizers.SGD,
    "rmsprop": tfk.optimizers.RMSprop,
}

BETA_SCHEDULES = {
    "linear": schedules.linear,
    "sigmoid": schedules.sigmoid,
    "cyclic": schedules.cyclic,
}


def build(
    config: Config, *, steps_per_epoch: int | None = None, jit_compile="auto", run_eagerly=False
) -> VAE:
    """The compiled model that a config describes, with fresh weights.

    Args:
      config: with `event_shape` (and, for likelihoods of quantised data, `levels`) filled in:
        recipe("vae", event_shape=(28, 28, 1)).
      steps_per_epoch: turns the epochs of schedules into steps; needed if there is a schedule.
      jit_compile, run_eagerly: as in `VAE.compile`.

    Raises:
      ValueError: names the option that is missing or impossible.
    """
    config.check()
    model = config.model
    if model.event_shape is None:
        raise ValueError(
            "event_shape is missing: the shape of one example, as in "
            f"recipe({config.recipe!r}, event_shape=images.shape[1:])."
        )
    likelihood_class, arguments = LIKELIHOODS[model.likelihood]
    if model.levels is None and likelihood_class.support is likelihoods.Support.LEVELS:
        raise ValueError(
            f"likelihood={model.likelihood} is for quantised data and needs `levels`, the number "
            "of values a pixel takes: 256 for 8-bit images."
        )
    if model.weights != "point" and model.num_examples is None:
        raise ValueError(
            f"weights={model.weights} needs `num_examples`, the number of training examples."
        )
    if model.condition == "label" and model.num_classes is None:
        raise ValueError("condition=label needs `num_classes`, the number of labels.")
    with _global_seed(config.training.seed):  # Of the initial weights.
        likelihood = likelihood_class(model.event_shape, *arguments(model))
        vae_class, encoder, decoder_body, prior = STRUCTURES[model.structure](model)
        vae = vae_class(
            encoder,
            DECODERS[model.decoder](
                model,
                _seeing_z(model, decoder_body),
                likelihood,
                **WEIGHTS[model.weights].options(model, likelihood),
            ),
            prior,
            CONDITIONS[model.condition](model),
            levels=model.levels,
            seed=config.training.seed,
        )
    vae.compile(
        optimizer=_optimizer(config.training, steps_per_epoch),
        objective=OBJECTIVES[config.objective.objective](config.objective),
        beta=_beta(config.objective, steps_per_epoch),
        ema_decay=config.training.ema_decay,
        jit_compile=jit_compile,
        run_eagerly=run_eagerly,
    )
    return vae


def _one_layer(m):
    encoder_body, decoder_body = NETWORKS[m.network]
    posterior = POSTERIORS[m.posterior](m)
    encoder = Encoder(encoder_body(m), posterior) if posterior else PriorEncoder()
    prior = PRIORS[m.prior](m) if encoder.has_density else None
    return VAE, encoder, decoder_body(m), prior


def build_fitted_prior(config: Config):
    """The prior, not yet fitted, of an autoencoder that a config describes; None if it has none."""
    if config.model.posterior != "deterministic":
        return None
    with _global_seed(config.training.seed):
        prior = PRIORS[config.model.prior](config.model)
    return priors.Standardized(prior) if isinstance(prior, priors.Flow) else prior


def _several_layers(m, encoder_class, body, skip=False):
    """Each stochastic layer has a body that looks up from below and one that looks down on it."""
    of_layers = [dataclasses.replace(m, latent_dim=d) for d in m.latent_dims]
    if all(qs := [POSTERIORS[m.posterior](layer) for layer in of_layers]):
        encoder = encoder_class([body(m, units) for units in m.hidden], qs)
    else:
        encoder = LayeredPriorEncoder()
    blocks = [
        TopDownBlock(body(m, units), latent_dim, skip)
        for units, latent_dim in zip(m.hidden[1:], m.latent_dims[:-1], strict=True)
    ]
    top = PRIORS[m.prior](dataclasses.replace(m, latent_dim=m.latent_dims[-1]))
    _, decoder_body = NETWORKS[m.network]
    return (
        HierarchicalVAE,
        encoder,
        decoder_body(dataclasses.replace(m, hidden=(m.hidden[0],) * 2)),
        LayeredPrior(blocks, top),
    )


def _two_layers_of(m, units):
    encoder_body, _ = NETWORKS[m.network]
    return encoder_body(dataclasses.replace(m, hidden=(units, units)))


def _residual(m, units):
    return networks.Residual(_two_layers_of(m, units), units)


def _sequence(m):
    num_steps, units = m.event_shape[0], m.hidden[-1]
    _, decoder_body = NETWORKS[m.network]
    decoder = networks.PerStep(decoder_body(m), num_steps, m.latent_dim)
    transition = GatedTransition(m.latent_dim, units, m.activation)
    prior = MarkovPrior(PRIORS[m.prior](m), transition, num_steps)
    if POSTERIORS[m.posterior](m) is None:
        return VAE, PriorEncoder(), decoder, prior
    return SequenceVAE, _sequence_encoder(m, num_steps, units), decoder, prior


def _sequence_encoder(m, num_steps, units):
    encoder_body, _ = NETWORKS[m.network]
    step_body = networks.PerStep(encoder_body(m), num_steps, math.prod(m.event_shape[1:]))
    steps = networks.Recurrence(tfkl.GRUCell(units), return_sequences=True)
    if m.inference == "smoother":
        steps = tfkl.Bidirectional(steps)
    combiner = [networks.mlp((units,), m.activation), tfkl.Dense(2 * m.latent_dim)]
    return MarkovEncoder(
        tfk.Sequential([step_body, steps]), tfk.Sequential(combiner), m.latent_dim, num_steps
    )


# How latents depend on each other: from the model's options to the model's class, its encoder, its
# decoder's body and its prior.
STRUCTURES = {
    "single": _one_layer,
    "bottom_up": lambda m: _several_layers(m, BottomUpEncoder, _two_layers_of),
    # Without a way around the latents, twelve layers don't train.
    "ladder": lambda m: _several_layers(m, LadderEncoder, _residual, skip=True),
    "sequence": _sequence,
}


def _seeing_z(model, body):
    """The decoder's body, which sees z but no label among the latents."""
    if model.posterior != "categorical":
        return body
    return tfk.Sequential([networks.DropFirst(model.prior_components), body])


def _label_options(model):
    """The arguments of prior and posterior that have a label."""
    return (
        model.latent_dim,
        model.prior_components,
        model.relaxation,
        model.relaxation_temperature,
    )


def _visible(model):
    """Which pixels [H, W] are given."""
    height, width = model.event_shape[:2]
    if model.visible_mask is not None:
        return np.reshape(model.visible_mask, (height, width))
    if model.visible not in conditions.VISIBLE:
        raise ValueError(
            f"visible must be one of {', '.join(conditions.VISIBLE)}, got {model.visible!r}; or "
            "give visible_mask."
        )
    return conditions.VISIBLE[model.visible](height, width)


@contextlib.contextmanager
def _global_seed(seed):
    """Inside, Keras draws from `seed`; Python's and numpy's own generators stay as they were."""
    states = random.getstate(), np.random.get_state()
    tfk.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])


def _optimizer(training, steps_per_epoch):
    learning_rate = training.learning_rate
    if training.learning_rate_schedule == "cosine":
        _require_steps(steps_per_epoch, "learning_rate_schedule=cosine")
        learning_rate = tfk.optimizers.schedules.CosineDecay(
            learning_rate, training.epochs * steps_per_epoch
        )
    return OPTIMIZERS[training.optimizer](learning_rate, global_clipnorm=training.clip_norm)


def _beta(objective, steps_per_epoch):
    if objective.beta_schedule == "constant":
        return objective.beta
    _require_steps(steps_per_epoch, f"beta_schedule={objective.beta_schedule}")
    steps = round(objective.beta_warmup_epochs * steps_per_epoch)
    return BETA_SCHEDULES[objective.beta_schedule](objective.beta, max(steps, 1))


def _require_steps(steps_per_epoch, option):
    if steps_per_epoch is None:
        raise ValueError(
            f"{option} needs to know the number of steps: build(config, steps_per_epoch="
            "len(images) // batch_size)."
        )
