"""What a report shows of a model: figures, with the words that go with them."""

import pathlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from keras_vae._compat import tfd
from keras_vae.batches import Batch
from keras_vae.evaluation import draw_latents
from keras_vae.ops.in_batches import in_batches
from keras_vae.report import class_section, plots
from keras_vae.report.plots import Picture
from keras_vae.vae import VAE

BATCH_SIZE = 256
WIDEST = 1280  # Pixels of the data; a picture of larger images holds fewer of them.
SEED = 0
USED = 0.01  # Nats below which a latent is not used.


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


def pictures(
    vae: VAE,
    batch: Batch,
    labels: np.ndarray | None = None,
    names: Sequence[str] | None = None,
    folder: pathlib.Path | None = None,
) -> list[Picture]:
    """All pictures that make sense for this model.

    Args:
      vae: a VAE.
      batch: a Batch of N test examples as the model sees them.
      labels, names: [N], and what labels from 0 on are called; or None.
      folder: the run directory, where the model's modality may write files; or None.
    """
    latents = measure_latents(vae, batch)
    shown = vae.modality.show(vae, batch, folder)
    shown = shown or _of_examples(vae, batch, latents, labels, names)
    if vae.latent_dim > 1 and vae.has_encoder:
        shown.append(scatter(vae, batch, latents, labels, names))
    return shown


def _of_examples(vae, batch, latents, labels, names):
    """The pictures of examples, for a modality without pictures of its own."""
    shown = []
    if vae.has_encoder:
        shown.append(reconstructions(vae, batch))
    if vae.prior is not None:
        shown.append(samples(vae, batch, names=names))
    if not vae.trains_prior:
        shown.append(holes(vae, batch, latents))
    if vae.has_encoder:
        shown.append(interpolations(vae, batch))
    if vae.can_complete:
        shown.append(completions(vae, batch))
    if vae.groups == "layers":
        shown.append(layers(vae, batch))
    else:
        shown.append(traversals(vae, batch, latents))
        if latents.rate is not None and vae.latent_dim > 1:
            shown.append(rates(latents.rate[latents.order]))
    if vae.trains_prior and vae.latent_dim == 2 and vae.prior.noise_shape == (2,):
        shown.append(manifold(vae, batch))
    if vae.has_clusters:
        shown.append(clusters(vae, batch, labels, names))
    return shown


def measure_latents(vae: VAE, batch: Batch) -> Latents:
    """The Latents of a model on a Batch of N examples."""

    def codes_and_kl(x, condition):
        noise = vae.draw_noise([SEED, SEED], 1, len(x))
        return vae.flat(vae.code(x, condition)).numpy(), vae.terms(x, noise, condition).kl

    codes, kl = in_batches(codes_and_kl, BATCH_SIZE, batch.x, batch.condition)
    # A full covariance has one KL for all latents.
    by_latent = kl is not None and kl.shape[-1] == vae.latent_dim
    rate = kl.numpy().mean(axis=0) if by_latent else None
    order = np.argsort(-(codes.var(axis=0) if rate is None else rate), kind="stable")
    if vae.prior is not None:  # A label is nothing to move along.
        order = order[order >= vae.prior.num_labels]
    if not vae.trains_prior:
        return Latents(codes, rate, order, codes.mean(axis=0), codes.std(axis=0))
    loc, scale = vae.prior_moments(_first_condition(vae, batch, 1))
    return Latents(codes, rate, order, vae.flat(loc).numpy(), vae.flat(scale).numpy())


def reconstructions(vae: VAE, batch: Batch) -> Picture:
    """The first examples, each above its reconstruction."""
    columns = _fitting(vae, 10)
    rows = batch.rows(0, 3 * columns)
    inputs, condition = rows.x, rows.condition
    outputs = vae.reconstruct(inputs, condition)
    return Picture(
        "reconstructions",
        "Reconstructions",
        plots.reconstructions(_drawn(vae, inputs), _drawn(vae, outputs), columns),
        f"{len(inputs)} test examples, each with its reconstruction beneath it.",
        "Test examples, each with its reconstruction beneath. Look for what gets lost: fine "
        "strokes and texture go first, and one that comes back as another was not understood.",
    )


def samples(
    vae: VAE, batch: Batch, seed: int = SEED, names: Sequence[str] | None = None
) -> Picture:
    """Decoded draws of the prior; the same draws for the same seed."""
    columns = _fitting(vae, 10)
    condition, given = None, ""
    called: list[str] = []
    if vae.condition is not None:  # One in each row.
        condition = np.repeat(vae.condition.to_show(columns, batch.x), columns, axis=0)
        given = "All examples of a row are given the same condition. "
    if vae.condition is not None and vae.condition.from_labels:
        figure, called = class_section.samples(vae, columns, seed, names)
    else:
        made = vae.sample(columns**2, seed=seed, condition=condition)
        figure = plots.image_grid(_drawn(vae, made), columns)
    of_rows = f", in rows of the labels {', '.join(called)}" if called else ""
    return Picture(
        "samples",
        "Samples from the prior",
        figure,
        f"{columns**2} examples that the model made from random latents{of_rows}.",
        f"{given}Means of p(x|z) at latents drawn from the prior. Look for variety, and for "
        "examples that could be real; if reconstructions are good and samples are not, the prior "
        "and the codes of real examples don't match.",
        pixelated=not called,
    )


