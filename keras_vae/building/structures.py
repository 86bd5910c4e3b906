"""Structures: the class of a model and its parts, by how latents depend on each other."""

import dataclasses
import math

from keras_vae import networks
from keras_vae._compat import tfk, tfkl
from keras_vae.building.parts import NETWORKS, POSTERIORS, PRIORS
from keras_vae.encoder import Encoder, PriorEncoder
from keras_vae.hierarchical import (
    BottomUpEncoder,
    HierarchicalVAE,
    LadderEncoder,
    LayeredPrior,
    LayeredPriorEncoder,
    TopDownBlock,
)
from keras_vae.sequence import GatedTransition, MarkovEncoder, MarkovPrior, SequenceVAE
from keras_vae.vae import VAE


def _one_layer(m):
    encoder_body, decoder_body = NETWORKS[m.network]
    posterior = POSTERIORS[m.posterior](m)
    encoder = Encoder(encoder_body(m), posterior) if posterior else PriorEncoder()
    prior = PRIORS[m.prior](m) if encoder.has_density else None
    return VAE, encoder, decoder_body(m), prior


def _several_layers(m, encoder_class, body, skip=False):
    """Each stochastic layer has a body that looks up from below and one that looks down on it."""
    of_layers = [dataclasses.replace(m, latent_dim=d) for d in m.latent_dims]
    if all(qs := [POSTERIORS[m.posterior](layer) for layer in of_layers]):
        encoder = encoder_class([body(m, units) for units in m.hidden], qs)
    else:
        encoder = LayeredPriorEncoder()
    blocks = [
        TopDownBlock(body(m, units), latent_dim, skip)
        for units, latent_dim in zip(m.hidden[1:], m.latent_dims[:-1], strict=True)
    ]
    top = PRIORS[m.prior](dataclasses.replace(m, latent_dim=m.latent_dims[-1]))
    _, decoder_body = NETWORKS[m.network]
    return (
        HierarchicalVAE,
        encoder,
        decoder_body(dataclasses.replace(m, hidden=(m.hidden[0],) * 2)),
        LayeredPrior(blocks, top),
    )


def _two_layers_of(m, units):
    encoder_body, _ = NETWORKS[m.network]
    return encoder_body(dataclasses.replace(m, hidden=(units, units)))


def _residual(m, units):
    return networks.Residual(_two_layers_of(m, units), units)


def _sequence(m):
    num_steps, units = m.event_shape[0], m.hidden[-1]
    _, decoder_body = NETWORKS[m.network]
    decoder = networks.PerStep(decoder_body(m), num_steps, m.latent_dim)
    transition = GatedTransition(m.latent_dim, units, m.activation)
    prior = MarkovPrior(PRIORS[m.prior](m), transition, num_steps)
    if POSTERIORS[m.posterior](m) is None:
        return VAE, PriorEncoder(), decoder, prior
    return SequenceVAE, _sequence_encoder(m, num_steps, units), decoder, prior


def _sequence_encoder(m, num_steps, units):
    encoder_body, _ = NETWORKS[m.network]
    step_body = networks.PerStep(encoder_body(m), num_steps, math.prod(m.event_shape[1:]))
    steps = networks.Recurrence(tfkl.GRUCell(units), return_sequences=True)
    if m.inference == "smoother":
        steps = tfkl.Bidirectional(steps)
    combiner = [networks.mlp((units,), m.activation), tfkl.Dense(2 * m.latent_dim)]
    return MarkovEncoder(
        tfk.Sequential([step_body, steps]), tfk.Sequential(combiner), m.latent_dim, num_steps
    )


# How latents depend on each other: from the model's options to the model's class, its encoder, its
# decoder's body and its prior.
STRUCTURES = {
    "single": _one_layer,
    "bottom_up": lambda m: _several_layers(m, BottomUpEncoder, _two_layers_of),
    # The skip leads around the latents: without it twelve layers don't train.
    "ladder": lambda m: _several_layers(m, LadderEncoder, _residual, skip=True),
    "sequence": _sequence,
}
