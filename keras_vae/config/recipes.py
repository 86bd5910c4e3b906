"""Recipes: options that together make a known model, by name or as the data chooses."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, cast

from keras_vae.config import AXES, Config, find, lacking_for
from keras_vae.config.rules import text
from keras_vae.config.training_rules import skips_what_is_clipped

RECIPES: dict[str, dict[str, Any]] = {
    "ae": {
        "about": "autoencoder: reconstruction alone; samples from a mixture fitted to its codes",
        "posterior": "deterministic",
        "prior": "gaussian_mixture",
        "objective": "reconstruction",
        "likelihood": "normal",
    },
    "pca": {
        "about": "linear autoencoder: spans the principal components (Baldi & Hornik 1989)",
        "network": "linear",
        "posterior": "deterministic",
        "prior": "gaussian_mixture",
        "objective": "reconstruction",
        "likelihood": "normal",
        # Linear models tolerate a high learning rate, and need one to reach their optimum.
        "learning_rate": 0.03,
        "epochs": 100,
    },
    "vae": {"about": "variational autoencoder (Kingma & Welling 2014)"},
    "beta_vae": {"about": "VAE with a heavier KL (Higgins et al. 2017)", "beta": 4.0},
    "linear_vae": {
        "about": "linear VAE: probabilistic PCA (Lucas et al. 2019)",
        "network": "linear",
        "likelihood": "normal_learned_scale",
        "learning_rate": 0.03,
        "epochs": 1000,
    },
    "map": {
        "about": "VAE with a normal prior over the decoder's weights as a penalty",
        "weights": "map",
    },
    "bayes": {
        "about": "VAE with full variational Bayes over the decoder's weights "
        "(Kingma & Welling 2014, appendix F)",
        "weights": "bayes",
    },
    "gmvae": {
        "about": "Gaussian-mixture VAE: a label q(y|x) among the latents finds clusters "
        "(Dilokthanakul et al. 2016)",
        "posterior": "categorical",
        "prior": "categorical",
    },
    "monte_carlo": {
        "about": "no encoder: averages p(x|z) over draws of the prior, to show why encoders exist",
        "posterior": "prior",
        "objective": "importance_weighted",
        "latent_samples": 50,
    },
    "iwae": {
        "about": "importance-weighted autoencoder (Burda et al. 2016)",
        "objective": "importance_weighted",
        "latent_samples": 50,
    },
    "dreg": {
        "about": "the same bound, its gradient doubly reparameterized (Tucker et al. 2019)",
        "objective": "importance_weighted",
        "gradient": "dreg",
        "latent_samples": 50,
    },
    "cvae": {
        "about": "conditional VAE: the label is given (Sohn et al. 2015)",
        "condition": "label",
    },
    "cvae_image": {
        "about": "completes an image of which a part is given (Sohn et al. 2015)",
        "condition": "image_part",
    },
    "vamp": {
        "about": "VAE whose prior is its posteriors' mixture over learned inputs "
        "(Tomczak & Welling 2018)",
        "prior": "vamp",
        "prior_components": 500,
        "network": "gated_mlp",
        "hidden": (300, 300),
        "latent_dim": 40,
    },
    "flow_prior": {
        "about": "VAE whose prior is a RealNVP flow (Dinh et al. 2017)",
        "prior": "real_nvp",
    },
    "iaf": {
        "about": "VAE whose posterior an inverse autoregressive flow bends (Kingma et al. 2016)",
        "posterior": "iaf",
    },
    "hvae": {
        "about": "two stochastic layers, inferred from the bottom up (Burda et al. 2016)",
        "structure": "bottom_up",
        "latent_dims": (100, 50),
        "hidden": (200, 100),
        "activation": "tanh",
        # Without this warm-up most latents collapse to the prior at once, and come back slowly.
        "beta_schedule": "linear",
        "beta_warmup_epochs": 5.0,
        # Free bits of each layer: without them the upper layer collapses to the prior for good.
        "objective": "free_bits",
        "free_bits": 2.0,
    },
    "iwae2": {
        "about": "importance-weighted autoencoder of two stochastic layers (Burda et al. 2016)",
        "structure": "bottom_up",
        "latent_dims": (100, 50),
        "hidden": (200, 100),
        "activation": "tanh",
        "objective": "importance_weighted",
        "latent_samples": 50,
        "beta_schedule": "linear",
        "beta_warmup_epochs": 5.0,
    },
    "ladder": {
        "about": "five stochastic layers, inferred on the way down (Sonderby et al. 2016)",
        "structure": "ladder",
        "latent_dims": (64, 32, 16, 8, 4),
        "hidden": (512, 256, 128, 64, 32),
        "beta_schedule": "linear",
        "beta_warmup_epochs": 5.0,
        # Twice the usual norm of the gradients: one example far from a narrow prior would otherwise
        # throw all layers off.
        "clip_norm": 100.0,
    },
    "deep": {
        "about": "for photographs: many layers of maps of latents, inferred on the way down "
        "(Child 2021, VDVAE)",
        "structure": "ladder",
        "network": "resnet",
        "prior": "learned_normal",
        "likelihood": "logistic_mixture",
        "activation": "swish",
        # From the same number of images, small batches learn far more than large ones.
        "batch_size": 8,
        # Gradients shrink fast at first; Adam has to see it before the KL empties the latents.
        "beta_2": 0.9,
        "learning_rate_warmup_epochs": 0.1,
        "clip_norm": 2000.0,
        "skip_threshold": 1e9,  # Finite norms stay far below, for images of any size.
    },
    "sequence": {
        "about": "deep Markov model: latents of each step, a chain (Krishnan et al. 2017)",
        "structure": "sequence",
        "latent_dim": 8,
        "hidden": (200,),
    },
    "music": {
        "about": "for chorales: one latent for a window of music, a conductor over its bars, notes "
        "in turn (after Roberts et al. 2018, MusicVAE)",
        "network": "bars",
        "decoder": "autoregressive",
        "likelihood": "categorical",
        "hidden": (256,),
        "latent_dim": 64,
        "objective": "free_bits",
    },
    "table": {
        "about": "for tables with gaps: a density of every column (after Nazabal et al. 2020, "
        "HI-VAE, and Mattei & Frellsen 2019, MIWAE)",
        "network": "columns",
        "likelihood": "columns",
        "hidden": (256, 256),
        "latent_dim": 16,
        "batch_size": 256,
        "epochs": 100,
        "early_stopping": 20,
    },
    "attention": {
        "about": "residual convolutions with self-attention at the smallest size",
        "network": "resnet",
        "attention_heads": 4,
    },
    "full_covariance": {
        "about": "VAE whose posterior correlates the latents",
        "posterior": "full_covariance",
    },
}


# The recipes between which data chooses where no recipe is named.
USUAL, FOR_PHOTOGRAPHS, FOR_TABLES = "vae", "deep", "table"


def recipe(name: str | None = None, **options) -> Config:
    """The config of a named recipe, with options of your own.

        recipe("vae", latent_dim=2, event_shape=(28, 28, 1))

    A recipe's option that has no effect beside yours, such as the activation of a gated network, is
    dropped. Without a name, the data chooses the recipe when it is loaded:

        recipe(dataset="folder:photos", epochs=20)

    Raises:
      ValueError: unknown name (listing the known ones), option or value.
    """
    if name is None:
        return Unnamed().replace(**options)
    if name not in RECIPES:
        raise ValueError(f"recipe must be one of {', '.join(RECIPES)}, got {name!r}.")
    defaults = _defaults(name)
    config = _unchecked(name, options)
    idle = [k for k in defaults if k not in options and lacking_for(config, k)]
    if skips_what_is_clipped(config.training):
        idle += [k for k in ("clip_norm", "skip_threshold") if k in defaults and k not in options]
    if config.model.latent_shape is not None and "latent_dim" not in options:
        idle.append("latent_dim")  # latent_shape says how many there are.
    return config.replace(**{k: find(k)[1].default for k in idle}).check()


@dataclasses.dataclass(frozen=True)
class Unnamed(Config):
    """Options without a recipe: the data will choose the recipe.

    Attributes:
      recipe: empty.
      given: the options, by name; all others have their defaults.
    """

    recipe: str = ""
    given: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def replace(self, **options) -> "Unnamed":
        """Like `Config.replace`; ValueError if no recipe that images choose allows the options."""
        found = cast(Unnamed, super().replace(**options))
        found = dataclasses.replace(found, given={**self.given, **options})
        of_usual, of_photographs = found._refusal(USUAL), found._refusal(FOR_PHOTOGRAPHS)
        if of_usual and of_photographs:
            # The recipe that takes more of the options is the one that they are meant for, unless
            # it refuses what led to it.
            idle = found._idle(USUAL)
            is_for_photographs = len(found._idle(FOR_PHOTOGRAPHS)) < len(idle)
            of_another = is_for_photographs and not of_photographs.startswith(idle)
            raise ValueError(of_photographs if of_another else of_usual)
        return found

    def named(self, name: str, **known: Any) -> Config:
        """The config of a recipe with the options given, and others that are `known`."""
        return recipe(name, **{**self.given, **known})

    def against(self, name: str, event_shape: Sequence[int]) -> str | None:
        """Why the options given rule out a recipe; None if they don't.

        An option does if it chooses a part that the recipe sets, if it has no effect in the recipe,
        or if the recipe refuses it and the usual recipe allows it.
        """
        defaults = _defaults(name)
        config = _unchecked(name, self.given)
        for option in self.given:
            is_part = option in AXES and option in defaults
            if is_part or lacking_for(config, option):
                separator = find(option)[1].metadata["separator"]
                return f"{option}={text(config.value(option), separator)} is given"
        refusal = self._refusal(name, event_shape=tuple(event_shape))
        return None if self._refusal(USUAL) else refusal

    def _idle(self, name):
        """The options that have no effect in a recipe."""
        config = _unchecked(name, self.given)
        return tuple(option for option in self.given if lacking_for(config, option))

    def _refusal(self, name, **known):
        """Why a recipe can't have the options; None if it can."""
        try:
            self.named(name, **known)
        except ValueError as error:
            return str(error)
        return None


def _unchecked(name, options):
    """The config of a recipe with options, which may not go together."""
    return Config(recipe=name).replace(**{**_defaults(name), **options})


def _defaults(name):
    return {k: v for k, v in RECIPES[name].items() if k != "about"}