def neighbours(vae: VAE, samples: np.ndarray, nearest: np.ndarray) -> Picture:
    """Samples, each above the training example nearest to it; both [N, *event_shape]."""
    columns = _fitting(vae, 10)
    samples, nearest = samples[: 3 * columns], nearest[: 3 * columns]
    return Picture(
        "neighbours",
        "Nearest training examples",
        plots.reconstructions(_drawn(vae, samples), _drawn(vae, nearest), columns),
        f"{len(samples)} samples, each with the training example nearest to it beneath.",
        "Samples, each with the nearest training example beneath (by the distance of values); "
        "first those that are likeliest copies, much nearer to it than to any other. Look for "
        "pairs that are the same: a model that learned makes examples of its own.",
    )


def holes(vae: VAE, batch: Batch, latents: Latents, seed: int = SEED) -> Picture:
    """What an autoencoder decodes where no prior has kept its codes together."""
    columns = _fitting(vae, 10)
    noise = np.random.default_rng(seed).normal(size=(columns, columns, vae.latent_dim))
    codes = (latents.loc + latents.scale * noise).astype(np.float32)
    return Picture(
        "holes",
        "Holes in latent space",
        plots.image_grid(_in_one_row(_decode(vae, codes, batch)), columns),
        f"{columns**2} examples decoded from codes of an independent normal.",
        "Examples decoded from a normal with the mean and deviation of each latent's codes. "
        "Nothing made the codes fill that space: what is like no data stands for a hole. A VAE "
        "trained on the same data (its report's samples) has fewer.",
    )


def interpolations(vae: VAE, batch: Batch, steps: int = 8) -> Picture:
    """From each of the first examples to the next one, on a straight line in latent space."""
    rows = batch.rows(0, 8)
    start, condition = rows.x, rows.condition
    end = np.roll(start, -1, axis=0)
    between = vae.interpolate(start, end, steps, condition=condition)
    # Test images may be uint8 or bool; reconstructions are floats in [0, 1].
    white = 255.0 if start.dtype == np.uint8 else 1.0
    ways = np.concatenate([start[np.newaxis] / white, between, end[np.newaxis] / white])
    return Picture(
        "interpolations",
        "Interpolations",
        plots.interpolations(_drawn(vae, ways)),
        f"{len(start)} rows of {steps} pictures, each changing from one test example into another.",
        "Outermost in each row two test examples, between them the straight line through latent "
        "space. Look for gradual change; one that fades out while another fades in, or a blurred "
        "middle, shows a latent space with holes.",
    )


