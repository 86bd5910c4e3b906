"""Network bodies: tensor in, features out. No probability in here.

An encoder body takes x [B, H, W, C], a decoder body z [B, D]; both give features of any shape. The
layer that turns features into the parameters of a distribution belongs to Encoder and Decoder, so
any Keras layer or model serves as a body.
"""

from keras_vae.networks.conv import conv_decoder, conv_encoder
from keras_vae.networks.dense import linear, mlp
from keras_vae.networks.resnet import ResidualBlock, resnet_decoder, resnet_encoder

__all__ = [
    "ResidualBlock",
    "conv_decoder",
    "conv_encoder",
    "linear",
    "mlp",
    "resnet_decoder",
    "resnet_encoder",
]
