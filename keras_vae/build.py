"""Config -> model. The one place where names become parts."""

import contextlib
import functools
import math
import random
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from keras_vae import conditions, likelihoods, networks, objectives, posteriors, priors, schedules
from keras_vae._compat import tfk, tfkl
from keras_vae.bayesian import BayesianDense
from keras_vae.config import Config
from keras_vae.decoder import Decoder
from keras_vae.encoder import Encoder, PriorEncoder
from keras_vae.vae import VAE


class Weights(NamedTuple):
    """How a decoder has its weights.

    Attributes:
      dense: from the model's options to what makes its dense layers.
      decoder: from the model's options, a body and a likelihood to the Decoder.
    """

    dense: Callable
    decoder: Callable


WEIGHTS = {
    "point": Weights(lambda m: tfkl.Dense, lambda m, body, likelihood: Decoder(body, likelihood)),
    "map": Weights(
        lambda m: tfkl.Dense,
        lambda m, body, likelihood: Decoder(
            body, likelihood, weight_decay=1.0 / (m.weight_scale**2 * m.num_examples)
        ),
    ),
    "bayes": Weights(
        lambda m: functools.partial(
            BayesianDense, prior_scale=m.weight_scale, num_examples=m.num_examples
        ),
        lambda m, body, likelihood: Decoder(
            body,
            likelihood,
            WEIGHTS["bayes"].dense(m)(math.prod(m.event_shape) * likelihood.params_per_value),
        ),
    ),
}

# Each network: (encoder body, decoder body) from the model's options.
NETWORKS = {
    "linear": (lambda m: networks.linear(), lambda m: networks.linear()),
    "mlp": (
        lambda m: networks.mlp(m.hidden, m.activation),
        lambda m: networks.mlp(m.hidden[::-1], m.activation, WEIGHTS[m.weights].dense(m)),
    ),
    "conv": (
        lambda m: networks.conv_encoder(m.filters, m.activation),
        lambda m: networks.conv_decoder(m.event_shape, m.filters, m.activation),
    ),
    "resnet": (
        lambda m: networks.resnet_encoder(m.filters, m.blocks, m.activation),
        lambda m: networks.resnet_decoder(m.event_shape, m.filters, m.blocks, m.activation),
    ),
}

# Each posterior: its class, None for the prior itself.
POSTERIORS = {
    "diagonal": posteriors.DiagonalNormal,
    "full_covariance": posteriors.FullCovarianceNormal,
    "deterministic": posteriors.Deterministic,
    "prior": None,
}

PRIORS = {
    "standard_normal": priors.StandardNormal,
    "none": lambda latent_dim: None,
}

# Each likelihood: its class and, beside the shape of x, its arguments from the model's options.
LIKELIHOODS = {
    "bernoulli": (likelihoods.Bernoulli, lambda m: ()),
    "continuous_bernoulli": (likelihoods.ContinuousBernoulli, lambda m: ()),
    "normal": (likelihoods.Normal, lambda m: (m.likelihood_scale,)),
    "normal_learned_scale": (likelihoods.LearnedScaleNormal, lambda m: ()),
    "normal_per_pixel_scale": (likelihoods.PerPixelScaleNormal, lambda m: ()),
    "discretized_logistic": (likelihoods.DiscretizedLogistic, lambda m: (m.levels,)),
    "categorical": (likelihoods.Categorical, lambda m: (m.levels,)),
}

CONDITIONS = {
    "none": lambda m: None,
    "label": lambda m: conditions.Label(m.num_classes),
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
    likelihood, arguments = LIKELIHOODS[model.likelihood]
    if model.levels is None and likelihood.support is likelihoods.Support.LEVELS:
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
    encoder_body, decoder_body = NETWORKS[model.network]
    posterior = POSTERIORS[model.posterior]
    with _global_seed(config.training.seed):  # Of the initial weights.
        vae = VAE(
            Encoder(encoder_body(model), posterior(model.latent_dim))
            if posterior
            else PriorEncoder(),
            WEIGHTS[model.weights].decoder(
                model, decoder_body(model), likelihood(model.event_shape, *arguments(model))
            ),
            PRIORS[model.prior](model.latent_dim),
            CONDITIONS[model.condition](model),
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
