"""What a run's codes, reconstructions and samples are worth, and which samples may be copies."""

import math
import pathlib
from typing import Any, NamedTuple

import numpy as np

from keras_vae import data, evaluation, seeds
from keras_vae.building.parts import takes_labels
from keras_vae.messages.notes import tell
from keras_vae.ops.in_batches import in_batches
from keras_vae.ops.whole_numbers import BYTES, as_floats
from keras_vae.runs import run_data
from keras_vae.runs.run import Run
from keras_vae.seeds import Site

# Upper limits, so that large data takes no longer.
_NUM_RECONSTRUCTED = 500  # test examples
_NUM_CHECKED = 500  # samples and test examples whose nearest training examples are looked for
_NUM_LABELLED = 10_000  # training examples that a classifier learns from, and test examples
_LABELLED_VALUES = 2**23  # values in these examples
_TRAIN_VALUES = 2**26  # values in the training examples that may have been copied
_NUM_SHOWN = 30
_NUM_TRIED = 100  # test examples that a network of the user's is tried on


class Examples(NamedTuple):
    """Examples of a split.

    Attributes:
      x: [N, *event_shape], as the model sees them.
      images: float [N, *event_shape], on the scale of samples. Where x are draws of grey values,
        these are the grey values, which are compared with means of p(x|z).
      labels: [N] or None.
      condition: [N, ...] that a conditional model is given, or None.
      mask: bool [N, *event_shape], which values are known, or None.
    """

    x: np.ndarray
    images: np.ndarray
    labels: np.ndarray | None
    condition: np.ndarray | None
    mask: np.ndarray | None = None

    def at_most(self, n: int) -> "Examples":
        """n examples, or all if there are fewer, evenly from first to last."""
        rows = _evenly(len(self.x), n)
        labels, condition, mask = (
            None if part is None else part[rows]
            for part in (self.labels, self.condition, self.mask)
        )
        return Examples(self.x[rows], self.images[rows], labels, condition, mask)


class Copies(NamedTuple):
    """Samples and the training example nearest to each, likely copies first; [N, *event_shape]."""

    samples: np.ndarray
    neighbours: np.ndarray


def measure_samples(
    run: Run,
    seed: int = 0,
    num_compared: int = 2000,
    features: evaluation.Features | None = None,
) -> tuple[dict[str, Any], Copies | None]:
    """Measures codes by labels, reconstructions and samples by examples, as far as a run has them.

    Args:
      run: a `Run`.
      seed: of all draws.
      num_compared: samples that are compared with as many test examples and training examples;
        at each temperature a quarter of it.
      features: in which samples are compared with examples; the best at hand if None.

    Returns:
      (numbers by name, Copies or None if samples aren't compared).
    """
    # A model that is told the label needn't have it in its codes.
    has_labels = (
        run.data.train.labels is not None
        and run.data.test.labels is not None
        and not takes_labels(run.config.model)
    )
    compares_images = run.model.modality.compares_samples
    if compares_images and any(s.mask is not None for s in (run.data.train, run.data.test)):
        compares_images = False
        tell(
            f"Samples and reconstructions aren't compared with {run.model.modality.nouns} of the "
            "data: values of these are unknown."
        )
    if not (has_labels or compares_images):
        return {}, None
    train, test = (examples(run, split) for split in ("train", "test"))
    found: dict[str, Any] = {}
    copies = None
    if has_labels:
        found |= _probes(run, train, test)
    if compares_images and run.model.has_encoder:
        found |= _reconstructions(run.model, test.at_most(min(num_compared, _NUM_RECONSTRUCTED)))
    if compares_images and run.model.prior is not None:
        compared, num_cooled = test.at_most(num_compared), num_compared // 4
        numbers, copies = _samples(run, train, compared, seed, features, num_cooled)
        found |= numbers
    return found, copies


def stored_features(run: Run, path: str | pathlib.Path) -> evaluation.Features:
    """The features of a network of the user's, tried on test images of the run.

    Raises:
      ValueError, FileNotFoundError: the run's samples aren't compared with images, or see
        `evaluation.stored_network`.
    """
    if not run.model.modality.compares_samples or run.model.prior is None:
        raise ValueError(
            f"features={path} has no effect: run={run.path} has no samples that are compared with "
            "images. Leave it out."
        )
    return evaluation.stored_network(path, examples(run, "test").at_most(_NUM_TRIED).images)


