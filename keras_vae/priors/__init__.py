"""Priors p(z): Keras layers that own their variables, created in __init__.

(KLDivergenceAddLoss doesn't track the variables of a callable prior, and those of an unbuilt layer
would come too late for optimizer and checkpoint.)
"""

from keras_vae.priors.base import Prior
from keras_vae.priors.normal import StandardNormal

__all__ = ["Prior", "StandardNormal"]
