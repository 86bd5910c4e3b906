"""Measures a run on its test split: evaluation.json and report.html."""

import pathlib
from typing import Any, NamedTuple

import numpy as np

from keras_vae import VAE, data, evaluation, inputs, saving
from keras_vae._compat import tfk
from keras_vae.config import Config
from keras_vae.files import check_folder, write_json, write_npz
from trainers import quality, uses
from trainers.printing import print_numbers

# Examples in the report's pictures of latent space.
_NUM_SHOWN = 1000
# Batches, of 100 test examples, whose codes are scored for disentanglement.
_BATCHES_SCORED = 100
# Examples annealed at a time, after which progress is shown.
_ANNEALED_TOGETHER = 20


class Run(NamedTuple):
    """A run directory, read."""

    path: pathlib.Path
    config: Config
    vae: VAE
    dataset: data.Dataset
    checkpoint: str

    @property
    def step(self) -> int:
        """The training step of the checkpoint."""
        return saving.origin(self.checkpoint)["step"]

    @property
    def provenance(self) -> dict:
        """What numbers of its test split are measured on."""
        return provenance(self.config, self.dataset, saving.origin(self.checkpoint))


def provenance(config: Config, dataset: data.Dataset, origin: dict) -> dict:
    """What numbers of the test split are measured on: data, binarization and weights.

    Args:
      config, dataset: of a run.
      origin: of the weights, as `saving.origin` has it.
    """
    drawn = config.data.binarization == "dynamic"
    return {
        "dataset": dataset.name,
        "split": "test",
        "data_notes": dataset.notes,
        "binarization": config.data.binarization,
        "binarization_seed": config.training.seed if drawn else None,
        **origin,
        "ema": config.training.ema_decay is not None,
    }


def load(path, checkpoint: str = "auto", dataset: Any = None) -> Run:
    """Reads a run, to which results will be added: its config, model and data.

    Args:
      path: the run directory.
      checkpoint: "best", "last" or "auto".
      dataset: the data, if it has been loaded.

    Raises:
      ValueError, OSError: it isn't a run, can't be written, has no such checkpoint, or its data has
        changed.
    """
    path = pathlib.Path(path)
    saving.read_run(path)
    check_folder("run", path)
    found = saving.find_checkpoint(path, checkpoint)
    # At once: a training that goes on replaces it by a newer one.
    vae = saving.load_checkpoint(path, found)
    config, dataset = inputs.load_run(path, dataset)
    return Run(path, config, vae, dataset, found)


def stored(run: Run) -> dict | None:
    """The content of evaluation.json, if it is of the run's checkpoint."""
    return uses.read(run.path / "evaluation.json", run.step)


def is_current(run: Run) -> bool:
    """Whether the run was measured, and has a report, since it was last trained."""
    written = [run.path / name for name in ("metrics.csv", "evaluation.json", "report.html")]
    if not (written[1].exists() and written[2].exists()):
        return False
    times = [file.stat().st_mtime for file in written if file.exists()]
    return times == sorted(times)


class Annealing(NamedTuple):
    """How much annealed importance sampling there is to be.

    Attributes:
      num_examples: test examples, from the first on, and as many that the model draws.
      num_temperatures, num_chains: as `evaluation.AnnealedSampler` has them.
    """

    num_examples: int
    num_temperatures: int = 200
    num_chains: int = 16


