"""How much of a test split is measured: all of it, or what a training's end has time for."""

import dataclasses
import functools
import math
import time
from typing import NamedTuple

from keras_vae import evaluation, seeds
from keras_vae.data import Dataset
from keras_vae.files import read_json, write_json
from keras_vae.inference.importance import ImportanceSampler
from keras_vae.ops.whole_numbers import is_whole
from keras_vae.runs import run_data
from keras_vae.runs.run import Run
from keras_vae.seeds import Site

_OF_TRAINING = 0.2  # the share of a training's time that measuring it may take
_LEAST_SECONDS = 10.0
_SHARE = 0.3  # of these that importance samples may take, and likewise draws of the model
# Test examples, and a part of the usual samples, by which the cost is told: the second where the
# first took too short to tell.
_TRIED = ((4, 0.1), (16, 1.0))
_LEAST_TOLD = 0.01  # of the seconds
_TRIFLE = 2**24  # values of x decoded, of which nobody asks how long they take
_LEAST_EXAMPLES = 500  # test examples that are measured before each gets more samples
_LEAST_COMPARED = 100
_RETRIED = 1000


class Extent(NamedTuple):
    """How much is measured.

    Attributes:
      num_examples: test examples.
      num_samples: k, importance samples of each.
      num_compared: samples that are compared with test images, at most.
      num_retried: test examples for which ten times the samples are tried too, where k samples
        can't tell how far the likelihood is off.
    """

    num_examples: int
    num_samples: int
    num_compared: int = 2000
    num_retried: int = 0


def whole(run: Run, num_examples: int | None = None, num_samples: int | None = None) -> Extent:
    """All test examples and the usual number of samples, unless others are asked for.

    Raises:
      ValueError: there are not as many test examples.
    """
    run_data.check_num_examples(num_examples, run.data)
    num_samples = evaluation.num_samples_of(run.model.has_layers_of_maps, num_samples)
    num_examples = num_examples or run.data.test.num_examples
    return Extent(num_examples, num_samples, num_retried=min(num_examples, _RETRIED))


def within(
    run: Run, seconds: float, num_examples: int | None = None, num_samples: int | None = None
) -> Extent:
    """As much as about so many seconds allow: fewer examples first, then fewer samples of each.

    A few examples are measured to tell the cost. What is asked for is given, whatever it costs.
    """
    vae = run.model
    usual = evaluation.num_samples_of(vae.has_layers_of_maps, num_samples, usual=500)
    n, k, *_ = whole(run, num_examples, usual)
    if n * k * math.prod(vae.event_shape) <= _TRIFLE:
        return Extent(n, k)
    if vae.has_bound and None in (num_examples, num_samples):
        pairs = _SHARE * seconds / _cost(run, usual, seconds)
        if num_examples is None:
            n = round(min(n, max(pairs / usual, min(pairs, _LEAST_EXAMPLES), 2)))
        if num_samples is None:
            k = round(min(usual, max(pairs / n, 1)))
    return Extent(n, k, _num_compared(run, _SHARE * seconds))


def of_training(
    run: Run, num_examples: int | None = None, num_samples: int | None = None
) -> Extent:
    """What the end of a training measures; what was chosen once is kept in extent.json.

    A fifth of the training's time is for it, and 10 seconds at least.

    Args:
      run: a trained Run.
      num_examples, num_samples: what is asked for, or None.
    """
    file = run.path / "extent.json"
    if file.is_file():
        kept = _kept(file)
        asked = {"num_examples": num_examples, "num_samples": num_samples}
        return kept._replace(**{name: n for name, n in asked.items() if n is not None})
    seconds = max(_OF_TRAINING * run.training_seconds, _LEAST_SECONDS)
    found = within(run, seconds, num_examples, num_samples)
    write_json(file, found._asdict())
    return found


def _kept(file):
    """The Extent that a file keeps."""
    content = read_json(file)
    if {*content} != {*Extent._fields} or not all(is_whole(n) for n in content.values()):
        wanted = ", ".join(Extent._fields)
        raise ValueError(f"{file} must hold whole numbers {wanted}, got {content}. Delete it.")
    return Extent(**content)


def cut(dataset: Dataset, num_examples: int) -> Dataset:
    """The data with so many test examples, drawn label by label where there are labels."""
    if num_examples == dataset.test.num_examples:
        return dataset
    seed = seeds.derive(0, Site.EVALUATE)
    test, _ = dataset.test.hold_out(num_examples, seed, stratified=True)
    return dataclasses.replace(dataset, test=test)


def _cost(run, usual, seconds):
    """Seconds of an importance sample of one example, of `seconds` in all."""
    sampler, seed = ImportanceSampler(run.model), seeds.derive(0, Site.EVALUATE)
    for num_examples, part in _TRIED:
        x, condition, mask = _first(run, num_examples)
        num_samples = max(1, round(part * usual))
        took = _seconds(functools.partial(sampler, x, num_samples, seed, condition, mask))
        if took > _LEAST_TOLD * seconds:
            break
    return took / (len(x) * num_samples)


def _num_compared(run, seconds):
    """How many samples so many seconds allow.

    They are drawn as means and with noise, at each of five temperatures a quarter of them, and a
    quarter as many examples are reconstructed.
    """
    vae, most = run.model, Extent._field_defaults["num_compared"]
    if vae.prior is None:
        return most
    x, condition, _ = _first(run, _TRIED[-1][0])
    condition = vae.condition_of(condition, x)
    cost = _seconds(lambda: vae.sample(len(x), seed=0, condition=condition)) / len(x)
    return round(min(most, max(seconds / (3.5 * cost), _LEAST_COMPARED)))


def _first(run, num_examples):
    """(the first test examples, their condition, their mask)."""
    batch = run_data.first_examples(run.config, run.data, num_examples)
    return batch.x, batch.condition, batch.mask


def _seconds(function):
    """What the second call takes: the first one traces."""
    function()
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
