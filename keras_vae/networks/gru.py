"""Recurrent bodies, for sequences x [B, T, P]; the rows of images [B, H, W, C] are steps too."""

from collections.abc import Sequence

from keras_vae._compat import tfk, tfkl
from keras_vae.networks.recurrence import Recurrence


def gru_encoder(event_shape: Sequence[int], hidden: Sequence[int] = (400,)) -> tfk.Sequential:
    """Bidirectional GRU layers; the features are the last states of both directions.

    Args:
      event_shape: of one example: (T, P) or (H, W, C).
      hidden: units of each layer and direction.

    References:
      Cho et al. 2014, Learning phrase representations using RNN encoder-decoder, eq. 5 to 8.
    """
    layers = [tfkl.Reshape((event_shape[0], -1))]
    for units in hidden[:-1]:
        layers.append(tfkl.Bidirectional(_gru(units, return_sequences=True)))
    layers.append(tfkl.Bidirectional(_gru(hidden[-1], return_sequences=False)))
    return tfk.Sequential(layers, name="gru_encoder")


def gru_decoder(event_shape: Sequence[int], hidden: Sequence[int] = (400,)) -> tfk.Sequential:
    """The mirror of `gru_encoder`: z [B, D], given at every step, -> features [B, T, hidden[0]].

    No step sees what was drawn at another: given z, steps are independent.
    """
    layers = [_gru(units, return_sequences=True) for units in reversed(hidden)]
    return tfk.Sequential([tfkl.RepeatVector(event_shape[0]), *layers], name="gru_decoder")


def _gru(units, return_sequences):
    return Recurrence(tfkl.GRUCell(units), return_sequences=return_sequences)
