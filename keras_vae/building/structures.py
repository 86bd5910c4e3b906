"""Structures: the class of a model and its parts, by how latents depend on each other."""

import dataclasses
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from keras_vae import networks
from keras_vae._compat import tfk, tfkl
from keras_vae.building.bodies import NETWORKS
from keras_vae.building.conv_ladder import ConvLadder
from keras_vae.building.parts import POSTERIORS, PRIORS, latent_size_of, prior_of
from keras_vae.config.members import Member, fill
from keras_vae.config.structure_rules import has_layers_of_maps
from keras_vae.encoder import AbstractEncoder, Encoder, PriorEncoder
from keras_vae.hierarchical import (
    BottomUpEncoder,
    HierarchicalVAE,
    LadderEncoder,
    LayeredPrior,
    LayeredPriorEncoder,
    TopDownBlock,
)
from keras_vae.priors import Prior
from keras_vae.sequence import GatedTransition, MarkovEncoder, MarkovPrior, SequenceVAE
from keras_vae.vae import VAE


class Structure(NamedTuple):
    """The class of a model and its parts, except for its likelihood and its condition.

    Attributes:
      vae_class: the class of the model.
      encoder, prior: its parts; the prior is None where it is fitted to codes afterwards.
      decoder_body: the decoder's body.
      decoder_options: further arguments of the decoder.
    """

    vae_class: type[VAE]
    encoder: AbstractEncoder
    decoder_body: tfkl.Layer
    prior: Prior | None
    decoder_options: Mapping[str, Any] = MappingProxyType({})


def _one_layer(m):
    bodies = NETWORKS[m.network].kind
    posterior = POSTERIORS[m.posterior](m, latent_size_of(m))
    encoder = Encoder(bodies.encoder(m), posterior) if posterior else PriorEncoder()
    prior = prior_of(m, latent_size_of(m)) if encoder.trains_prior else None
    options = {} if m.latent_shape is None else {"latent_rank": 3}
    return Structure(VAE, encoder, bodies.decoder(m), prior, options)


def _ladder(m):
    if has_layers_of_maps(m):
        parts = ConvLadder(m)
        return Structure(
            HierarchicalVAE,
            parts.encoder(),
            parts.decoder_body(),
            parts.prior(),
            parts.decoder_options(),
        )
    # A skip is a path around the latents, without which twelve layers don't train.
    return _several_layers(m, LadderEncoder, _residual, skip=True)


def _several_layers(m, encoder_class, body, skip=False):
    """Flat layers of latents: each has a body on the way up, and a block or the top prior."""
    if all(qs := [POSTERIORS[m.posterior](m, d) for d in m.latent_dims]):
        bodies = [body(m, units) for units in m.hidden]
        parts = {}
        if m.merge == "network":  # Only ladders do; the config's rules see to it.
            parts["merges"] = [
                tfk.Sequential([body(m, units), tfkl.Dense(q.params_size)])
                for units, q in zip(m.hidden[:-1], qs[:-1], strict=True)
            ]
        encoder = encoder_class(bodies, qs, **parts)
    else:
        encoder = LayeredPriorEncoder()
    blocks = [
        TopDownBlock(body(m, units), latent_dim, skip)
        for units, latent_dim in zip(m.hidden[1:], m.latent_dims[:-1], strict=True)
    ]
    top = PRIORS[m.prior](m, m.latent_dims[-1])
    decoder_body = NETWORKS[m.network].kind.decoder(
        dataclasses.replace(m, hidden=(m.hidden[0],) * 2)
    )
    return Structure(HierarchicalVAE, encoder, decoder_body, LayeredPrior(blocks, top))


def _two_layers_of(m, units):
    return NETWORKS[m.network].kind.encoder(dataclasses.replace(m, hidden=(units, units)))


def _residual(m, units):
    return networks.Residual(_two_layers_of(m, units), units)


def _sequence(m):
    num_steps, units = m.event_shape[0], m.hidden[-1]
    decoder = networks.PerStep(NETWORKS[m.network].kind.decoder(m), num_steps, m.latent_dim)
    transition = GatedTransition(m.latent_dim, units, m.activation)
    prior = MarkovPrior(PRIORS[m.prior](m, m.latent_dim), transition, num_steps)
    if POSTERIORS[m.posterior].kind is None:
        return Structure(VAE, PriorEncoder(), decoder, prior)
    return Structure(SequenceVAE, _sequence_encoder(m, num_steps, units), decoder, prior)


def _sequence_encoder(m, num_steps, units):
    step_body = NETWORKS[m.network].kind.encoder(m)
    step_size = math.prod(m.event_shape[1:]) * (2 if m.sees_mask else 1)
    step_body = networks.PerStep(step_body, num_steps, step_size)
    steps = networks.Recurrence(tfkl.GRUCell(units), return_sequences=True)
    if m.inference == "smoother":
        steps = tfkl.Bidirectional(steps)
    combiner = [networks.mlp((units,), m.activation), tfkl.Dense(2 * m.latent_dim)]
    return MarkovEncoder(
        tfk.Sequential([step_body, steps]), tfk.Sequential(combiner), m.latent_dim, num_steps
    )


# A `Structure` is made of the model's options alone.
STRUCTURES = fill(
    "structure",
    {
        "single": Member(VAE, "one layer of them", ("latent_dim",), _one_layer),
        "bottom_up": Member(
            HierarchicalVAE,
            "z_1 .. z_L, p(x|z_1) p(z_1|z_2) .. p(z_L); q infers z_1 from x, then z_2 from z_1",
            ("latent_dims",),
            lambda m: _several_layers(m, BottomUpEncoder, _two_layers_of),
        ),
        "ladder": Member(
            HierarchicalVAE,
            "the same p; q infers z_L from x, then the others on the way down",
            ("latent_dims", "stages", "width", "latent_channels", "merge", "normalization"),
            _ladder,
        ),
        "sequence": Member(
            SequenceVAE,
            "z_t of each step or row, p(z_1) p(z_2|z_1) .. p(z_T|z_{T-1})",
            ("latent_dim", "inference", "hidden", "activation"),
            _sequence,
        ),
    },
)
