"""Config -> model. Names become parts by the tables of keras_vae.building."""

import contextlib
import functools
import random

import numpy as np

from keras_vae import modality, networks
from keras_vae._compat import tfk
from keras_vae.building import settling
from keras_vae.building.bodies import WEIGHTS
from keras_vae.building.parts import (
    BETA_SCHEDULES,
    CONDITIONS,
    DECODERS,
    LIKELIHOODS,
    OBJECTIVES,
    OPTIMIZERS,
    POSTERIORS,
    PRIORS,
    latent_size_of,
    likelihood_of,
    prior_of,
)
from keras_vae.building.structures import STRUCTURES
from keras_vae.config import Config
from keras_vae.config.recipes import Unnamed
from keras_vae.data import Dataset
from keras_vae.data import steps_per_epoch as count_steps
from keras_vae.ops import dtype_policy, machine_memory
from keras_vae.priors import Prior
from keras_vae.training.learning_rate import LearningRate
from keras_vae.training.planning import Plan
from keras_vae.training.schedules import InEpochs
from keras_vae.vae import VAE


def build(
    config: Config,
    *,
    data: Dataset | None = None,
    steps_per_epoch: int | None = None,
    jit_compile: bool | str = "auto",
    run_eagerly: bool = False,
) -> VAE:
    """The compiled model that a config describes, with fresh weights.

        digits = keras_vae.data.load("digits")
        vae = keras_vae.build(keras_vae.recipe(), data=digits)

    Args:
      config: a Config. Without `data` it says what data would: `event_shape`, for likelihoods of
        quantised data `levels`, as in recipe("vae", event_shape=(28, 28, 1)).
      data: the Dataset that the model is for: it fills in shape, levels, classes and number of
        examples, and chooses a recipe that isn't named.
      steps_per_epoch: plans schedules for this many steps in each of the config's epochs, whatever
        `fit` is told. None: `fit` plans them for the epochs that it is to train.
      jit_compile, run_eagerly: as in `VAE.compile`.

    Raises:
      ValueError: names the option that is missing or impossible.
    """
    binarization = config.data.binarization
    steps = steps_per_epoch
    if data is not None:
        config = settling.settle(config, data)
        steps = steps or count_steps(data.train, config.training.batch_size)
    elif isinstance(config, Unnamed):
        raise ValueError(
            "recipe is missing: its name, as in recipe('vae'), or data that chooses it, as in "
            "build(recipe(), data=dataset)."
        )
    config.check()
    model = config.model
    if model.event_shape is None:
        raise ValueError(
            "event_shape is missing: the shape of one example, as in "
            f"recipe({config.recipe!r}, event_shape=images.shape[1:])."
        )
    if model.levels is None and "levels" in LIKELIHOODS[model.likelihood].options:
        raise ValueError(
            f"likelihood={model.likelihood} is for quantised data and needs `levels`, the number "
            "of values a pixel takes: 256 for 8-bit images."
        )
    if model.num_examples is None and "num_examples" in WEIGHTS[model.weights].options:
        raise ValueError(
            f"weights={model.weights} needs `num_examples`, the number of training examples."
        )
    if model.num_classes is None and "num_classes" in CONDITIONS[model.condition].options:
        raise ValueError(f"condition={model.condition} needs `num_classes`, the number of labels.")
    policy = dtype_policy.chosen(config.training.dtype_policy)
    # Bodies take the policy, all other layers have float32. The initial weights depend on the seed.
    with (
        _global_seed(config.training.seed),
        dtype_policy.policy(policy),
        machine_memory.weights_checked(),
    ):
        likelihood = likelihood_of(model)
        structure = STRUCTURES[model.structure](model)
        vae = structure.vae_class(
            structure.encoder,
            DECODERS[model.decoder](
                model,
                _seeing_z(model, structure.decoder_body),
                likelihood,
                **WEIGHTS[model.weights].kind.options(model, likelihood),
                **structure.decoder_options,
            ),
            structure.prior,
            CONDITIONS[model.condition](model),
            levels=model.levels,
            modality=modality.stored(model.modality),
            sees_mask=model.sees_mask,
            seed=config.training.seed,
        )
    planned = {
        "plan": None if steps is None else Plan(steps, config.training.epochs * steps),
        "fixed": steps_per_epoch is not None,
    }
    vae.compile(
        optimizer=_optimizer(config.training, **planned),
        objective=OBJECTIVES[config.objective.objective](config.objective),
        beta=_beta(config.objective, **planned),
        ema_decay=config.training.ema_decay or None,
        skip_threshold=config.training.skip_threshold,
        gradient_accumulation_steps=config.training.gradient_accumulation_steps,
        gradient_checkpointing=config.training.gradient_checkpointing,
        jit_compile=jit_compile,
        run_eagerly=run_eagerly,
    )
    vae.binarization, vae.augment = binarization, config.training.augment
    return vae


def build_fitted_prior(config: Config) -> Prior | None:
    """The prior, not yet fitted, of an autoencoder that a config describes; None if it has none."""
    posterior = POSTERIORS[config.model.posterior].kind
    if posterior is None or posterior.trains_prior:
        return None
    with _global_seed(config.training.seed):
        return prior_of(config.model, latent_size_of(config.model))


def _seeing_z(model, body):
    """The decoder's body, which sees z but no label among the latents."""
    prior = PRIORS[model.prior].kind
    if prior is None or prior.continuous:
        return body
    return tfk.Sequential([networks.DropFirst(model.prior_components), body])


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


def _optimizer(training, **planned):
    learning_rate = training.learning_rate
    cosine, warmup = (
        training.learning_rate_schedule == "cosine",
        training.learning_rate_warmup_epochs,
    )
    if cosine or warmup:
        learning_rate = LearningRate(learning_rate, warmup, cosine, **planned)
    return OPTIMIZERS[training.optimizer](
        training, learning_rate, global_clipnorm=training.clip_norm
    )


def _beta(objective, **planned):
    schedule = BETA_SCHEDULES[objective.beta_schedule]
    if schedule.kind is None:
        return objective.beta
    make = functools.partial(schedule, objective, objective.beta)
    return InEpochs(make, objective.beta_warmup_epochs, **planned)
