"""Names of parts, and how each is made of a config's options: one table for each axis."""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from keras_vae import conditions, likelihoods, networks, objectives, posteriors, priors
from keras_vae._compat import tfk, tfkl
from keras_vae.autoregressive import AutoregressiveDecoder
from keras_vae.decoder import Decoder
from keras_vae.networks.bayesian import BayesianDense
from keras_vae.training import schedules
from keras_vae.training.fused_adam import FusedAdam


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
        unit_range=support_of(m) in _UNIT_RANGE,
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


def likelihood_of(model):
    """The likelihood layer that a model's options name.

    Args:
      model: ModelConfig, with what its likelihood needs (event_shape, levels) filled in.
    """
    kind, arguments = LIKELIHOODS[model.likelihood]
    return kind(model.event_shape, *arguments(model))


def support_of(model) -> likelihoods.Support:
    """The values that the likelihood that a model's options name gives mass to."""
    return LIKELIHOODS[model.likelihood][0].support


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
    "adam": FusedAdam,
    "adamax": tfk.optimizers.Adamax,
    "sgd": tfk.optimizers.SGD,
    "rmsprop": tfk.optimizers.RMSprop,
}

BETA_SCHEDULES = {
    "linear": schedules.linear,
    "sigmoid": schedules.sigmoid,
    "cyclic": schedules.cyclic,
}


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