def examples(run: Run, split: str) -> Examples:
    """As many examples of a split as memory should hold, evenly from all of it."""
    images = getattr(run.data, split)
    most = _TRAIN_VALUES // math.prod(images.shape)
    rows = _evenly(images.num_examples, most)
    if isinstance(images, data.Streamed):  # Their order is random: no need to read them all.
        rows = np.arange(len(rows))
    x = _rows(run_data.evaluation_batches(run.config, run.data, split, 1000), rows)
    labels = None if images.labels is None else images.labels[rows]
    shown = run.model.as_floats(x).numpy()
    if run.config.data.binarization == "dynamic":
        grey = data.evaluation_batches(
            images, batch_size=1000, seed=seeds.derive(0), binarization="none"
        )
        shown = as_floats(_rows(grey, rows), images.levels or BYTES).numpy()
    given, condition = None, run.model.condition
    if takes_labels(run.config.model):
        given = np.asarray(labels, np.int32)
    elif condition is not None and condition.in_examples:
        given = run.model.as_floats(x).numpy()
        if condition.visible is not None:  # Samples hold the given part unchanged.
            shown = np.where(condition.visible[..., np.newaxis], given, shown)
    mask = None if images.mask is None else images.mask[rows]
    return Examples(x, shown, labels, given, mask)


def _probes(run, train, test):
    most = min(_NUM_LABELLED, _LABELLED_VALUES // math.prod(run.model.event_shape))
    labelled = []
    for part in (train.at_most(most), test.at_most(most)):
        codes = in_batches(
            lambda x, condition, mask: run.model.code(x, condition, mask=mask),
            1000,
            part.x,
            part.condition,
            part.mask,
        )
        # Places of categories, and numbers of other units, have no components; nor are they pixels.
        compared = run.model.modality.compares_samples
        x = run.model.as_floats(part.x).numpy() if compared else None
        labelled.append(evaluation.Labelled(np.asarray(run.model.flat(codes)), x, part.labels))
    return evaluation.probes(*labelled)


def _reconstructions(vae, examples):
    if examples.images.min() < 0.0 or examples.images.max() > 1.0:
        return {}  # There is no peak of the signal.
    reconstructed = in_batches(vae.reconstruct, 100, examples.x, examples.condition)
    return evaluation.reconstruction_quality(examples.images, np.asarray(reconstructed))


def _samples(run, train, test, seed, features=None, num_cooled=500):
    # Their greys alone would tell means from images of black and white.
    as_draws = run.data.train.levels == 2 or run.config.data.binarization == "threshold"
    as_draws &= run.model.has_bound
    if run.model.has_bound:
        replicated = evaluation.simulate(run.model, len(test.x), seed, test.condition)[0].numpy()
    made = replicated if as_draws else _means(run.model, test, seed)
    if features is None:
        learned_from = train.at_most(_NUM_LABELLED)
        features = evaluation.features(learned_from.images, learned_from.labels, seed)
    more_real = train.at_most(len(made)).images
    found: dict[str, Any] = {"samples_are": f"{'draws' if as_draws else 'means'} of p(x|z)"}
    found |= evaluation.sample_quality(made, test.images, more_real, features, seed)
    found |= _by_temperature(run.model, test.at_most(num_cooled), seed, features, as_draws)
    if run.model.has_bound:
        found |= evaluation.predictive_checks(
            run.model.as_floats(test.x).numpy(), replicated, seed=seed
        )
    checked = _evenly(len(made), _NUM_CHECKED)
    of_made, of_test = (
        evaluation.nearest(images[checked], train.images) for images in (made, test.images)
    )
    found |= evaluation.memorization(of_made, of_test)
    found["copied_num_train"] = len(train.images)
    shown = np.argsort(of_made.ratio, kind="stable")[:_NUM_SHOWN]
    return found, Copies(made[checked[shown]], train.images[of_made.rows[shown, 0]])


def _by_temperature(vae, test, seed, features, as_draws):
    def draw(temperature):
        if not as_draws:
            return _means(vae, test, seed, temperature)
        drawn, _ = evaluation.simulate(
            vae, len(test.x), seed, test.condition, temperature=temperature
        )
        return drawn.numpy()

    return evaluation.by_temperature(draw, test.images, features)


def _means(vae, examples, seed, temperature=1.0):
    """The mean of p(x|z) at as many draws of z as examples, each given the condition of one."""

    def draw(rows, condition):
        of_batch = seeds.derive(seed, Site.SAMPLE, rows.start)
        return vae.sample(len(rows), temperature, seed=of_batch, condition=condition)

    return np.asarray(in_batches(draw, 100, range(len(examples.x)), examples.condition))


def _evenly(n, wanted):
    """`wanted` rows of n, or all if there are fewer."""
    return np.linspace(0, n - 1, min(n, max(wanted, 2))).round().astype(int)


def _rows(batches, rows):
    """x [N, *event_shape] of these rows, which ascend, from batches of all."""
    parts, start = [], 0
    for batch in batches:
        if start > rows[-1]:
            break
        x = batch.x.numpy()
        first, last = np.searchsorted(rows, [start, start + len(x)])
        parts.append(x[rows[first:last] - start])
        start += len(x)
    return np.concatenate(parts)
