"""Priors p(z): Keras layers that own their variables, created in __init__ or with the model.

(KLDivergenceAddLoss doesn't track the variables of a callable prior, and those of an unbuilt layer
would come too late for optimizer and checkpoint.)
"""

from keras_vae.priors.base import Prior
from keras_vae.priors.categorical import LabelledMixture
from keras_vae.priors.conditional import ConditionalNormal
from keras_vae.priors.flattened import Flattened
from keras_vae.priors.flow import Flow
from keras_vae.priors.gaussian_mixture import GaussianMixture
from keras_vae.priors.maf import MAF
from keras_vae.priors.mixture import MixtureOfNormals
from keras_vae.priors.normal import LearnedNormal, StandardNormal
from keras_vae.priors.real_nvp import RealNVP
from keras_vae.priors.standardized import Standardized
from keras_vae.priors.vamp import VampPrior

__all__ = [
    "MAF",
    "ConditionalNormal",
    "Flattened",
    "Flow",
    "GaussianMixture",
    "LabelledMixture",
    "LearnedNormal",
    "MixtureOfNormals",
    "Prior",
    "RealNVP",
    "StandardNormal",
    "Standardized",
    "VampPrior",
]
