"""The parts of a ladder of convolutions: the networks between its layers of latents."""

import math

from keras_vae import networks
from keras_vae._compat import tfk, tfkl
from keras_vae.building.parts import POSTERIORS, likelihood_of, prior_of_shape
from keras_vae.config.sections import ModelConfig
from keras_vae.config.stages import Stage, default_stages, stages_of
from keras_vae.hierarchical import ConvBlock, LadderEncoder, LayeredPrior, LayeredPriorEncoder


class ConvLadder:
    """Makes the parts of a ladder of convolutions (Child 2021) from a model's options.

    Args:
      model: the options, its event_shape filled in.
    """

    def __init__(self, model: ModelConfig):
        self._model = model
        self._stages = stages_of(
            model.stages or default_stages(model.event_shape), model.event_shape
        )
        # The stage of each layer, that next to x first, and whether it is the first of its stage.
        self._layers = [(s, i) for s in self._stages for i in range(s.num_layers)]
        self._gain = 1.0 / math.sqrt(len(self._layers))

    def encoder(self) -> LadderEncoder | LayeredPriorEncoder:
        """q: features of x at each size on the way up, which meet the state on the way down."""
        m = self._model
        posteriors = [POSTERIORS[m.posterior](m, self._latent_shape(s)) for s, _ in self._layers]
        if not all(posteriors):
            return LayeredPriorEncoder()
        merges = []
        if m.merge != "precision_weighted":
            merges = [self._body(s, m.width // 2) for s, _ in self._layers[:-1]]
        rungs = [self._rung(stage, i, first=n == 0) for n, (stage, i) in enumerate(self._layers)]
        return LadderEncoder(rungs, posteriors, merges)

    def prior(self) -> LayeredPrior:
        """p(z_1|z_2) .. p(z_L), whose blocks go from the single place to the largest maps."""
        blocks = []
        for n, (stage, i) in enumerate(self._layers[:-1]):
            is_below_top = n == len(self._layers) - 2
            starts = i == stage.num_layers - 1 or is_below_top
            blocks.append(self._block(stage, self._entrance(n) if starts else None))
        top = self._layers[-1][0]
        return LayeredPrior(blocks, prior_of_shape(self._model, self._latent_shape(top)))

    def decoder_body(self) -> tfkl.Layer:
        """The state below z_1 -> features of each pixel."""
        m, stage = self._model, self._stages[0]
        inner = max(m.width // 2, 1)
        return tfk.Sequential(
            [
                tfkl.Activation(m.activation),
                tfkl.Conv2D(inner * stage.factor**2, 1),
                networks.FromPatches(m.event_shape[:2], stage.factor),
                networks.ResidualBlock(inner, m.activation),
                tfkl.Activation(m.activation),
            ]
        )

    def decoder_options(self) -> dict:
        """Further arguments of the decoder."""
        # One place sees others by the blocks; at full size a 3x3 convolution would be costly.
        units = likelihood_of(self._model).params_shape[len(self._model.event_shape[:2]) :]
        return {"projection": tfkl.Conv2D(math.prod(units), 1), "latent_rank": 3}

    def _latent_shape(self, stage):
        return (stage.height, stage.width, self._model.latent_channels)

    def _block(self, stage, entrance):
        m = self._model
        added = 2 * m.latent_channels + m.width
        residual = networks.ResidualBlock(
            m.width, m.activation, m.width // 2, self._gain, _kernel(stage)
        )
        network = self._body(
            stage,
            m.width // 2,
            tfkl.Conv2D(added, _kernel(stage), padding="same", kernel_initializer="zeros"),
        )
        return ConvBlock(
            self._latent_shape(stage), network, residual, self._gain, m.width, entrance
        )

    def _entrance(self, n):
        """Brings the state above layer n to its size."""
        stage, above = self._layers[n][0], self._layers[n + 1][0]
        rows, columns = (
            -(-of // by) for of, by in ((stage.height, above.height), (stage.width, above.width))
        )
        surplus = (
            (0, rows * above.height - stage.height),
            (0, columns * above.width - stage.width),
        )
        return tfk.Sequential([tfkl.UpSampling2D((rows, columns)), tfkl.Cropping2D(surplus)])

    def _body(self, stage, channels, *ends):
        act = self._model.activation
        conv = tfkl.Conv2D(channels, _kernel(stage), padding="same")
        return tfk.Sequential([tfkl.Activation(act), conv, tfkl.Activation(act), *ends])

    def _rung(self, stage, i, first):
        """From the features of the layer below to those of layer i of a stage."""
        m = self._model
        layers: list[tfkl.Layer] = []
        if first:
            layers += [
                networks.ToPatches(stage.factor),
                tfkl.Conv2D(m.width, 3, padding="same"),
            ]
        elif i == 0:
            layers.append(tfkl.AveragePooling2D(stage.factor, padding="same"))
        # Two layers of latents share features.
        if i % 2 == 0:
            layers.append(
                networks.ResidualBlock(
                    m.width, m.activation, m.width // 2, self._gain, _kernel(stage)
                )
            )
        return tfk.Sequential(layers or [tfkl.Activation("linear")])


def _kernel(stage: Stage) -> tuple[int, int]:
    """Of convolutions: maps of one or two rows are seen by a kernel of one."""
    return tuple(3 if size > 2 else 1 for size in (stage.height, stage.width))
