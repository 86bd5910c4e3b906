"""Which pictures a report shows of a model, and those of its examples."""

import math
import pathlib
from collections.abc import Sequence

import numpy as np

from keras_vae.batches import Batch
from keras_vae.config.rules import text
from keras_vae.report import class_section, plots
from keras_vae.report.examples_as_images import (
    as_images,
    first_condition,
    in_colour,
    in_one_row,
    num_side_by_side,
    with_gaps,
)
from keras_vae.report.latent_pictures import (
    SEED,
    holes,
    manifold,
    measure_latents,
    places,
    rates,
    scatter,
    traversals,
)
from keras_vae.report.plots import Picture
from keras_vae.vae import VAE


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
    if vae.has_encoder and batch.mask is None:  # Their ends are whole examples.
        shown.append(interpolations(vae, batch))
    if vae.can_complete:
        shown.append(completions(vae, batch))
    if vae.groups == "layers":
        shown.append(layers(vae, batch))
    else:
        shown.append(traversals(vae, batch, latents))
        if latents.rate is not None and vae.latent_dim > 1:
            shown.append(rates(latents.rate[latents.order]))
        if latents.rate is not None and math.prod(vae.latent_shape[:-1]) > 1:
            shown.append(places(latents.rate.reshape(vae.latent_shape)))
    if vae.trains_prior and vae.latent_dim == 2 and vae.prior.noise_shape == (2,):
        shown.append(manifold(vae, batch))
    if vae.has_clusters:
        shown.append(clusters(vae, batch, labels, names))
    return shown


def reconstructions(vae: VAE, batch: Batch) -> Picture:
    """The first examples, each above its reconstruction."""
    columns = num_side_by_side(vae, 10)
    rows = batch.rows(0, 3 * columns)
    inputs = with_gaps(vae, rows.x, rows.mask)
    outputs = as_images(vae, vae.reconstruct(rows.x, rows.condition, rows.mask))
    if inputs.shape[-1] != outputs.shape[-1]:
        outputs = in_colour(outputs)
    return Picture(
        "reconstructions",
        "Reconstructions",
        plots.reconstructions(inputs, outputs, columns),
        f"{len(inputs)} test examples, each with its reconstruction beneath it.",
        f"Test examples, each with its reconstruction beneath. {_gaps(rows)}Look for what gets "
        "lost: fine strokes and texture go first, and one that comes back as another was not "
        "understood.",
    )


def _gaps(batch):
    """A sentence on how unknown values are shown, where there are any."""
    return "" if batch.mask is None else "Values are unknown where it is blue. "


def samples(
    vae: VAE, batch: Batch, seed: int = SEED, names: Sequence[str] | None = None
) -> Picture:
    """Decoded draws of the prior; the same draws for the same seed."""
    columns = num_side_by_side(vae, 10)
    condition, given = None, ""
    called: list[str] = []
    if vae.condition is not None:  # Each row has one condition.
        condition = np.repeat(vae.condition.to_show(columns, batch.x), columns, axis=0)
        given = "All examples of a row are given the same condition. "
    if vae.condition is not None and vae.condition.from_labels:
        figure, called = class_section.samples(vae, columns, seed, names)
    else:
        made = vae.sample(columns**2, seed=seed, condition=condition)
        figure = plots.image_grid(as_images(vae, made), columns)
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
        section="Samples",
    )


def neighbours(vae: VAE, samples: np.ndarray, nearest: np.ndarray) -> Picture:
    """Samples, each above the training example nearest to it; both [N, *event_shape]."""
    columns = num_side_by_side(vae, 10)
    samples, nearest = samples[: 3 * columns], nearest[: 3 * columns]
    return Picture(
        "neighbours",
        "Nearest training examples",
        plots.reconstructions(as_images(vae, samples), as_images(vae, nearest), columns),
        f"{len(samples)} samples, each with the training example nearest to it beneath.",
        "Samples, each with the nearest training example beneath (by the distance of values); "
        "first those that are likeliest copies, much nearer to it than to any other. Look for "
        "pairs that are the same: a model that learned makes examples of its own.",
        section="Samples",
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
        plots.interpolations(as_images(vae, ways)),
        f"{len(start)} rows of {steps} pictures, each changing from one test example into another.",
        "Outermost in each row two test examples, between them the straight line through latent "
        "space. Look for gradual change; one that fades out while another fades in, or a blurred "
        "middle, shows a latent space with holes.",
    )


