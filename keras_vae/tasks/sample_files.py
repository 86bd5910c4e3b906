"""Samples of a run's model as files: images, MIDI, or what else its modality writes."""

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_vae import evaluation, seeds
from keras_vae.files import check_folder, whole_file, whole_folder, write_json, write_npz
from keras_vae.ops.in_batches import in_batches
from keras_vae.report import class_names
from keras_vae.runs import fitted_prior, run_data
from keras_vae.runs.run import Run
from keras_vae.seeds import Site

_BATCH_SIZE = 100


def check(run: Run, out: pathlib.Path) -> None:
    """Raises ValueError or OSError for a model that can't sample, or a place that isn't free."""
    if run.model.prior is None and run.config.model.prior == "none":
        raise ValueError("this autoencoder has no prior to sample from. Train one with a prior.")
    check_folder("out", out.parent)
    fills_folder = run.model.modality.file_suffix is None
    if fills_folder and out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise ValueError(f"out={out} must be a new or an empty folder. Choose another.")


def conditions(
    run: Run, n: int, condition: Sequence[str] = ()
) -> np.ndarray | dict[str, str] | None:
    """What n samples are given: [n, ...], cells by name, or None for an unconditional model.

    Args:
      run: a `Run`.
      n: number of samples.
      condition: labels or their names, of which the samples have one after the other; by default
        each there is. A model that is given part of an image gets those of test images. Of
        tables, cells such as "sex=Female", which all rows have.

    Raises:
      ValueError: there are no such labels, or the model isn't given labels.
    """
    given = run.model.condition
    if condition and all("=" in word for word in condition):
        cells = {name: value for name, _, value in (word.partition("=") for word in condition)}
        run.model.modality.given(cells, given is not None)  # This checks them.
        return cells
    if given is None or not given.from_labels:
        if condition:
            raise ValueError(
                f"condition={','.join(condition)}: the run's model isn't conditioned on labels. "
                "Leave it out, or train with condition=label. Cells of tables are NAME=VALUE."
            )
        if given is None:
            return None
    x = run_data.first_examples(run.config, run.data, n).x
    if not condition:
        return given.to_show(n, x)
    names, known = run.data.train.class_names, range(run.config.model.num_classes or 0)
    numbers = [class_names.number_of(word, names, known) for word in condition]
    if None in numbers or not set(numbers) <= set(known):
        called = ", ".join(class_names.name_of(label, names) for label in known)
        raise ValueError(f"condition must be of the labels {called}; got {','.join(condition)}.")
    return np.resize(np.array(numbers, np.int32), n)


def sample(
    run: Run,
    n: int,
    out: str | pathlib.Path,
    *,
    seed: int = 0,
    temperature: float = 1.0,
    condition: Sequence[str] = (),
    means: bool = False,
) -> pathlib.Path:
    """Writes samples of a run's model.

    They are a folder that is there when it is whole, and not before: `samples.npz` has x
    [n, *event_shape], exactly the model's values on its scale, and the condition [n, ...] where
    there is one; `samples.json` says of which weights, seed and temperature they are. Beside them
    is a file for each sample, such as sample_00000.png. A modality with a `file_suffix` writes one
    file instead.

    Args:
      run: a `Run`.
      n: number of samples.
      out: the folder, new or empty; or the file.
      seed: the same seed gives the same samples.
      temperature: of the prior; below 1 safer and less varied.
      condition: see `conditions`.
      means: means of p(x|z), which images are shown by, in place of draws.

    Returns:
      out.

    Raises:
      ValueError, OSError: see `check` and `conditions`.
    """
    out = pathlib.Path(out)
    check(run, out)
    given = conditions(run, n, condition)
    fitted_prior.ensure(run)
    modality, levels = run.model.modality, run.model.levels
    x = _drawn(run.model, n, seed, temperature, given, means)
    out.parent.mkdir(parents=True, exist_ok=True)
    if modality.file_suffix is not None:
        with whole_file(out) as file:
            modality.write_examples(file, x, levels)
        return out
    about: dict[str, Any] = {"num_samples": n, "seed": seed, "temperature": temperature}
    about |= {"condition": list(condition), "samples_are": "means" if means else "draws"}
    with whole_folder(out) as folder:
        modality.write_examples(folder, x, levels)
        write_npz(
            folder / "samples.npz", {"x": x} | ({} if given is None else {"condition": given})
        )
        write_json(folder / "samples.json", about | run.provenance)
    return out


def _drawn(vae, n, seed, temperature, condition, means):
    """x [n, *event_shape], draws of p(x|z) or its means, at draws of z from the prior."""
    if isinstance(condition, dict):
        return np.asarray(vae.sample(n, temperature, seed=seed, condition=condition))
    if not (means or vae.decoder.in_turn):  # In turn, `sample` draws.
        found, _ = evaluation.simulate(
            vae, n, seeds.derive(seed, Site.SAMPLE), condition, temperature=temperature
        )
        return np.asarray(found)

    def mean(rows, condition):
        of_batch = seeds.derive(seed, Site.SAMPLE, rows.start)
        return vae.sample(len(rows), temperature, seed=of_batch, condition=condition)

    return np.asarray(in_batches(mean, _BATCH_SIZE, range(n), condition))
