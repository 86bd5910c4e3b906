"""p(x|z) step by step: each value of x given z and the values before it."""

from keras_vae.autoregressive.decoder import AutoregressiveDecoder
from keras_vae.autoregressive.distribution import Stepwise
from keras_vae.autoregressive.values_in_turn import ValuesInTurn

__all__ = ["AutoregressiveDecoder", "Stepwise", "ValuesInTurn"]
