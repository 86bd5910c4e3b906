"""Measures a run on its test split: evaluation.json, evaluation.npz, copies.npz, report.html."""

import dataclasses
import math
import pathlib
from typing import NamedTuple

import numpy as np

from keras_vae import evaluation
from keras_vae._compat import tfk
from keras_vae.files import write_json, write_npz
from keras_vae.messages import conflicts
from keras_vae.report.printing import print_numbers
from keras_vae.runs import fitted_prior, run_data
from keras_vae.runs.run import Run
from keras_vae.tasks import extent, sample_quality, table_samples
from keras_vae.tasks.extent import Extent
from keras_vae.tasks.simple_rival import measure_rival

BATCH_SIZE = 100  # of test examples
# Times as many samples that are tried where those can't tell how far the likelihood is off.
_MORE = 10
# Examples whose codes are tested against the prior.
_NUM_TESTED = 1000
# Batches of test examples whose codes are scored for disentanglement.
_BATCHES_SCORED = 100
# Examples annealed at a time, after which progress is shown.
_ANNEALED_TOGETHER = 20
# Parameters of p(x|z) of all their chains, at most: fewer examples are annealed at a time for it.
_ANNEALED_VALUES = 2**24


class Annealing(NamedTuple):
    """How much annealed importance sampling to do.

    Attributes:
      num_examples: test examples, from the first on, and as many examples that the model draws.
      num_temperatures, num_chains: as `evaluation.AnnealedSampler` has them.
    """

    num_examples: int
    num_temperatures: int = 200
    num_chains: int = 16


def evaluate(
    run: Run,
    num_samples: int | None = None,
    seed: int = 0,
    annealing: Annealing | None = None,
    num_examples: int | None = None,
    features: evaluation.Features | None = None,
) -> dict:
    """Measures the test split and prints the numbers.

    Writes evaluation.json, evaluation.npz with the numbers of each example, copies.npz with the
    samples most like a training image, and report.html. An autoencoder gets its fitted prior
    first.

    Args:
      run: what `runs.load` gave.
      num_samples, seed: of the importance samples; see `evaluation.likelihood`.
      annealing: None, or how much annealed importance sampling to do beside them.
      num_examples: test examples, drawn label by label where there are labels; None for all.
      features: None for the best at hand, or those that samples are compared in, such as
        `evaluation.stored_network` makes.

    Returns:
      The content of evaluation.json: what `evaluation.likelihood` gives, and what was measured.

    Raises:
      ValueError: annealing isn't for this kind of model; there are not as many test examples.
    """
    if annealing is not None:
        check_annealing(run)
    return measure(run, extent.whole(run, num_examples, num_samples), seed, annealing, features)


