"""Network bodies: tensor in, features out. No probability in here.

An encoder body takes x [B, H, W, C] or [B, T, P], a decoder body z [B, D] or maps [B, h, w, d];
both give features of any shape. The layer that turns features into the parameters of a distribution
belongs to Encoder and Decoder, so any Keras layer or model serves as a body.
"""

from keras_vae.networks.attention import SelfAttention
from keras_vae.networks.bars import OneHot, bars_decoder, bars_encoder
from keras_vae.networks.conv import (
    conv_decoder,
    conv_encoder,
    gated_conv_decoder,
    gated_conv_encoder,
)
from keras_vae.networks.dense import DropFirst, gated_mlp, linear, mlp
from keras_vae.networks.enlarged import Enlarged
from keras_vae.networks.from_columns import FromColumns, columns_encoder
from keras_vae.networks.gate import Gate
from keras_vae.networks.gru import gru_decoder, gru_encoder
from keras_vae.networks.patches import FromPatches, ToPatches
from keras_vae.networks.per_step import PerStep
from keras_vae.networks.recurrence import Recurrence
from keras_vae.networks.residual import Residual
from keras_vae.networks.residual_conv import ResidualBlock
from keras_vae.networks.resnet import resnet_decoder, resnet_encoder
from keras_vae.networks.root_mean_square import RootMeanSquareLimit
from keras_vae.networks.transformer import (
    Positions,
    TransformerBlock,
    transformer_decoder,
    transformer_encoder,
)

__all__ = [
    "DropFirst",
    "Enlarged",
    "FromColumns",
    "FromPatches",
    "Gate",
    "OneHot",
    "PerStep",
    "Positions",
    "Recurrence",
    "Residual",
    "ResidualBlock",
    "RootMeanSquareLimit",
    "SelfAttention",
    "ToPatches",
    "TransformerBlock",
    "bars_decoder",
    "bars_encoder",
    "columns_encoder",
    "conv_decoder",
    "conv_encoder",
    "gated_conv_decoder",
    "gated_conv_encoder",
    "gated_mlp",
    "gru_decoder",
    "gru_encoder",
    "linear",
    "mlp",
    "resnet_decoder",
    "resnet_encoder",
    "transformer_decoder",
    "transformer_encoder",
]
