"""Dense bodies."""

from collections.abc import Sequence

from keras_vae._compat import tfk, tfkl


def linear() -> tfk.Sequential:
    """No hidden layer: with a linear head, a linear map (PCA, probabilistic PCA)."""
    return tfk.Sequential([tfkl.Flatten()], name="linear")


def mlp(
    hidden: Sequence[int] = (400,), activation: str = "relu", dense=tfkl.Dense
) -> tfk.Sequential:
    """Dense layers of `hidden` units each. Serves as encoder and as decoder body.

    Args:
      hidden: units of each layer.
      activation: a Keras activation's name.
      dense: makes a layer from units and activation, such as `BayesianDense`.
    """
    layers = [dense(units, activation) for units in hidden]
    return tfk.Sequential([tfkl.Flatten(), *layers], name="mlp")
