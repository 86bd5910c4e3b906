"""Likelihoods: network output -> p(x|z), a tfp.layers distribution layer.

Pixel values are in [0, 1]; data of `levels` levels are k / (levels - 1). Counts are as they are.
"""

from keras_vae.likelihoods.base import Likelihood, Support
from keras_vae.likelihoods.bernoulli import Bernoulli, ContinuousBernoulli
from keras_vae.likelihoods.colour import ColourMixture
from keras_vae.likelihoods.columns import Columns
from keras_vae.likelihoods.laplace import Laplace
from keras_vae.likelihoods.levels import Categorical
from keras_vae.likelihoods.logistic import DiscretizedLogistic, MixtureOfLogistics
from keras_vae.likelihoods.normal import LearnedScaleNormal, Normal, PerPixelScaleNormal
from keras_vae.likelihoods.poisson import Poisson
from keras_vae.likelihoods.student_t import StudentT

__all__ = [
    "Bernoulli",
    "Categorical",
    "ColourMixture",
    "Columns",
    "ContinuousBernoulli",
    "DiscretizedLogistic",
    "Laplace",
    "LearnedScaleNormal",
    "Likelihood",
    "MixtureOfLogistics",
    "Normal",
    "PerPixelScaleNormal",
    "Poisson",
    "StudentT",
    "Support",
]
