"""The members of two axes: `network`, the bodies of encoder and decoder, and `weights`."""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

from keras_vae import networks
from keras_vae._compat import tfkl
from keras_vae.columns import Column
from keras_vae.config.members import Member, fill
from keras_vae.config.sections import ModelConfig
from keras_vae.modality import of_facts
from keras_vae.networks.bayesian import BayesianDense


class Weights(NamedTuple):
    """A kind of weights that a decoder may have.

    Attributes:
      dense: function, model options -> a maker of dense layers.
      options: function, (model options, likelihood) -> further arguments of the Decoder.
      drawn: whether weights are random, and drawn anew at each pass.
    """

    dense: Callable
    options: Callable
    drawn: bool = False


WEIGHTS: dict[str, Member] = fill(
    "weights",
    {
        "point": Member(
            Weights(lambda m: tfkl.Dense, lambda m, likelihood: {}),
            "numbers",
        ),
        "map": Member(
            Weights(
                lambda m: tfkl.Dense,
                lambda m, likelihood: {"weight_decay": 1.0 / (m.weight_scale**2 * m.num_examples)},
            ),
            "numbers, with a normal prior as penalty",
            ("weight_scale", "num_examples"),
        ),
        "bayes": Member(
            Weights(
                lambda m: functools.partial(
                    BayesianDense,
                    prior_scale=m.weight_scale,
                    num_examples=m.num_examples,
                    temperature=m.weight_temperature,
                ),
                lambda m, likelihood: {
                    "projection": WEIGHTS["bayes"].kind.dense(m)(math.prod(likelihood.params_shape))
                },
                drawn=True,
            ),
            "normal distributions, with a normal prior",
            ("weight_scale", "weight_temperature", "num_examples"),
        ),
    },
)


class Bodies(NamedTuple):
    """The two bodies of a network.

    Attributes:
      encoder, decoder: functions, model options -> a body.
      takes: "values", x of any shape as a row; "images" [H, W, C]; or "steps" [T, ...].
      recomputable: whether it has layers that can recompute their activations for gradients.
    """

    encoder: Callable
    decoder: Callable
    takes: str = "values"
    recomputable: bool = False


def _dense(m):
    """The maker of dense layers for a decoder's body."""
    return WEIGHTS[m.weights].kind.dense(m)


def _of_maps(m):
    """Whether latents are maps, which a decoder's body then reads."""
    return m.latent_shape is not None


def columns_of(m: ModelConfig) -> tuple[Column, ...]:
    """The columns of x, of a model of tables.

    Raises:
      ValueError: the options have no schema.
    """
    schema = of_facts(m.modality)
    if schema is None:
        raise ValueError(
            "recipe=table, and network and likelihood columns, are for tables: dataset=csv:PATH, "
            "or data of keras_vae.data.table(frame)."
        )
    return schema.learned


NETWORKS = fill(
    "network",
    {
        "linear": Member(
            Bodies(lambda m: networks.linear(), lambda m: networks.linear()),
            "no body: the model is linear",
        ),
        "mlp": Member(
            Bodies(
                lambda m: networks.mlp(m.hidden, m.activation),
                lambda m: networks.mlp(m.hidden[::-1], m.activation, _dense(m)),
            ),
            "dense layers",
            ("hidden", "activation"),
        ),
        "gated_mlp": Member(
            Bodies(
                lambda m: networks.gated_mlp(m.hidden),
                lambda m: networks.gated_mlp(m.hidden[::-1], _dense(m)),
            ),
            "dense layers with gates",
            ("hidden",),
        ),
        "conv": Member(
            Bodies(
                lambda m: networks.conv_encoder(m.filters, m.activation, m.attention_heads),
                lambda m: networks.conv_decoder(
                    m.event_shape, m.filters, m.activation, m.attention_heads, _of_maps(m)
                ),
                takes="images",
            ),
            "convolutions, for images",
            ("filters", "activation", "attention_heads", "latent_shape"),
        ),
        "gated_conv": Member(
            Bodies(
                lambda m: networks.gated_conv_encoder(m.filters, m.attention_heads),
                lambda m: networks.gated_conv_decoder(
                    m.event_shape, m.filters, m.attention_heads, _of_maps(m)
                ),
                takes="images",
            ),
            "convolutions with gates, for images",
            ("filters", "attention_heads", "latent_shape"),
        ),
        "resnet": Member(
            Bodies(
                lambda m: networks.resnet_encoder(
                    m.filters, m.blocks, m.activation, m.attention_heads
                ),
                lambda m: networks.resnet_decoder(
                    m.event_shape,
                    m.filters,
                    m.blocks,
                    m.activation,
                    m.attention_heads,
                    _of_maps(m),
                ),
                takes="images",
                recomputable=True,
            ),
            "residual blocks of convolutions, for images",
            ("filters", "blocks", "activation", "attention_heads", "latent_shape"),
        ),
        "gru": Member(
            Bodies(
                lambda m: networks.gru_encoder(m.event_shape, m.hidden),
                lambda m: networks.gru_decoder(m.event_shape, m.hidden),
                takes="steps",
            ),
            "recurrent layers, for sequences and the rows of images",
            ("hidden",),
        ),
        "transformer": Member(
            Bodies(
                lambda m: networks.transformer_encoder(
                    m.event_shape, m.hidden, m.attention_heads or 4, m.activation
                ),
                lambda m: networks.transformer_decoder(
                    m.event_shape, m.hidden, m.attention_heads or 4, m.activation
                ),
                takes="steps",
            ),
            "self-attention, for sequences and the rows of images",
            ("hidden", "attention_heads", "activation"),
        ),
        "bars": Member(
            Bodies(
                lambda m: networks.bars_encoder(m.event_shape, m.hidden, m.levels),
                lambda m: networks.bars_decoder(m.event_shape, m.hidden, m.bar_steps),
                takes="steps",
            ),
            "recurrent layers over the steps and over the bars, for music",
            ("hidden", "bar_steps"),
        ),
        "columns": Member(
            Bodies(
                lambda m: networks.columns_encoder(
                    columns_of(m), m.hidden, m.activation, m.sees_mask
                ),
                lambda m: networks.mlp(m.hidden[::-1], m.activation, _dense(m)),
            ),
            "dense layers that see the columns of a table",
            ("hidden", "activation"),
        ),
    },
)
