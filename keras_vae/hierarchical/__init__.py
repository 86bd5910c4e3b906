"""Models of several stochastic layers, p(x|z_1) p(z_1|z_2) .. p(z_L), z_1 the lowest.

z is one flat vector [z_1, .., z_L], and so is noise; within the model z_l may be a map.
"""

from keras_vae.hierarchical.conv_block import ConvBlock
from keras_vae.hierarchical.encoders import BottomUpEncoder, LadderEncoder, LayeredPriorEncoder
from keras_vae.hierarchical.model import HierarchicalVAE
from keras_vae.hierarchical.prior import AbstractBlock, LayeredPrior, TopDownBlock

__all__ = [
    "AbstractBlock",
    "BottomUpEncoder",
    "ConvBlock",
    "HierarchicalVAE",
    "LadderEncoder",
    "LayeredPrior",
    "LayeredPriorEncoder",
    "TopDownBlock",
]
