"""The members of each axis: what each is, which options it has, and how it is made of them.

One entry is all that a new member needs. Options stand in the order of the class's arguments.
Networks and weights are in `bodies`, structures in `structures`.
"""

import math
from collections.abc import Sequence

import numpy as np

from keras_vae import conditions, likelihoods, objectives, posteriors, priors
from keras_vae._compat import tfk
from keras_vae.autoregressive import AutoregressiveDecoder
from keras_vae.building.bodies import columns_of
from keras_vae.building.visible_part import visible_part
from keras_vae.config.members import AXES, Member, fill
from keras_vae.config.sections import ModelConfig
from keras_vae.decoder import Decoder
from keras_vae.likelihoods import Likelihood, Support
from keras_vae.priors import Flattened, Flow, Prior, Standardized
from keras_vae.training import schedules
from keras_vae.training.fused_adam import FusedAdam

# A decoder is made of a body, a likelihood and further arguments.
DECODERS = fill(
    "decoder",
    {
        "independent": Member(Decoder, "each by itself"),
        "autoregressive": Member(
            AutoregressiveDecoder,
            "each given those before it, for likelihood categorical",
            ("hidden",),
            lambda m, body, likelihood, **options: AutoregressiveDecoder(
                body, likelihood, m.hidden[0], **options
            ),
        ),
    },
)


def _label_options(m):
    """Arguments of a posterior or prior whose first latents are a label."""
    return m.prior_components, m.relaxation, m.relaxation_temperature


# Posteriors and priors are made of the number of latents.
POSTERIORS = fill(
    "posterior",
    {
        "diagonal": Member(posteriors.DiagonalNormal, "a normal, its latents independent"),
        "full_covariance": Member(
            posteriors.FullCovarianceNormal, "a normal, its latents correlated"
        ),
        "low_rank": Member(
            posteriors.LowRankNormal,
            "a normal, its latents correlated along a few directions",
            ("posterior_rank",),
        ),
        "iaf": Member(
            posteriors.InverseAutoregressive,
            "a normal bent by an inverse autoregressive flow",
            ("flow_layers", "flow_hidden"),
        ),
        "categorical": Member(
            posteriors.CategoricalNormal,
            "a label, and a normal for each of its values; for prior categorical",
            # The options are the prior's.
            make=lambda m, latent_dim: posteriors.CategoricalNormal(latent_dim, *_label_options(m)),
        ),
        "deterministic": Member(posteriors.Deterministic, "one code for x: an autoencoder"),
        "prior": Member(None, "the prior itself, without an encoder"),
    },
)

_UNIT_RANGE = (Support.BINARY, Support.UNIT, Support.LEVELS)

PRIORS = fill(
    "prior",
    {
        "standard_normal": Member(priors.StandardNormal, "N(0, I)"),
        "learned_normal": Member(priors.LearnedNormal, "a normal, its latents independent"),
        "mixture": Member(
            priors.MixtureOfNormals,
            "a mixture of normals",
            ("prior_components", "prior_covariance"),
        ),
        "vamp": Member(
            priors.VampPrior,
            "a mixture of posteriors at learned inputs",
            ("prior_components",),
            lambda m, latent_dim: priors.VampPrior(
                latent_dim, m.prior_components, unit_range=support_of(m) in _UNIT_RANGE
            ),
        ),
        "real_nvp": Member(
            priors.RealNVP,
            "a flow of coupling layers; with posterior deterministic, fitted to codes",
            ("flow_layers", "flow_hidden"),
        ),
        "maf": Member(
            priors.MAF,
            "a masked autoregressive flow; with posterior deterministic, fitted to codes",
            ("flow_layers", "flow_hidden"),
        ),
        "conditional_normal": Member(
            priors.ConditionalNormal,
            "p(z|c), a normal by a network of the condition",
            ("prior_hidden",),
        ),
        "categorical": Member(
            priors.LabelledMixture,
            "a label, and a normal for each of its values; for posterior categorical",
            ("prior_components", "relaxation", "relaxation_temperature"),
        ),
        "gaussian_mixture": Member(
            priors.GaussianMixture,
            "a mixture fitted to codes after training; for posterior deterministic",
            ("prior_components",),
        ),
        "none": Member(None, "no prior, so no samples; for posterior deterministic"),
    },
)


def latent_size_of(model: ModelConfig) -> int | tuple[int, ...]:
    """D, or (h, w, d), of the one layer of latents that a model's options name."""
    return model.latent_shape or model.latent_dim


def prior_of(model: ModelConfig, latent_shape: int | tuple[int, ...]) -> Prior | None:
    """The prior, of D latents or of maps (h, w, d), that a model's options name; None if none.

    Where latents are maps, a prior of flat latents is wrapped to give maps. A flow that is fitted
    to codes gets them standardized.
    """
    member, posterior = PRIORS[model.prior], POSTERIORS[model.posterior].kind
    takes_any = member.kind is None or member.kind.takes_maps
    maps = None if takes_any or isinstance(latent_shape, int) else latent_shape
    prior = member(model, latent_shape if maps is None else math.prod(maps))
    if isinstance(prior, Flow) and posterior is not None and not posterior.trains_prior:
        prior = Standardized(prior)
    return prior if maps is None else Flattened(prior, maps)


# Images with more channels aren't colour images.
_MOST_CHANNELS = 4
_MIXTURES = {
    "none": likelihoods.MixtureOfLogistics,
    "autoregressive": likelihoods.ColourMixture,
}

