"""Pictures of a model's latents: what each one means, how much it says, where codes lie."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from keras_vae._compat import tfd
from keras_vae.batches import Batch
from keras_vae.evaluation import draw_latents
from keras_vae.ops.in_batches import in_batches
from keras_vae.report import class_section, plots
from keras_vae.report.examples_as_images import (
    decode_rows,
    first_condition,
    in_one_row,
    num_side_by_side,
)
from keras_vae.report.plots import Picture
from keras_vae.vae import VAE

BATCH_SIZE = 256
SEED = 0
USED = 0.01  # A latent with a lower rate, in nats, is not used.


class Latents(NamedTuple):
    """What a model does with its latents.

    Attributes:
      codes: of N examples, [N, D].
      rate: mean KL of each latent in nats, [D]; None where the model has no KL of each.
      order: the latents by falling rate, or else by falling variance of their codes; [D], but for
        those that are a label.
      loc, scale: [D], mean and standard deviation of the prior, or else of the codes.
    """

    codes: np.ndarray
    rate: np.ndarray | None
    order: np.ndarray
    loc: np.ndarray
    scale: np.ndarray


def measure_latents(vae: VAE, batch: Batch) -> Latents:
    """The Latents of a model on a Batch of N examples."""

    if vae.has_layers_of_maps:
        return _latents_of_maps(vae, batch)

    def codes_and_kl(x, condition, mask):
        noise = vae.draw_noise([SEED, SEED], 1, len(x))
        codes = vae.flat(vae.code(x, condition, mask=mask)).numpy()
        return codes, vae.terms(x, noise, condition, mask=mask).kl

    codes, kl = in_batches(codes_and_kl, BATCH_SIZE, batch.x, batch.condition, batch.mask)
    # A full covariance has one KL for all latents.
    by_latent = kl is not None and kl.shape[-1] == vae.latent_dim
    rate = kl.numpy().mean(axis=0) if by_latent else None
    order = np.argsort(-(codes.var(axis=0) if rate is None else rate), kind="stable")
    if vae.prior is not None:  # A label has no direction to move along.
        order = order[order >= vae.prior.num_labels]
    if not vae.trains_prior:
        return Latents(codes, rate, order, codes.mean(axis=0), codes.std(axis=0))
    loc, scale = vae.prior_moments(first_condition(vae, batch, 1))
    return Latents(codes, rate, order, vae.flat(loc).numpy(), vae.flat(scale).numpy())


def _latents_of_maps(vae, batch):
    """Latents of a model with layers of maps: those of the top layer alone, where it has several,
    are in order, for they alone come from a prior that depends on no other."""

    def codes_of(x, condition, mask):
        return vae.flat(vae.code(x, condition, mask=mask)).numpy()

    codes = in_batches(codes_of, BATCH_SIZE, batch.x, batch.condition, batch.mask)
    order = np.argsort(-codes.var(axis=0), kind="stable")
    if vae.prior.latent_dims[-1] > 1:
        order = order[order >= vae.latent_dim - vae.prior.latent_dims[-1]]
    return Latents(codes, None, order, codes.mean(axis=0), codes.std(axis=0))


def holes(vae: VAE, batch: Batch, latents: Latents, seed: int = SEED) -> Picture:
    """What an autoencoder decodes where no prior has kept its codes together."""
    columns = num_side_by_side(vae, 10)
    noise = np.random.default_rng(seed).normal(size=(columns, columns, vae.latent_dim))
    codes = (latents.loc + latents.scale * noise).astype(np.float32)
    return Picture(
        "holes",
        "Holes in latent space",
        plots.image_grid(in_one_row(decode_rows(vae, codes, batch)), columns),
        f"{columns**2} examples decoded from codes of an independent normal.",
        "Examples decoded from a normal with the mean and deviation of each latent's codes. "
        "Nothing made the codes fill that space: what is like no data stands for a hole. A VAE "
        "trained on the same data (its report's samples) has fewer.",
    )


def traversals(vae: VAE, batch: Batch, latents: Latents, steps: int = 13) -> Picture:
    """The first example with one latent at a time moved through its range."""
    shown = latents.order[:10]
    values = np.linspace(-3.0, 3.0, steps, dtype=np.float32)
    images = decode_rows(vae, traversal_codes(latents, shown, values), batch)
    unit = "prior standard deviations" if vae.trains_prior else "standard deviations of codes"
    if latents.rate is None:
        names = [_name(vae, d) for d in shown]
        order = "those whose codes vary most come first"
    else:
        names = [f"{_name(vae, d)}  {latents.rate[d]:.2f}" for d in shown]
        order = "beside it, and sorted by it, its mean KL in nats"
    return Picture(
        "traversals",
        "Latent traversals",
        plots.traversals(images, values, names),
        f"One example changed along {len(shown)} latents, a row for each.",
        f"The first test example with one latent changed, from -3 to 3 {unit}; {order}. Look for "
        "what each latent means; a row that doesn't change is a latent the model doesn't use.",
        pixelated=False,
    )


def _name(vae, latent):
    """z[3], or of a map z[1,0,2]: its row, column and channel; of layers of maps z_4[1,0,2]."""
    if vae.has_layers_of_maps:
        ends = np.cumsum(vae.prior.latent_dims)
        layer = int(np.searchsorted(ends, latent, side="right"))
        place = latent - (ends[layer] - vae.prior.latent_dims[layer])
        place = np.unravel_index(place, vae.prior.latent_shapes[layer])
        return f"z_{layer + 1}[{','.join(map(str, place))}]"
    return f"z[{','.join(map(str, np.unravel_index(latent, vae.latent_shape)))}]"


def traversal_codes(
    latents: Latents, shown: Sequence[int] | np.ndarray, values: np.ndarray
) -> np.ndarray:
    """Codes [len(shown), steps, D]: the first example's, with latent shown[i] in row i replaced.

    Args:
      shown: which latents.
      values: [steps], standard deviations from the mean.
    """
    codes = np.tile(latents.codes[0], (len(shown), len(values), 1))
    for row, d in enumerate(shown):
        codes[row, :, d] = latents.loc[d] + latents.scale[d] * values
    return codes


def rates(rate: np.ndarray) -> Picture:
    """The rate of each latent, [D], by falling rate."""
    used = int(np.sum(rate > USED))
    return Picture(
        "rates",
        "Rate of each latent",
        plots.bars(rate, "latents by falling rate", "nats"),
        f"Bars of the rate of {len(rate)} latents, from {rate[0]:.2f} to {rate[-1]:.2f} nats; "
        f"{used} of them are above {USED} nats.",
        f"What each latent says of an example, on average. {used} of {len(rate)} say more than "
        f"{USED} nats" + ("; the others could be left out." if used < len(rate) else "."),
        pixelated=False,
    )


def places(rate: np.ndarray) -> Picture:
    """The rate at each place of a map, of all its channels together.

    Args:
      rate: [h, w, d], of each latent.
    """
    by_place = rate.sum(axis=-1)
    height, width, channels = rate.shape
    return Picture(
        "places",
        "Rate of each place",
        plots.heat_map(by_place, "nats"),
        f"A map of {height} by {width} places, whose latents say from {by_place.min():.2f} to "
        f"{by_place.max():.2f} nats together.",
        f"What the {channels} latents of each place of the map say of an example together, on "
        "average; the place at the upper left is that of the image's upper left corner. Look for "
        "where examples differ: a border that is always the same needs no nats.",
        pixelated=False,
    )


def manifold(vae: VAE, batch: Batch) -> Picture:
    """What a regular grid of probabilities decodes to (Kingma & Welling 2014, fig. 4)."""
    side = num_side_by_side(vae, 20)
    noise = manifold_noise(side)
    condition = first_condition(vae, batch, side * side)
    codes = vae.prior_sample(noise.reshape(-1, 2), condition=condition)
    return Picture(
        "manifold",
        "The manifold",
        plots.manifold(decode_rows(vae, np.reshape(codes, noise.shape), batch)),
        f"{side} by {side} examples laid out by their two latents, changing smoothly.",
        "The whole latent plane, at the inverse normal CDF of a regular grid, so that each example "
        "stands for an equal share of the prior: z[0] grows to the right, z[1] upwards. Look for "
        "how much room each kind of example takes and where kinds meet.",
    )


def manifold_noise(side: int) -> np.ndarray:
    """Standard normal quantiles of a regular grid: [side, side, 2], z[0] rightwards, z[1] upwards.

    Each stands in the middle of a cell of probability 1 / side^2.
    """
    quantiles = tfd.Normal(0.0, 1.0).quantile((np.arange(side, dtype=np.float32) + 0.5) / side)
    return np.stack(np.meshgrid(quantiles, quantiles[::-1]), axis=-1)


def scatter(
    vae: VAE,
    batch: Batch,
    latents: Latents,
    labels: np.ndarray | None = None,
    class_names: Sequence[str] | None = None,
) -> Picture:
    """The aggregated posterior, in the plane of the two latents used most, before the prior."""
    plane = np.sort(latents.order[:2])
    most = "largest KL" if latents.rate is not None else "largest variance"
    which = "" if len(latents.order) == 2 else f" in the two latents of {most}"
    if vae.has_layers_of_maps:
        which += ", of the top layer" if which else " in the two latents of the top layer"
    coloured = "" if labels is None else ", coloured by label"
    z, behind, what, look = latents.codes, None, "The codes", ""
    if vae.encoder.has_density:
        what = "A draw of q(z|x) for each"
        z, drawn = draw_latents(vae, batch, SEED)
        behind = drawn[:, plane]
        coloured += ", before as many draws of the prior, grey"
        look = (
            " Look for places where only one of the two is: samples from there look like no "
            "data, or the prior leaves out what data is like."
        )
    if labels is not None and vae.condition is None:
        look += " Labels that keep apart do so without having been shown."
    names = [_name(vae, d) for d in plane]
    called = class_names and [class_section.beside(i, class_names) for i in range(len(class_names))]
    return Picture(
        "latents",
        "Where test examples lie",
        plots.latent_scatter(z[:, plane], labels, names, behind, called),
        f"Scatter plot of {len(z)} test examples in two latents{coloured}.",
        f"{what} of {len(z)} test examples{which}{coloured}.{look}",
        pixelated=False,
    )