def completions(vae: VAE, batch: Batch, seed: int = SEED) -> Picture:
    """Examples of which the second half, of images the lower, is drawn anew several times."""
    columns = _fitting(vae, 10)
    rows = batch.rows(0, 6)
    x, condition = rows.x, rows.condition
    known = np.zeros(vae.event_shape, bool)
    known[: len(known) // 2] = True
    # All completions are drawn together: each image is there as often as there are columns left.
    times = columns - 2
    repeated = None if condition is None else np.repeat(condition, times, axis=0)
    found = vae.complete(np.repeat(x, times, axis=0), known, seed=seed, condition=repeated)
    found = np.reshape(found, (len(x), times, *vae.event_shape))
    whole = vae.as_floats(x).numpy()[:, np.newaxis]
    hidden = np.where(known, whole, 0.5)
    shown = np.concatenate([whole, hidden, found], axis=1)
    return Picture(
        "completions",
        "Completions",
        plots.image_grid(_in_one_row(_drawn(vae, shown)), columns),
        f"{len(x)} rows: a test example, its first half, and {times} examples with that half.",
        "Test examples, what the model is shown of them, and second halves that it draws to go "
        "with it. Look for halves that fit, and that differ where more than one would.",
    )


def layers(vae: VAE, batch: Batch, seed: int = SEED) -> Picture:
    """One draw of all stochastic layers, of which more and more are drawn anew."""
    columns = _fitting(vae, 10)
    noise = vae.prior.draw_noise([seed, seed], 1)
    z = vae.prior_sample(noise, condition=_first_condition(vae, batch, 1))
    z, condition = np.repeat(z, columns, axis=0), _first_condition(vae, batch, columns)
    numbers = range(1, len(vae.latent_dims) + 1)
    made = np.stack([vae.vary(z, n, seed=seed, condition=condition) for n in numbers])
    made[:, 0] = vae.decode(z, condition).mean()[0]
    return Picture(
        "layers",
        "Stochastic layers",
        plots.traversals(_drawn(vae, made), (), ["z_1", *(f"z_1 to z_{n}" for n in numbers[1:])]),
        f"{len(made)} rows of examples, each a variation of the first, the lower the freer.",
        "The first column is one draw of all layers. Beside it the layers named at the left are "
        "drawn anew, those above them held; the last row holds none. Look for what each layer "
        "settles: the first rows should keep what the example is, and a row as varied as the next "
        "one holds a layer that says nothing.",
        pixelated=False,
    )


def traversals(vae: VAE, batch: Batch, latents: Latents, steps: int = 13) -> Picture:
    """The first example with one latent at a time moved through its range."""
    shown = latents.order[:10]
    values = np.linspace(-3.0, 3.0, steps, dtype=np.float32)
    images = _decode(vae, traversal_codes(latents, shown, values), batch)
    unit = "prior standard deviations" if vae.trains_prior else "standard deviations of codes"
    if latents.rate is None:
        names = [f"z[{d}]" for d in shown]
        order = "those whose codes vary most come first"
    else:
        names = [f"z[{d}]  {latents.rate[d]:.2f}" for d in shown]
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


def manifold(vae: VAE, batch: Batch) -> Picture:
    """What a regular grid of probabilities decodes to (Kingma & Welling 2014, fig. 4)."""
    side = _fitting(vae, 20)
    noise = manifold_noise(side)
    condition = _first_condition(vae, batch, side * side)
    codes = vae.prior_sample(noise.reshape(-1, 2), condition=condition)
    return Picture(
        "manifold",
        "The manifold",
        plots.manifold(_decode(vae, np.reshape(codes, noise.shape), batch)),
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


def clusters(
    vae: VAE, batch: Batch, labels: np.ndarray | None = None, names: Sequence[str] | None = None
) -> Picture:
    """Test examples by the component of the prior that their codes are likeliest of."""
    columns = _fitting(vae, 10)
    found = np.asarray(vae.clusters(batch.x, batch.condition))
    by_size = np.argsort(-np.bincount(found), kind="stable")[:10]
    largest = [k for k in by_size if np.any(found == k)]
    members = np.zeros((len(largest), columns, *vae.event_shape), batch.x.dtype)
    for row, k in enumerate(largest):
        first = batch.x[found == k][:columns]
        members[row, : len(first)] = first
    images = _drawn(vae, members)
    figure, beside = plots.image_grid(_in_one_row(images), columns), ""
    if labels is not None:
        figure = plots.traversals(
            images, (), class_section.of_clusters(found, labels, largest, names)
        )
        beside = ", and beside it the commonest label of all of its examples"
    return Picture(
        "clusters",
        "Clusters",
        figure,
        f"{len(largest)} rows of test examples, each row of one cluster.",
        f"Test examples by the component of the prior that they belong to: a row for each of the "
        f"{len(largest)} largest of {len(np.unique(found))} clusters{beside}. Look for one kind.",
        pixelated=labels is None,
    )


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
    names = [f"z[{d}]" for d in plane]
    called = class_names and [class_section.beside(i, class_names) for i in range(len(class_names))]
    return Picture(
        "latents",
        "Where test examples lie",
        plots.latent_scatter(z[:, plane], labels, names, behind, called),
        f"Scatter plot of {len(z)} test examples in two latents{coloured}.",
        f"{what} of {len(z)} test examples{which}{coloured}.{look}",
        pixelated=False,
    )


def _fitting(vae, most: int) -> int:
    """How many of the model's examples go side by side: at least 3, and at most `most`."""
    return max(3, min(most, WIDEST // _drawn(vae, np.zeros([1, *vae.event_shape])).shape[-2]))


def _drawn(vae, x) -> np.ndarray:
    """Examples [..., *event_shape] as images [..., H, W, C]."""
    return np.asarray(vae.modality.as_images(np.asarray(x)))


def _in_one_row(images):
    """Images [rows, columns, H, W, C] one after another, [N, H, W, C]."""
    return images.reshape(-1, *images.shape[2:])


def _decode(vae, codes, batch):
    """Images [rows, columns, H, W, C] of the means at codes [rows, columns, D], row by row for
    memory; given the first example's condition."""
    condition = _first_condition(vae, batch, codes.shape[1])
    return np.stack([_drawn(vae, vae.decode(row, condition).mean()) for row in codes])


def _first_condition(vae, batch, n: int):
    """n times the first example's condition, for a model that has one."""
    if vae.condition is None:
        return None
    rows = batch.rows(0, 1)
    x, condition = rows.x, rows.condition
    return np.repeat(x if condition is None else condition, n, axis=0)
