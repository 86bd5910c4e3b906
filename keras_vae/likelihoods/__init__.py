"""Likelihoods: network output -> p(x|z), a tfp.layers distribution layer.

Pixel values are in [0, 1]; data of `levels` levels are k / (levels - 1).
"""

from keras_vae.likelihoods.base import Likelihood, Support
from keras_vae.likelihoods.bernoulli import Bernoulli, ContinuousBernoulli
from keras_vae.likelihoods.levels import Categorical, DiscretizedLogistic
from keras_vae.likelihoods.normal import LearnedScaleNormal, Normal, PerPixelScaleNormal

__all__ = [
    "Bernoulli",
    "Categorical",
    "ContinuousBernoulli",
    "DiscretizedLogistic",
    "LearnedScaleNormal",
    "Likelihood",
    "Normal",
    "PerPixelScaleNormal",
    "Support",
]
