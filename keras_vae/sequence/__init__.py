"""Models of sequences, whose latents are a chain: p(z_1) p(z_2|z_1) .. p(z_T|z_{T-1}).

z is one flat vector [z_1, .., z_T], and so is noise.
"""

from keras_vae.sequence.encoder import MarkovEncoder
from keras_vae.sequence.model import SequenceVAE
from keras_vae.sequence.prior import MarkovPrior
from keras_vae.sequence.transition import GatedTransition

__all__ = ["GatedTransition", "MarkovEncoder", "MarkovPrior", "SequenceVAE"]