def measure(run: Run, num_samples: int, seed: int = 0, annealing: Annealing | None = None) -> dict:
    """Measures the test split and prints the numbers.

    Writes evaluation.json, evaluation.npz with the numbers of each example, and report.html.

    Args:
      run: what `load` gave.
      num_samples, seed: of the importance samples.
      annealing: None, or how much annealed importance sampling there is to be beside them.

    Returns:
      The content of evaluation.json: what `evaluation.likelihood` gives, and what was measured.
    """
    from trainers import music, pictures, report  # matplotlib takes a second to import.

    path, config, vae, dataset, _ = run
    batches = inputs.evaluation_batches(config, dataset, "test", batch_size=100)
    bar = tfk.utils.Progbar(len(batches), unit_name="batch")
    examples = evaluation.of_examples(vae, batches, num_samples, seed, progress=bar.update)
    result = evaluation.summarize(vae, examples, num_samples, seed)
    if annealing is not None:
        numbers, annealed = _annealed(run, examples["nll"], annealing, seed)
        result |= numbers
        examples |= annealed
    result |= {
        "label_information_nats": evaluation.label_information(vae, batches),
        "active_units": evaluation.active_units(vae, batches),
        **(evaluation.decomposition(vae, batches, seed=seed) or {}),
        **run.provenance,
    }
    if dataset.test.factors is not None:
        result |= _disentanglement(vae, batches, dataset.test.factors)
    labels, names = dataset.test.labels, dataset.train.class_names
    if labels is not None and dataset.train.labels is not None:
        result |= evaluation.unseen(dataset.train.labels, labels, names)
    if vae.has_clusters and labels is not None:
        clusters = np.concatenate([vae.clusters(b.x, b.condition) for b in batches])
        result |= evaluation.cluster_scores(clusters, labels)
    batch = inputs.first_examples(config, dataset, _NUM_SHOWN)
    if vae.prior is not None:
        against = evaluation.posterior_against_prior(vae, batch, seed)
        result |= {f"posterior_against_prior_{name}": value for name, value in against.items()}
    numbers, copies = quality.measure(run, seed)
    result |= numbers
    result["alarms"] = evaluation.alarms(result, vae.has_encoder)
    write_measured(path, result, examples)
    shown_labels = None if labels is None else labels[: len(batch.x)]
    if dataset.test.lowest_pitch is not None:
        made, levels = music.make(vae, batch), dataset.test.levels
        music.write_midi(path, made, levels, dataset.test.lowest_pitch)
        shown = music.pictures(made, vae, batch, levels)
    else:
        shown = pictures.pictures(vae, batch, shown_labels, names)
    if copies is not None:
        shown.insert(2, pictures.neighbours(vae, *copies))
    page = report.write_report(path, vae, config, result, batch, shown_labels, shown, dataset)
    print("Report:", page)
    return result


def write_measured(path: pathlib.Path, result: dict, examples: dict) -> None:
    """Writes evaluation.json and evaluation.npz, and prints the numbers with their alarms."""
    write_npz(path / "evaluation.npz", examples)
    write_json(path / "evaluation.json", result)
    print_numbers(result)
    for alarm in result["alarms"]:
        print("Warning:", alarm)


def _annealed(run, nll, annealing, seed):
    """Likelihood by annealing, beside `nll` [N] by importance samples; how far off it may be.

    Returns:
      (means with their standard errors over the M examples annealed, dict of arrays [M]).
    """
    num_examples = min(annealing.num_examples, len(nll))
    batches = inputs.evaluation_batches(run.config, run.dataset, "test", num_examples)
    x, _, condition = next(iter(batches))
    condition = run.vae.condition_of(condition, x)
    # Of test images once, of images that the model draws from both sides.
    print("Annealing, of test images and of images that the model draws:")
    bar = tfk.utils.Progbar(3 * num_examples, unit_name="image")
    sampler = evaluation.AnnealedSampler(
        run.vae,
        evaluation.sigmoidal(annealing.num_temperatures),
        annealing.num_chains,
        batch_size=_ANNEALED_TOGETHER,
        progress=bar.add,
    )
    found = sampler(x, seed, condition)
    bounds = sampler.bounds(
        *evaluation.simulate(run.vae, num_examples, seed, condition), seed, condition
    )
    annealed = -found.log_likelihood.numpy()
    examples = {
        "ais_nll": annealed,
        "ais_below_importance": nll[:num_examples] - annealed,
        "bdmc_gap": bounds.gap.numpy(),
    }
    numbers = {}
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


def _disentanglement(vae, batches, factors):
    """Scores of codes where at least two known factors (dict name -> [N]) vary; else none.

    Where there are too few images of a factor's values, a sentence: `disentanglement_left_out`.
    """
    codes = evaluation.codes(vae, batches.take(_BATCHES_SCORED))
    columns = {name: column[: len(codes)] for name, column in factors.items()}
    varying = {name: column for name, column in columns.items() if np.ptp(column) > 0}
    if len(varying) < 2:
        return {}
    for name, column in varying.items():
        if why := evaluation.too_few(column, f"test images, by {name},"):
            why = evaluation.left_out("Scores of disentanglement", why)
            return {"disentanglement_left_out": why}
    return evaluation.disentanglement(codes, np.stack([*columns.values()], axis=1))
