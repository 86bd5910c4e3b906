"""Models of several stochastic layers, p(x|z_1) p(z_1|z_2) .. p(z_L), z_1 the lowest.

z is one flat vector [z_1, .., z_L], and so is noise.
"""

from keras_vae.hierarchical.encoders import BottomUpEncoder, LadderEncoder, LayeredPriorEncoder
from keras_vae.hierarchical.model import HierarchicalVAE
from keras_vae.hierarchical.prior import LayeredPrior, TopDownBlock

__all__ = [
    "BottomUpEncoder",
    "HierarchicalVAE",
    "LadderEncoder",
    "LayeredPrior",
    "LayeredPriorEncoder",
    "TopDownBlock",
]
