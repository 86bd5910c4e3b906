"""How well a run's model tells other data from its own: anomaly.json and a picture."""

from typing import Any

import numpy as np

from keras_vae import data, evaluation
from keras_vae._compat import tfk
from keras_vae.building.parts import takes_labels
from keras_vae.files import write_json
from keras_vae.measures import SCORES
from keras_vae.messages import conflicts
from keras_vae.messages.notes import tell
from keras_vae.report import follow_ups, plots
from keras_vae.report.printing import print_numbers
from keras_vae.runs import run_data
from keras_vae.runs.run import Run
from keras_vae.tasks import example_scores, other_data


def find_anomalies(
    run: Run,
    dataset: str,
    data_dir: str | None = None,
    num_examples: int = 1000,
    num_samples: int | None = None,
    seed: int = 0,
) -> dict:
    """Tells the examples of another data set from the run's own by scores of its model.

    Args:
      run: a `Run`.
      dataset, data_dir: the other data, named as for `data.load`.
      num_examples, num_samples, seed: see `score`.

    Returns:
      The content of anomaly.json; see `score`.

    Raises:
      ValueError, OSError: see `load_other`.
    """
    return score(run, load_other(run, dataset, data_dir), num_examples, num_samples, seed)


def load_other(run: Run, dataset: str, data_dir: str | None) -> data.Dataset:
    """The other data set, which the run's model can score.

    Raises:
      ValueError, OSError: there is none, or the model can't score it.
    """
    if not run.model.has_bound:
        raise ValueError(
            "anomaly scores are likelihoods, which an autoencoder lacks. Train a VAE (recipe=vae)."
        )
    if takes_labels(run.config.model):
        raise ValueError(
            "a model conditioned on labels can't judge data of other labels: train one without "
            "condition=label."
        )
    if run.data.test.num_examples < 2:
        raise ValueError(
            f"run={run.path} has only one test {run.model.modality.noun}, and telling data "
            "apart takes at least 2. Train with more."
        )
    config = other_data.config_of(run, dataset, data_dir=data_dir)
    other = run_data.load_data(config)
    other_data.check_like(run, config, other)
    if other.test.num_examples < 2:
        noun = run.model.modality.noun
        raise ValueError(f"dataset={dataset} has one test {noun}; at least 2 can be told apart.")
    return other


def score(
    run: Run, other: data.Dataset, num_examples: int, num_samples: int | None, seed: int
) -> dict:
    """Scores of test examples of both, and the AUROC of each; prints and writes them.

    Args:
      run: its test images are the usual ones; its training images say what is typical.
      other: what `load_other` gave.
      num_examples: how many of each, from the first on.
      num_samples, seed: of the importance samples; None for 500 of each, or 10 for layers of maps.

    Returns:
      The content of anomaly.json: `auroc_nll`, …, 0.5 by chance and 1 where every image of the
      other set scores higher, with standard errors; `nll_nats` of both. Models with layers
      of maps have no likelihood regret.
    """
    for note in other.notes:
        tell(note)
    num_samples = evaluation.num_samples_of(run.model.has_layers_of_maps, num_samples, usual=500)
    regret = None if run.model.has_layers_of_maps else evaluation.LikelihoodRegret(run.model)
    if regret is None:
        tell(f"Likelihood regret {conflicts.LAYERS_OF_MAPS}: it is left out.")

    def scores_of(dataset, split):
        source = other_data.Source(run.config, dataset, split)
        found = {
            "nll": example_scores.of_source(run, source, num_examples, num_samples, seed)["nll"]
        }
        if split == "test" and regret is not None:
            print("Likelihood regret of each:")
            batches = list(source.batches(100).take(-(-num_examples // 100)))
            bar = tfk.utils.Progbar(len(batches), unit_name="batch")
            parts = []
            for batch in batches:
                parts.append(regret(batch.x, seed, mask=batch.mask))
                bar.add(1)
            found["likelihood_regret"] = np.concatenate(parts)[:num_examples]
        return found

    typical = scores_of(run.data, "train")["nll"].mean()
    of_own, of_other = scores_of(run.data, "test"), scores_of(other, "test")
    for found in (of_own, of_other):
        found["typicality"] = evaluation.typicality(found["nll"], typical)
    result: dict[str, Any] = {}
    measured = {name: meaning for name, meaning in SCORES.items() if name in of_own}
    for name in measured:
        area, error = evaluation.auroc(of_own[name], of_other[name])
        result |= {f"auroc_{name}": area, f"auroc_{name}_stderr": error}
    result |= {
        "nll_nats": float(of_own["nll"].mean()),
        "nll_nats_of_other": float(of_other["nll"].mean()),
        "nll_nats_of_training": float(typical),
        "other_dataset": other.name,
        "num_examples": len(of_own["nll"]),
        "num_examples_of_other": len(of_other["nll"]),
        "num_samples": num_samples,
        "seed": seed,
        **run.provenance,
    }
    print_numbers(result)
    folder = run.path / "figures"
    folder.mkdir(exist_ok=True)
    for name, meaning in measured.items():
        named = {run.data.name: of_own[name], other.name: of_other[name]}
        figure = plots.histograms(named, f"{meaning.lower()}, nats")
        plots.write(figure, folder / f"anomaly_{name}.png")
    # Written last: it says that its pictures are there too.
    write_json(run.path / "anomaly.json", result)
    follow_ups.refresh(run.path)
    return result
