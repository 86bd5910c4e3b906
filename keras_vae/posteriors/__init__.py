"""Posteriors: network output -> q(z|x), a tfp.layers distribution layer.

A posterior also says what noise it needs and how noise becomes z. Noise is an input everywhere, so
that training, tests and the exported generator share one path to z.
"""

from keras_vae.posteriors.base import Posterior
from keras_vae.posteriors.categorical import CategoricalNormal
from keras_vae.posteriors.deterministic import Deterministic
from keras_vae.posteriors.iaf import InverseAutoregressive
from keras_vae.posteriors.normal import DiagonalNormal, FullCovarianceNormal, LowRankNormal

__all__ = [
    "CategoricalNormal",
    "Deterministic",
    "DiagonalNormal",
    "FullCovarianceNormal",
    "InverseAutoregressive",
    "LowRankNormal",
    "Posterior",
]
