"""Unknown values of a data set, filled by a run's model."""

import pathlib
from collections.abc import Sequence

import numpy as np

from keras_vae import evaluation
from keras_vae._compat import tfk
from keras_vae.files import check_folder, whole_file
from keras_vae.inference.imputation import Imputer
from keras_vae.messages.notes import tell
from keras_vae.runs.run import Run
from keras_vae.tasks import other_data
from keras_vae.tasks.other_data import Source

_BATCH_SIZE = 100


def check(run: Run, source: Source, out: pathlib.Path) -> None:
    """Raises ValueError or OSError for a model or data without gaps, or a file out of reach."""
    check_folder("out", out.parent)
    Imputer(run.model)
    if source.examples.mask is None:
        raise ValueError(
            f"dataset={source.dataset.name} has no unknown values to fill. Give a mask, or "
            "missing=nan."
        )


def impute(
    run: Run,
    dataset: str | None,
    out: str | pathlib.Path,
    *,
    draws: int = 0,
    num_samples: int | None = None,
    seed: int = 0,
    split: str | None = None,
    npz_keys: Sequence[str] | None = None,
    missing: str | None = None,
    data_dir: str | None = None,
) -> dict[str, np.ndarray]:
    """Fills the unknown values of a data set, and writes them.

    Args:
      run: a `Run`.
      dataset, split, npz_keys, missing, data_dir: the data; see `other_data.source`.
      out: the file, an .npz or what the modality writes.
      draws: multiple imputations to draw besides.
      num_samples: importance samples of each example; None for 1000, or 20 for layers of maps.
      seed: of all draws.

    Returns:
      The arrays of the file; see `write_imputed`.
    """
    source = other_data.source(run, dataset, split, data_dir, npz_keys, missing)
    out = pathlib.Path(out)
    check(run, source, out)
    return write_imputed(run, source, out, draws, num_samples, seed)


def write_imputed(
    run: Run,
    source: Source,
    out: pathlib.Path,
    draws: int = 0,
    num_samples: int | None = None,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """Fills a source, and writes the file.

    Its arrays are on the model's scale: `x` [N, *event_shape], the known values and the mean of the
    others given these (of categories the likeliest); `spread`, their standard deviation (of
    categories the probability of others), 0 where known; `mask`, what is known;
    `draws` [K, N, *event_shape], if they are asked for; `effective_sample_size` [N], of the
    importance samples.
    """
    for note in source.dataset.notes:
        tell(note)
    vae = run.model
    k = evaluation.num_samples_of(vae.has_layers_of_maps, num_samples, usual=1000)
    batches, imputer, parts = source.batches(_BATCH_SIZE), Imputer(vae), []
    bar = tfk.utils.Progbar(len(batches), unit_name="batch")
    for i, batch in enumerate(batches):
        x, mask = vae.known_part(batch.x, batch.mask)
        condition = vae.condition_of(batch.condition, x)
        found = imputer(x, mask, k, draws, [seed, i], condition)
        parts.append([np.asarray(values) for values in found])
        bar.update(i + 1)
    means, spreads, drawn, sizes = zip(*parts, strict=True)
    arrays = {
        "x": np.concatenate(means),
        "spread": np.concatenate(spreads),
        "mask": np.asarray(source.examples.mask),
        "effective_sample_size": np.concatenate(sizes),
    }
    if draws:
        arrays["draws"] = np.concatenate(drawn, axis=1)
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(out) as file:
        vae.modality.write_imputed(file, arrays, vae.levels)
    few = int(np.sum(arrays["effective_sample_size"] < 5))
    if few:
        tell(
            f"in {few:,} of {len(arrays['x']):,} {vae.modality.nouns} fewer than 5 samples carry "
            "the weight: their spreads and draws are too narrow. Raise num_samples."
        )
    return arrays