def measure(
    run: Run,
    much: Extent,
    seed: int = 0,
    annealing: Annealing | None = None,
    features: evaluation.Features | None = None,
) -> dict:
    """`evaluate`, of as much as an `Extent` says."""
    from keras_vae.report import run_report  # matplotlib takes a second to import.

    fitted_prior.ensure(run)
    reported, run = run, dataclasses.replace(run, data=extent.cut(run.data, much.num_examples))
    config, vae, dataset, num_samples = run.config, run.model, run.data, much.num_samples
    batches = run_data.evaluation_batches(config, dataset, "test", BATCH_SIZE)
    bar = tfk.utils.Progbar(len(batches), unit_name="batch")
    examples = evaluation.of_examples(vae, batches, num_samples, seed, progress=bar.update)
    result = evaluation.summarize(vae, examples, num_samples, seed)
    if vae.has_bound and result["nll_looseness_nats"] is None and much.num_retried:
        result |= _gain(vae, batches, examples["nll"], much, seed)
    if annealing is not None:
        numbers, annealed = _annealed(run, examples["nll"], annealing, seed)
        result |= numbers
        examples |= annealed
    result |= {
        "label_information_nats": evaluation.label_information(vae, batches),
        "active_units": evaluation.active_units(vae, batches),
        **(evaluation.decomposition(vae, batches, seed=seed) or {}),
        **measure_rival(run),
        **evaluation.by_column(vae, batches, seed),
        **run.provenance,
        "num_test_examples": reported.data.test.num_examples,
        **_skipped(run.history, dataset.train.num_examples // config.training.batch_size),
    }
    if dataset.test.factors is not None:
        result |= _disentanglement(vae, batches, dataset.test.factors)
    labels, names = dataset.test.labels, dataset.train.class_names
    if labels is not None and dataset.train.labels is not None:
        result |= evaluation.unseen(dataset.train.labels, labels, names)
    if vae.has_clusters and labels is not None:
        clusters = np.concatenate([vae.clusters(b.x, b.condition, b.mask) for b in batches])
        result |= evaluation.cluster_scores(clusters, labels)
    if vae.prior is not None:
        batch = run_data.first_examples(config, dataset, _NUM_TESTED)
        against = evaluation.posterior_against_prior(vae, batch, seed)
        result |= {f"posterior_against_prior_{name}": value for name, value in against.items()}
    result |= table_samples.measure_table(run, seed, much.num_compared)
    numbers, copies = sample_quality.measure_samples(run, seed, much.num_compared, features)
    result |= numbers
    result["alarms"] = evaluation.alarms(result, vae.has_encoder, vae.has_layers_of_maps)
    if copies is not None:
        write_npz(run.path / "copies.npz", copies._asdict())
    write_measured(run.path, result, examples)
    print("Report:", run_report.write(reported))
    return result


def check_annealing(run: Run) -> None:
    """Raises ValueError for a model that annealing isn't for."""
    evaluation.AnnealedSampler(run.model)


def write_measured(path: pathlib.Path, result: dict, examples: dict) -> None:
    """Writes evaluation.json and evaluation.npz; prints the numbers, then the alarms."""
    write_npz(path / "evaluation.npz", examples)
    write_json(path / "evaluation.json", result)
    print_numbers({name: value for name, value in result.items() if name != "alarms"})
    for alarm in result["alarms"] or ["none."]:
        print("Alarm:", alarm)


def _gain(vae, batches, nll, much, seed):
    """By how much ten times the samples lower the first examples' bound, one by one."""
    num_batches = math.ceil(much.num_retried / BATCH_SIZE)
    print(f"Importance samples that carry weight are few: {_MORE} times as many, of examples:")
    bar = tfk.utils.Progbar(num_batches, unit_name="batch")
    first, more = batches.take(num_batches), _MORE * much.num_samples
    found = evaluation.of_examples(vae, first, more, seed, progress=bar.update)["nll"]
    gains = nll[: len(found)] - found
    return {
        "nll_gain_nats": float(np.mean(gains, dtype=np.float64)),
        "nll_gain_stderr": evaluation.stderr(gains),
        "nll_gain_num_samples": more,
        "nll_gain_num_examples": len(gains),
    }


def _annealed(run, nll, annealing, seed):
    """Likelihood by annealing, beside `nll` [N] by importance samples; how far off it may be.

    Returns:
      (means with their standard errors over the M examples annealed, dict of arrays [M]).
    """
    num_examples = min(annealing.num_examples, len(nll))
    batches = run_data.evaluation_batches(run.config, run.data, "test", num_examples)
    batch = next(iter(batches))
    x, mask = batch.x, batch.mask
    condition = run.model.condition_of(batch.condition, x)
    # Test examples are annealed once, examples that the model draws from both sides.
    print("Annealing, of test examples and of examples that the model draws:")
    bar = tfk.utils.Progbar(3 * num_examples, unit_name="example")
    values = annealing.num_chains * math.prod(run.model.decoder.likelihood.params_shape)
    sampler = evaluation.AnnealedSampler(
        run.model,
        evaluation.sigmoidal(annealing.num_temperatures),
        annealing.num_chains,
        batch_size=max(1, min(_ANNEALED_TOGETHER, _ANNEALED_VALUES // values)),
        progress=bar.add,
    )
    found = sampler(x, seed, condition, mask)
    # A draw of p(z|x) is one of p(z|known values) too: z and x are drawn together.
    simulated = evaluation.simulate(run.model, num_examples, seed, condition)
    bounds = sampler.bounds(*simulated, seed, condition, mask)
    annealed = -found.log_likelihood.numpy()
    examples = {
        "ais_nll": annealed,
        "ais_below_importance": nll[:num_examples] - annealed,
        "bdmc_gap": bounds.gap.numpy(),
    }
    numbers: dict[str, float | None] = {}
    for name, values in examples.items():
        numbers[f"{name}_nats"] = float(np.mean(values))
        numbers[f"{name}_stderr"] = evaluation.stderr(values)
    numbers |= {
        "ais_acceptance_rate": float(np.mean(found.acceptance_rate)),
        "ais_effective_chains": float(np.mean(found.effective_sample_size)),
        "ais_num_examples": num_examples,
        "ais_num_temperatures": annealing.num_temperatures,
        "ais_num_chains": annealing.num_chains,
    }
    return numbers, examples


def _skipped(history, steps_per_epoch):
    """The share of training steps that were skipped, where a history has counted them."""
    if "skipped" not in history:
        return {}
    return {"skipped_steps": float(np.nanmean(history["skipped"])) / steps_per_epoch}


def _disentanglement(vae, batches, factors):
    """Scores of codes where at least two known factors (dict name -> [N]) vary; else none.

    Where there are too few images of a factor's values, a sentence: `disentanglement_left_out`.
    """
    if vae.has_layers_of_maps:
        not_yet = f"scoring each latent by itself {conflicts.LAYERS_OF_MAPS}."
        return {"disentanglement_left_out": f"Scores of disentanglement aren't measured: {not_yet}"}
    codes = evaluation.codes(vae, batches.take(_BATCHES_SCORED))
    columns = {name: column[: len(codes)] for name, column in factors.items()}
    varying = {name: column for name, column in columns.items() if np.ptp(column) > 0}
    if len(varying) < 2:
        return {}
    for name, column in varying.items():
        if why := evaluation.too_few(column, f"test examples, by {name},"):
            why = evaluation.left_out("Scores of disentanglement", why)
            return {"disentanglement_left_out": why}
    return evaluation.disentanglement(codes, np.stack([*columns.values()], axis=1))