def completions(vae: VAE, batch: Batch, seed: int = SEED) -> Picture:
    """Examples of which what is unknown is drawn several times.

    Where all is known, the second half, of images the lower, counts as unknown.
    """
    columns = num_side_by_side(vae, 10)
    rows = batch.rows(0, 6)
    x, condition = rows.x, rows.condition
    known = np.zeros(x.shape, bool)
    known[:, : known.shape[1] // 2] = True
    if rows.mask is not None:
        known = rows.mask
    # All completions are drawn together: each image is repeated for the columns that are left.
    times = columns - 2
    repeated = None if condition is None else np.repeat(condition, times, axis=0)
    x, of_each = np.repeat(x, times, axis=0), np.repeat(known, times, axis=0)
    found = vae.complete(x, of_each, seed=seed, condition=repeated)
    found = np.reshape(found, (len(rows.x), times, *vae.event_shape))
    if rows.mask is not None:
        hidden = with_gaps(vae, rows.x, known)[:, np.newaxis]
        filled = as_images(vae, found)
        if hidden.shape[-1] != filled.shape[-1]:
            filled = in_colour(filled)
        shown = np.concatenate([hidden, filled], axis=1)
        return Picture(
            "completions",
            "Unknown values",
            plots.image_grid(in_one_row(shown), 1 + times),
            f"{len(rows.x)} rows: a test example with its gaps, and {times} ways to fill them.",
            "Test examples, blue where values are unknown, and values that the model draws for "
            "these, given the known ones. Look for what fits, and for differences where more than "
            "one value would.",
            section="Samples",
        )
    whole = vae.as_floats(rows.x).numpy()[:, np.newaxis]
    hidden = np.where(known[:, np.newaxis], whole, 0.5)
    shown = np.concatenate([whole, hidden, found], axis=1)
    return Picture(
        "completions",
        "Completions",
        plots.image_grid(in_one_row(as_images(vae, shown)), columns),
        f"{len(rows.x)} rows: a test example, its first half, and {times} examples with that half.",
        "Test examples, what the model is shown of them, and second halves that it draws to go "
        "with it. Look for halves that fit, and that differ where more than one would.",
        section="Samples",
    )


def layers(vae: VAE, batch: Batch, seed: int = SEED) -> Picture:
    """One draw of all stochastic layers, of which more and more are drawn anew."""
    columns = num_side_by_side(vae, 10)
    noise = vae.prior.draw_noise([seed, seed], 1)
    z = vae.prior_sample(noise, condition=first_condition(vae, batch, 1))
    z, condition = np.repeat(z, columns, axis=0), first_condition(vae, batch, columns)
    numbers, beside = _drawn_anew(vae)
    sizes = " In brackets is the size of the uppermost maps." if vae.has_layers_of_maps else ""
    made = np.stack([vae.vary(z, n, seed=seed, condition=condition) for n in numbers])
    made[:, 0] = vae.decode(z, condition).mean()[0]
    return Picture(
        "layers",
        "Stochastic layers",
        plots.traversals(as_images(vae, made), (), beside),
        f"{len(made)} rows of examples, each a variation of the first, the lower the freer.",
        "The first column is one draw of all layers. Beside it the layers named at the left are "
        "drawn anew, those above them held; the last row holds none. Look for what each layer "
        "settles: the first rows should keep what the example is, and a row as varied as the next "
        f"one holds a layer that says nothing.{sizes}",
        pixelated=False,
    )


def _drawn_anew(vae):
    """(how many layers, the lowest, are drawn anew in each row, names of the rows).

    Maps of one size are drawn anew together: there are many.
    """
    numbers = [*range(1, vae.num_layers + 1)]
    names = ["z_1", *(f"z_1 to z_{n}" for n in numbers[1:])]
    if not vae.has_layers_of_maps:
        return numbers, names
    sizes = [shape[:-1] for shape in vae.prior.latent_shapes]
    last = [n for n in numbers if n == len(sizes) or sizes[n] != sizes[n - 1]]
    return last, [f"{names[n - 1]} ({text(sizes[n - 1], 'x')})" for n in last]


def clusters(
    vae: VAE, batch: Batch, labels: np.ndarray | None = None, names: Sequence[str] | None = None
) -> Picture:
    """Test examples by the component of the prior that their codes are likeliest of."""
    columns = num_side_by_side(vae, 10)
    found = np.asarray(vae.clusters(batch.x, batch.condition, batch.mask))
    by_size = np.argsort(-np.bincount(found), kind="stable")[:10]
    largest = [k for k in by_size if np.any(found == k)]
    members = np.zeros((len(largest), columns, *vae.event_shape), batch.x.dtype)
    for row, k in enumerate(largest):
        first = batch.x[found == k][:columns]
        members[row, : len(first)] = first
    images = as_images(vae, members)
    figure, beside = plots.image_grid(in_one_row(images), columns), ""
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
