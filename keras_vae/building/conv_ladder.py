"""The parts of a ladder of convolutions: the networks between its layers of latents."""

import functools
import math
from collections.abc import Mapping
from typing import Any, cast

from keras_vae import networks
from keras_vae._compat import tfk, tfkl
from keras_vae.building.parts import POSTERIORS, likelihood_of, prior_of
from keras_vae.config.sections import ModelConfig
from keras_vae.config.stages import Stage, stages_of
from keras_vae.hierarchical import ConvBlock, LadderEncoder, LayeredPrior, LayeredPriorEncoder
from keras_vae.ops.dtype_policy import FLOAT32
from keras_vae.priors import Prior


class ConvLadder:
    """Makes the parts of a ladder of convolutions (Child 2021) from a model's options.

    Args:
      model: the options, its event_shape filled in.
    """

    def __init__(self, model: ModelConfig):
        self._model = model
        self._size = cast(tuple[int, ...], model.event_shape)[:2]
        self._stages = stages_of(model.stages, self._size)
        # Each layer's stage and its place in the stage; the layer next to x comes first.
        self._layers = [(stage, i) for stage in self._stages for i in range(stage.num_layers)]
        self._gain = 1.0 / math.sqrt(len(self._layers))
        self._limited = model.normalization == "limited"

    def encoder(self) -> LadderEncoder | LayeredPriorEncoder:
        """q: the way up makes features of x at each size, which meet the state on the way down."""
        m = self._model
        posteriors = [POSTERIORS[m.posterior](m, self._latent_shape(s)) for s, _ in self._layers]
        if not all(posteriors):
            return LayeredPriorEncoder()
        rungs = [self._rung(n) for n in range(len(self._layers))]
        merged = [] if m.merge == "precision_weighted" else self._layers[:-1]
        # A new q depends on x at once: the layers below would learn to ignore a q that begins at 0.
        merges = [self._body(s, 2 * m.latent_channels, "lecun_normal") for s, _ in merged]
        return LadderEncoder(rungs, posteriors, merges)

    def prior(self) -> LayeredPrior:
        """p(z_1|z_2) .. p(z_L), whose blocks go from the smallest maps to the largest."""
        blocks = [self._block(n) for n in range(len(self._layers) - 1)]
        top, _ = self._layers[-1]
        top_prior = cast(Prior, prior_of(self._model, self._latent_shape(top)))
        return LayeredPrior(blocks, top_prior)

    def decoder_body(self) -> tfkl.Layer:
        """The state below z_1 -> features of each pixel."""
        m, factor = self._model, self._stages[0].factor
        inner = m.width // 2
        return tfk.Sequential(
            [
                *self._limit(),
                tfkl.Activation(m.activation),
                tfkl.Conv2D(inner * factor**2, 1),
                networks.FromPatches(self._size, factor),
                networks.ResidualBlock(inner, m.activation),
                tfkl.Activation(m.activation),
            ]
        )

    def decoder_options(self) -> Mapping[str, Any]:
        """Further arguments of the decoder."""
        # 1x1 is enough, as the blocks see other places; 3x3 would be costly at full size.
        units = likelihood_of(self._model).params_shape[2:]
        projection = tfkl.Conv2D(math.prod(units), 1, dtype=FLOAT32)
        return {"projection": projection, "latent_rank": 3}

    def _latent_shape(self, stage):
        return (stage.height, stage.width, self._model.latent_channels)

    def _block(self, n):
        """The block of stochastic layer n, which lies below another layer."""
        m, (stage, i) = self._model, self._layers[n]
        starts = i == stage.num_layers - 1 or n == len(self._layers) - 2
        return ConvBlock(
            self._latent_shape(stage),
            self._body(stage, 2 * m.latent_channels + m.width, "zeros"),
            self._residual(stage),
            m.width,
            self._gain,
            networks.Enlarged((stage.height, stage.width)) if starts else None,
        )

    def _rung(self, n):
        """The step to layer n on the way up. Layers of one size share a map of features."""
        m, (stage, i) = self._model, self._layers[n]
        if i > 0:
            return tfkl.Activation("linear")
        if n == 0:
            # Centred values, from -1 to 1: a mean that all images share hides their differences.
            first = tfkl.Conv2D(m.width, 3, padding="same")
            layers = [tfkl.Rescaling(2.0, -1.0), networks.ToPatches(stage.factor), first]
        else:
            layers = [tfkl.AveragePooling2D(stage.factor, padding="same")]
        blocks = math.ceil(stage.num_layers / 2)
        return tfk.Sequential(layers + [self._residual(stage) for _ in range(blocks)])

    def _residual(self, stage):
        m = self._model
        return networks.ResidualBlock(
            m.width, m.activation, m.width // 2, self._gain, _kernel_size(stage), self._limited
        )

    def _limit(self):
        """The layers before an activation that reads the state."""
        return [networks.RootMeanSquareLimit()] if self._limited else []

    def _body(self, stage, channels, initializer):
        """Convolutions to `width` / 2, then `channels`; `initializer` is that of the last one."""
        m = self._model
        conv = functools.partial(tfkl.Conv2D, kernel_size=_kernel_size(stage), padding="same")
        return tfk.Sequential(
            [
                *self._limit(),
                tfkl.Activation(m.activation),
                conv(m.width // 2, activation=m.activation),
                conv(channels, kernel_initializer=initializer),
            ]
        )


def _kernel_size(stage: Stage) -> tuple[int, int]:
    """The kernel size of convolutions: 3, or 1 along an axis of only one or two places."""
    height, width = (3 if size > 2 else 1 for size in (stage.height, stage.width))
    return height, width
