"""log p of each example, by a run's model: scores.csv."""

import csv
import io
import math
import pathlib

import numpy as np

from keras_vae import evaluation
from keras_vae._compat import tfk
from keras_vae.files import check_folder, write_atomically
from keras_vae.inference.importance import stderr_of_samples
from keras_vae.messages.notes import tell
from keras_vae.runs.run import Run
from keras_vae.tasks import other_data
from keras_vae.tasks.other_data import Source

_BATCH_SIZE = 100


def check(run: Run, out: pathlib.Path) -> None:
    """Raises ValueError or OSError for a model without likelihoods, or a file out of reach."""
    check_folder("out", out.parent)
    if not run.model.has_bound:
        raise ValueError(
            "scores are likelihoods, which an autoencoder lacks. Train a VAE (recipe=vae)."
        )


def of_source(
    run: Run, source: Source, num_examples: int | None, num_samples: int | None, seed: int
) -> dict[str, np.ndarray]:
    """What `evaluation.of_examples` gives of the first examples, with a bar that shows how far."""
    noun, wanted = run.model.modality.nouns, num_examples or source.examples.num_examples
    batches = source.batches(_BATCH_SIZE)
    batches = list(batches.take(-(-wanted // _BATCH_SIZE)))
    print(f"{source.split} {noun} of {source.dataset.name}:")
    bar = tfk.utils.Progbar(len(batches), unit_name="batch")
    found = evaluation.of_examples(run.model, batches, num_samples, seed, bar.update)
    return {name: values[:wanted] for name, values in found.items()}


def score(
    run: Run,
    dataset: str | None = None,
    out: str | pathlib.Path | None = None,
    *,
    split: str | None = None,
    num_examples: int | None = None,
    num_samples: int | None = None,
    seed: int = 0,
    **options,
) -> dict[str, np.ndarray]:
    """Writes log p of each example of a data set, with its error.

    Args:
      run: a `Run`.
      dataset, split, **options: the data; see `other_data.source`.
      out: the CSV file; RUN/scores.csv if None.
      num_examples: from the first on; None for all.
      num_samples, seed: of the importance samples; None for 500, or 10 for layers of maps.

    Returns:
      The columns of the file, arrays [N]; see `write_scores`.
    """
    out = pathlib.Path(out or run.path / "scores.csv")
    check(run, out)
    source = other_data.source(run, dataset, split, **options)
    return write_scores(run, source, out, num_examples, num_samples, seed)


def write_scores(
    run: Run,
    source: Source,
    out: pathlib.Path,
    num_examples: int | None = None,
    num_samples: int | None = None,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """Scores a source and writes the file; prints its mean.

    Its columns are `example`, the place in the split from 0 on; `log_prob_nats`, the bound of k
    samples on log p(x), of the known values where some are unknown; `stderr_nats`, how far its
    draws put it off (see `VAE.score_samples`); `log_prob_nats_per_dim`, of one value that is known
    and not given; `num_known` where values are unknown.
    """
    for note in source.dataset.notes:
        tell(note)
    k = evaluation.num_samples_of(run.model.has_layers_of_maps, num_samples, usual=500)
    found = of_source(run, source, num_examples, k, seed)
    log_prob = -found["nll"]
    condition = run.model.condition
    num_given = 0 if condition is None else condition.num_given
    dims = found.get("num_known", np.full(len(log_prob), math.prod(run.model.event_shape)))
    dims = dims - num_given
    columns = {
        "example": np.arange(len(log_prob)),
        "log_prob_nats": log_prob,
        "stderr_nats": stderr_of_samples(found["effective_sample_size"], k).numpy(),
        "log_prob_nats_per_dim": np.divide(
            log_prob, dims, out=np.full(len(log_prob), np.nan), where=dims > 0
        ),
    }
    if "num_known" in found:
        columns["num_known"] = found["num_known"]
    out.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows(zip(*(values.tolist() for values in columns.values()), strict=True))
    write_atomically(out, text.getvalue())
    error = evaluation.stderr(log_prob)
    print(
        f"log p of {len(log_prob):,} {run.model.modality.nouns}: {log_prob.mean():.4f} nats on "
        f"average{'' if error is None else f', with a standard error of {error:.4f}'}"
    )
    return columns