# A likelihood is made of the shape of x.
LIKELIHOODS = fill(
    "likelihood",
    {
        "bernoulli": Member(likelihoods.Bernoulli, "black and white"),
        "continuous_bernoulli": Member(likelihoods.ContinuousBernoulli, "numbers from 0 to 1"),
        "normal": Member(
            likelihoods.Normal, "real numbers, all of one given scale", ("likelihood_scale",)
        ),
        "normal_learned_scale": Member(
            likelihoods.LearnedScaleNormal, "real numbers, all of one learned scale (sigma-VAE)"
        ),
        "normal_per_pixel_scale": Member(
            likelihoods.PerPixelScaleNormal, "real numbers, each of a scale of its own"
        ),
        "discretized_logistic": Member(
            likelihoods.DiscretizedLogistic,
            "levels of grey or colour, by a rounded logistic",
            ("levels",),
        ),
        "categorical": Member(
            likelihoods.Categorical, "levels, each of a probability of its own", ("levels",)
        ),
        "logistic_mixture": Member(
            likelihoods.MixtureOfLogistics,
            "levels of grey or colour, by a mixture of rounded logistics",
            ("levels", "likelihood_components", "channel_dependence"),
            lambda m, event_shape: _MIXTURES[channel_dependence_of(m, event_shape)](
                event_shape, m.levels, m.likelihood_components
            ),
        ),
        "laplace": Member(
            likelihoods.Laplace, "real numbers, of heavier tails, each of a scale of its own"
        ),
        "student_t": Member(
            likelihoods.StudentT, "real numbers, of the heaviest tails, each of a scale of its own"
        ),
        "poisson": Member(likelihoods.Poisson, "counts"),
        "columns": Member(
            likelihoods.Columns,
            "rows of a table, each column by a distribution of its kind",
            ("likelihood_components",),
            lambda m, event_shape: likelihoods.Columns(
                event_shape, columns_of(m), m.likelihood_components
            ),
        ),
    },
)


def likelihood_of(model: ModelConfig) -> Likelihood:
    """The likelihood layer that a model's options name.

    Args:
      model: the options; those that the likelihood needs (event_shape, levels) are filled in.
    """
    return LIKELIHOODS[model.likelihood](model, model.event_shape)


def channel_dependence_of(model: ModelConfig, event_shape: Sequence[int]) -> str:
    """The `channel_dependence` that a model's options choose, or leave to the shape of x."""
    if model.channel_dependence is not None:
        return model.channel_dependence
    is_colour = len(event_shape) == 3 and 2 <= event_shape[-1] <= _MOST_CHANNELS
    averages_values = AXES["weights"][model.weights].kind.drawn
    return "autoregressive" if is_colour and not averages_values else "none"


def support_of(model: ModelConfig) -> Support:
    """The support of the likelihood that a model's options name."""
    return LIKELIHOODS[model.likelihood].kind.support


CONDITIONS = fill(
    "condition",
    {
        "none": Member(None, "nothing"),
        "label": Member(conditions.Label, "its label", ("num_classes", "class_names")),
        "image_part": Member(
            conditions.ImagePart,
            "a part of the image, which it completes",
            ("visible", "visible_mask"),
            lambda m: conditions.ImagePart(_mask(m), m.event_shape[-1]),
        ),
    },
)


def takes_labels(model: ModelConfig) -> bool:
    """Whether the condition that a model's options name is made of examples' labels."""
    kind = CONDITIONS[model.condition].kind
    return kind is not None and kind.from_labels


def _mask(m):
    """Which pixels [H, W] are given."""
    height, width = m.event_shape[:2]
    if m.visible_mask is None:
        return visible_part(m.visible, height, width)
    return np.reshape(m.visible_mask, (height, width))


OBJECTIVES = fill(
    "objective",
    {
        "sgvb": Member(objectives.SGVB, "the evidence lower bound", ("kl", "latent_samples")),
        "free_bits": Member(
            objectives.FreeBits,
            "the bound, with the first nats of each latent free",
            ("free_bits", "latent_samples"),
        ),
        "importance_weighted": Member(
            objectives.ImportanceWeighted,
            "the bound of latent_samples weighted samples (IWAE)",
            ("latent_samples", "gradient"),
        ),
        "reconstruction": Member(
            objectives.Reconstruction,
            "-log p(x|z) alone, without a KL",
            ("latent_samples",),
        ),
    },
)

# An optimizer is made of the learning rate and further arguments.
OPTIMIZERS = fill(
    "optimizer",
    {
        "adam": Member(
            FusedAdam,
            "Adam (Kingma & Ba 2015)",
            ("beta_2",),
            lambda t, rate, **named: FusedAdam(rate, beta_2=t.beta_2, **named),
        ),
        "adamax": Member(
            tfk.optimizers.Adamax,
            "Adam, by the largest gradients",
            ("beta_2",),
            lambda t, rate, **named: tfk.optimizers.Adamax(rate, beta_2=t.beta_2, **named),
        ),
        "sgd": Member(tfk.optimizers.SGD, "plain gradient descent"),
        "rmsprop": Member(tfk.optimizers.RMSprop, "gradients over their recent size"),
    },
)

# A schedule is made of beta and the number of steps.
BETA_SCHEDULES = fill(
    "beta_schedule",
    {
        "constant": Member(None, "not at all"),
        "linear": Member(schedules.linear, "in a line"),
        "sigmoid": Member(schedules.sigmoid, "along a logistic curve"),
        "cyclic": Member(
            schedules.cyclic, "in a line, then stays as long, and begins again from 0"
        ),
    },
)
